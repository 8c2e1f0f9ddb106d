"""Registering, changing and removing clients by the rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from idp.conf import application_model
from idp.models import ClientScope, Consent, ConsentEvent, RedirectUri, SecurityEvent
from idp.services.client import load_client
from idp.services.client_judgement import ClientErrors, judge_client
from idp.services.client_registration import (
    delete_client,
    register_client,
    spec_of,
    update_client,
)
from idp.services.client_scope import Choice
from idp.services.client_secret import check_client_secret
from idp.services.client_secret_value import has_toolkit_secret
from idp.services.client_spec import ClientSpec
from tests.factories import (
    grant,
    make_application,
    make_policy,
    make_scope,
    make_user,
    register_broken_uris,
)

pytestmark = pytest.mark.django_db

CALLBACK = "https://client.shop-photos.com/callback"
WEB = ClientSpec(client_name="Photo Print", kind="web", redirect_uris=(CALLBACK,))


def codes(refusal):
    return {(key, reason.code) for key, reason in refusal.value.errors}


def test_a_registered_web_client_can_be_used_at_once():
    make_scope("photos:read")
    application, secret = register_client(
        replace(WEB, scopes={"photos:read": Choice("optional")}), by=make_user()
    )

    assert secret is not None
    assert check_client_secret(application, secret)
    client = load_client(application.client_id)
    assert client.facts.grant_types == {"authorization_code", "refresh_token"}
    assert client.facts.scopes["photos:read"].requirement == "optional"
    assert application.algorithm == "RS256"
    assert not application.skip_authorization
    assert not has_toolkit_secret(application)
    assert RedirectUri.objects.get().source == "admin"


@pytest.mark.parametrize(
    ("kind", "uris", "client_type", "flow"),
    [
        ("web", (CALLBACK,), "confidential", "authorization-code"),
        ("spa", (CALLBACK,), "public", "authorization-code"),
        ("native", ("http://127.0.0.1/callback",), "public", "authorization-code"),
        ("service", (), "confidential", "client-credentials"),
        ("device", (), "public", "urn:ietf:params:oauth:grant-type:device_code"),
        ("agent", ("http://127.0.0.1/callback",), "public", "authorization-code"),
    ],
)
def test_the_kind_decides_what_stands_in_the_toolkit_s_row(kind, uris, client_type, flow):
    spec = ClientSpec(client_name="A client", kind=kind, redirect_uris=uris)
    application, secret = register_client(spec)
    stored = application_model().objects.get(pk=application.pk)
    assert (stored.client_type, stored.authorization_grant_type) == (client_type, flow)
    assert (secret is None) == (client_type == "public")


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"kind": "fridge"}, {("kind", "unknown_value")}),
        ({"environment": "staging"}, {("environment", "unknown_value")}),
        ({"redirect_uris": ()}, {("redirect_uris", "redirect_uris_missing")}),
        (
            {"grant_types": frozenset({"authorization_code", "implicit"})},
            {("grant_types", "insecure_grant_type")},
        ),
        (
            {"token_endpoint_auth_method": "none"},
            {("token_endpoint_auth_method", "auth_method_not_allowed")},
        ),
        (
            {"consent_mode": "implicit"},
            {("consent_mode", "implicit_consent_for_third_party")},
        ),
        ({"scopes": {"nowhere": Choice()}}, {("scopes", "unknown_scope")}),
        ({"access_token_lifetime": timedelta(0)}, {("access_token_lifetime", "not_positive")}),
        ({"client_uri": "javascript:alert(1)"}, {("client_uri", "invalid")}),
        ({"client_id": "sp\tace"}, {("client_id", "bad_client_id")}),
        (
            {"id_token_signed_response_alg": "none"},
            {("id_token_signed_response_alg", "unknown_value")},
        ),
        ({"allowed_origins": ("null",)}, {("allowed_origins", "origin_opaque")}),
    ],
)
def test_each_broken_rule_names_its_key(changes, found):
    with pytest.raises(ClientErrors) as refusal:
        register_client(replace(WEB, **changes))
    assert codes(refusal) >= found
    assert not application_model().objects.exists()


def test_all_errors_come_at_once():
    with pytest.raises(ClientErrors) as refusal:
        register_client(
            replace(
                WEB,
                client_name="",
                redirect_uris=("http://client.shop-photos.com/callback#x",),
                scopes={"nowhere": Choice()},
            )
        )
    assert {key for key, _code in codes(refusal)} >= {"client_name", "redirect_uris", "scopes"}


def test_an_error_about_a_uri_names_the_uri_and_a_better_one():
    with pytest.raises(ClientErrors) as refusal:
        register_client(replace(WEB, redirect_uris=("http://client.shop-photos.com/callback",)))
    reason = dict(refusal.value.errors)["redirect_uris"]
    assert reason.message.startswith("http://client.shop-photos.com/callback: ")
    assert reason.suggestion == CALLBACK
    assert reason.reference


def test_a_client_id_is_taken_once():
    register_client(replace(WEB, client_id="photo-print"))
    with pytest.raises(ClientErrors) as refusal:
        register_client(replace(WEB, client_id="photo-print"))
    assert codes(refusal) == {("client_id", "taken")}


def test_what_a_client_is_describes_it_without_a_change():
    make_scope("photos:read")
    application, _secret = register_client(
        replace(
            WEB,
            scopes={"photos:read": Choice("optional", default=True)},
            contacts=("ops@shop-photos.com",),
            client_uri="https://shop-photos.com",
            consent_lifetime=timedelta(days=30),
        )
    )
    assert update_client(application, spec_of(application)) == []


def test_a_change_is_stored_and_told():
    application, _secret = register_client(WEB)
    other = "https://client.shop-photos.com/other"
    spec = replace(spec_of(application), client_name="Prints", redirect_uris=(CALLBACK, other))

    changes = update_client(application, spec, by=make_user("olga"), source="file")

    assert {change.field for change in changes} == {"client_name", "redirect_uris"}
    stored = application_model().objects.get(pk=application.pk)
    assert (stored.name, stored.redirect_uris) == ("Prints", f"{CALLBACK} {other}")
    assert RedirectUri.objects.get(uri=other).source == "file"
    event = SecurityEvent.objects.get(kind="client.changed")
    assert event.detail["fields"]["client_name"] == "Photo Print → Prints"


def test_what_was_wrong_before_does_not_stop_other_changes():
    application = register_broken_uris(make_application(), "http://client.shop-photos.com/callback")
    spec = replace(spec_of(application), client_name="Renamed")
    assert [change.field for change in update_client(application, spec)] == ["client_name"]


def test_a_new_uri_is_judged_also_beside_an_old_broken_one():
    old = "http://client.shop-photos.com/callback"
    application = register_broken_uris(make_application(), old)
    spec = replace(spec_of(application), redirect_uris=(old, "http://client.shop-photos.com/new"))
    with pytest.raises(ClientErrors):
        update_client(application, spec)


def test_promotion_to_production_judges_everything_anew():
    local = "http://127.0.0.1:8000/callback"
    application, _secret = register_client(
        replace(WEB, environment="development", redirect_uris=(local,))
    )
    with pytest.raises(ClientErrors) as refusal:
        update_client(application, replace(spec_of(application), environment="production"))
    assert {key for key, _code in codes(refusal)} == {"redirect_uris"}


def test_an_older_site_s_client_is_described_and_changed(now):
    application = make_application()
    application.idp_policy.delete()
    application = application_model().objects.get(pk=application.pk)
    assert update_client(application, spec_of(application)) == []
    spec = replace(spec_of(application), verified=True)
    assert [change.field for change in update_client(application, spec)] == ["verified"]
    assert load_client(application.client_id).facts.verified


def test_warnings_say_what_the_client_will_not_get(now):
    make_policy("ours", clients="first_party")
    make_policy("asked", clients="approved")
    make_scope("inside", policy="ours")
    make_scope("reports", policy="asked")
    spec = replace(WEB, scopes={"inside": Choice(), "reports": Choice()})
    judgement = judge_client(spec, now=now)
    assert judgement.errors == ()
    assert {reason.code for _key, reason in judgement.warnings} == {
        "client_not_trusted",
        "approval_missing",
    }


def test_a_client_that_becomes_public_loses_the_secret_in_the_toolkit_s_column():
    application = make_application("agent", token_endpoint_auth_method="client_secret_basic")
    application.client_type = "confidential"
    application.client_secret = "an old secret"
    application.save()
    update_client(application, replace(spec_of(application), token_endpoint_auth_method="none"))
    stored = application_model().objects.get(pk=application.pk)
    assert stored.client_type == "public"
    assert not has_toolkit_secret(stored)


def test_deleting_a_client_ends_consent_in_the_ledger():
    application = make_application(client_id="photo-print", scopes=("photos:read",))
    grant(make_user(), application, "photos:read")

    delete_client(application, reason="shop closed", by=make_user("olga"))

    assert not application_model().objects.exists()
    assert not Consent.objects.exists()
    assert not ClientScope.objects.exists()
    last = ConsentEvent.objects.order_by("sequence").last()
    assert (last.kind, last.client_id, last.reason) == ("revoked", "photo-print", "shop closed")
    assert SecurityEvent.objects.filter(kind="client.deleted", client_id="photo-print").exists()
