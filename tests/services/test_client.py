"""Clients: read whole in one statement, and switched off and on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from idp.conf import application_model
from idp.models import ClientPolicy, ClientScope, SecurityEvent, SiteState
from idp.services.client import (
    client_of,
    disable_client,
    enable_client,
    ensure_policy,
    load_client,
)
from idp.services.client_secret import unusable_secret
from idp.services.site import set_mode
from idp.signals import client_disabled, client_enabled
from tests.factories import add_scope, make_application, make_scope

pytestmark = pytest.mark.django_db


def existing_application(**fields):
    """A client as a site had it before our tables came."""
    [row] = application_model().objects.bulk_create(
        [
            application_model()(
                **{
                    "client_id": "existing",
                    "client_type": "confidential",
                    "authorization_grant_type": "authorization-code",
                    "redirect_uris": "https://client.example.com/callback",
                    "client_secret": unusable_secret(),
                    **fields,
                }
            )
        ]
    )
    return row


def test_a_client_is_one_statement(django_assert_num_queries, now):
    make_application(client_id="photo-print", scopes=("a",), optional=("b",), default=("c",))
    ClientScope.objects.filter(scope__name="b").update(until=now, state="approved")

    with django_assert_num_queries(1):
        client = load_client("photo-print")
        facts = client.facts
        mode = client.mode

    assert mode == "enforce"
    assert facts.grant_types == {"authorization_code", "refresh_token"}
    assert facts.scopes["a"].requirement == "required"
    assert (facts.scopes["b"].state, facts.scopes["b"].until) == ("approved", now)
    assert facts.scopes["b"].requirement == "optional"
    assert facts.scopes["c"].default
    assert not facts.scopes["a"].default


def test_a_client_knows_its_catalogue_without_a_statement(django_assert_num_queries):
    make_scope("photos:read")
    make_application(client_id="photo-print")
    load_client("photo-print").catalogue()

    client = load_client("photo-print")
    with django_assert_num_queries(0):
        assert "photos:read" in client.catalogue().scopes


@pytest.mark.parametrize("client_id", ["", "unknown", "a\x00b", "\ud800", "x" * 300, "a\nb"])
def test_no_text_finds_a_client_that_is_not_there(client_id):
    make_application(client_id="photo-print")
    assert load_client(client_id) is None


def test_a_client_without_policy_gets_strict_defaults():
    existing_application()

    client = load_client("existing")

    assert client.policy.pk is None
    assert client.facts.active
    assert not client.facts.verified
    assert not client.facts.first_party
    assert client.facts.grant_types == {"authorization_code", "refresh_token"}
    assert client.facts.scopes == {}


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"authorization_grant_type": "client-credentials"}, "service"),
        ({"client_type": "public"}, "spa"),
        ({"client_type": "public", "redirect_uris": "com.example.app:/cb"}, "native"),
        ({"client_type": "public", "redirect_uris": "http://127.0.0.1/cb"}, "native"),
        ({}, "web"),
    ],
)
def test_the_kind_of_an_existing_client_is_guessed_from_its_row(fields, kind):
    existing_application(**fields)
    assert load_client("existing").facts.kind == kind


def test_an_existing_device_client_is_a_device():
    existing_application(authorization_grant_type="urn:ietf:params:oauth:grant-type:device_code")
    assert load_client("existing").facts.kind == "device"


def test_a_row_at_hand_becomes_a_client_with_fresh_facts():
    application = make_application(scopes=("a",))
    add_scope(application, "b")

    client = client_of(application)

    assert client.application is application
    assert set(client.facts.scopes) == {"a", "b"}


def test_a_row_that_is_gone_is_no_client():
    application = make_application()
    application_model().objects.filter(pk=application.pk).delete()
    with pytest.raises(application_model().DoesNotExist):
        client_of(application)


def test_the_client_enforces_as_the_site_unless_it_says_otherwise():
    make_application(client_id="follows")
    make_application(client_id="reports", enforcement="report")
    set_mode("report")
    assert not load_client("follows").enforces("scope")
    set_mode("enforce")
    assert load_client("follows").enforces("scope")
    assert not load_client("reports").enforces("scope")


def test_in_report_mode_a_scope_without_policy_passes():
    make_scope("legacy", policy=None)
    make_application(client_id="photo-print")
    set_mode("report")
    assert load_client("photo-print").catalogue().unpoliced == "pass_through"
    set_mode("enforce")
    assert load_client("photo-print").catalogue().unpoliced == "deny"


def test_a_client_is_read_before_the_site_has_a_state():
    make_application(client_id="photo-print")
    SiteState.objects.all().delete()
    assert load_client("photo-print").mode == "report"


def test_a_disabled_client_is_inactive_at_the_next_reading(django_capture_on_commit_callbacks):
    application = make_application(client_id="photo-print")
    heard = []
    client_disabled.connect(lambda **sent: heard.append(sent["reason"]), weak=False)

    with django_capture_on_commit_callbacks(execute=True):
        disable_client(application, reason="lost laptop")

    client = load_client("photo-print")
    assert not client.facts.active
    assert client.policy.status_reason == "lost laptop"
    assert heard == ["lost laptop"]
    assert SecurityEvent.objects.filter(kind="client.disabled").count() == 1


def test_disabling_can_be_undone(django_capture_on_commit_callbacks):
    application = make_application(client_id="photo-print")
    heard = []
    client_enabled.connect(lambda **sent: heard.append(sent["application"]), weak=False)
    with django_capture_on_commit_callbacks(execute=True):
        disable_client(application, reason="a mistake")
        enable_client(application)
        enable_client(application)

    assert load_client("photo-print").facts.active
    assert heard == [application]


def test_a_policy_row_is_made_once():
    application = existing_application()
    first, second = ensure_policy(application), ensure_policy(application)
    assert first.pk == second.pk
    assert ClientPolicy.objects.count() == 1


def test_lifetimes_of_the_client_are_among_its_facts():
    make_application(client_id="photo-print", access_token_lifetime=timedelta(minutes=5))
    assert load_client("photo-print").facts.access_token_lifetime == timedelta(minutes=5)
