"""Explaining: the real rules, without a request and without a trace."""

from __future__ import annotations

from datetime import timedelta

import pytest

from idp.models import SecurityEvent
from idp.services.client import disable_client, load_client
from idp.services.explanation import explain
from idp.services.site import set_mode
from tests.factories import grant, make_application, make_policy, make_scope, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def application():
    make_policy("fresh", max_authentication_age=timedelta(minutes=10), acr_values=["mfa"])
    make_policy("staff", groups=["staff"])
    make_scope("photos:read")
    make_scope("photos:write", policy="fresh")
    make_scope("reports", policy="staff")
    return make_application(
        client_id="photo-print", scopes=("photos:read",), optional=("photos:write", "reports")
    )


def explained(now, *scopes, user=None, **options):
    requested = frozenset(scopes) or None
    client = load_client("photo-print")
    return explain(client, user=user, requested=requested, now=now, **options).as_dict()


def refused(found):
    return {refusal["scope"]: refusal["code"] for refusal in found["refused"]}


def test_a_granted_request_shows_each_rule(application, now):
    found = explained(now, "photos:read", user=make_user())
    assert (found["error"], found["granted"]) == (None, ["photos:read"])
    assert found["ask"] == ["photos:read"]
    assert {rule["outcome"] for rule in found["rules"]} <= {"pass", "skip"}
    assert found["rules"][0]["rule"] == "client_active"
    assert found["access_token_lifetime"] > 0


def test_what_was_allowed_before_is_not_asked(application, now):
    user = make_user()
    grant(user, application, "photos:read", now=now)
    assert explained(now, "photos:read", user=user)["ask"] == []


def test_an_unregistered_scope_is_the_fault_of_the_client(application, now):
    make_scope("other")
    found = explained(now, "other", user=make_user())
    assert found["error"] == "invalid_scope"
    assert refused(found) == {"other": "not_registered"}


def test_what_the_user_may_not_give_is_refused(application, now):
    found = explained(now, "photos:read", "reports", user=make_user())
    assert found["granted"] == ["photos:read"]
    assert refused(found) == {"reports": "user_not_eligible"}
    member = make_user(groups=("staff",))
    assert refused(explained(now, "reports", user=member)) == {}


def test_an_old_sign_in_is_refused(application, now):
    user = make_user()
    found = explained(now, "photos:write", user=user, auth_age_seconds=601, acr="mfa")
    assert refused(found) == {"photos:write": "sign_in_too_old"}
    assert found["error"] == "login_required"
    assert refused(explained(now, "photos:write", user=user, acr="mfa")) == {}
    assert refused(explained(now, "photos:write", user=user)) == {"photos:write": "acr_too_weak"}


@pytest.mark.parametrize("age", [-5, 10**30])
def test_no_age_breaks_the_explanation(application, now, age):
    explained(now, "photos:write", user=make_user(), auth_age_seconds=age)


def test_a_disabled_client_gets_nothing(application, now):
    disable_client(application, reason="test")
    found = explained(now, "photos:read", user=make_user())
    assert (found["error"], found["granted"]) == ("access_denied", [])


def test_a_service_needs_no_user(now):
    make_scope("reports:read")
    make_application("service", client_id="photo-print", scopes=("reports:read",))
    found = explained(now, "reports:read")
    assert found["grant_type"] == "client_credentials"
    assert found["granted"] == ["reports:read"]
    assert found["refresh_token_lifetime"] is None


def test_a_refresh_without_consent_needs_one(application, now):
    found = explained(now, "photos:read", user=make_user(), grant_type="refresh_token")
    assert found["error"] == "consent_required"


def test_report_mode_is_told_and_nothing_is_recorded(application, now):
    set_mode("report")
    events = SecurityEvent.objects.count()
    found = explained(now, "reports", user=make_user())
    assert not found["enforced"]
    assert refused(found) == {"reports": "user_not_eligible"}
    assert SecurityEvent.objects.count() == events
