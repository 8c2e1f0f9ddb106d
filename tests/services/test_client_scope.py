"""The scopes of a client: listed, requested, approved, refused, ended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from idp.models import ClientScope
from idp.services.change import Refused
from idp.services.client_scope import (
    Choice,
    approve_scope,
    may_decide,
    refuse_scope,
    request_scope,
    set_client_scopes,
    withdraw_scope,
)
from tests.factories import make_application, make_policy, make_scope, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def application():
    return make_application()


@pytest.fixture
def requested(application):
    make_policy("approved", clients="approved")
    scope = make_scope("reports:read", policy="approved")
    return request_scope(application, scope, justification="Monthly report", by=make_user("rita"))


def state_of(application, name):
    return ClientScope.objects.get(application=application, scope__name=name).state


def codes(refusal):
    return [(key, reason.code) for key, reason in refusal.value.errors]


def test_a_client_gets_exactly_the_scopes_that_are_named(application):
    for name in ("a", "b", "c"):
        make_scope(name)
    set_client_scopes(application, {"a": Choice(), "b": Choice("optional", default=True)})

    changes = set_client_scopes(application, {"b": Choice(), "c": Choice()})

    assert {change.field: (change.old, change.new) for change in changes} == {
        "scopes.a": ("required", None),
        "scopes.b": ("optional, default", "required"),
        "scopes.c": (None, "required"),
    }
    rows = ClientScope.objects.filter(application=application)
    assert {row.scope.name: row.default for row in rows} == {"b": False, "c": False}


def test_setting_the_same_scopes_again_changes_nothing(application):
    make_scope("a")
    assert set_client_scopes(application, {"a": Choice()})
    assert set_client_scopes(application, {"a": Choice()}) == []


def test_an_unknown_and_a_retired_scope_are_refused_together(application):
    make_scope("old", active=False)
    with pytest.raises(Refused) as refusal:
        set_client_scopes(application, {"old": Choice(), "nowhere": Choice()})
    assert sorted(codes(refusal)) == [("nowhere", "unknown_scope"), ("old", "retired")]


def test_a_client_keeps_a_scope_that_is_retired_meanwhile(application):
    scope = make_scope("old")
    set_client_scopes(application, {"old": Choice()})
    scope.active = False
    scope.save()
    assert set_client_scopes(application, {"old": Choice("optional")})


@pytest.mark.parametrize(
    ("clients", "source", "state"),
    [
        ("any", "registration", "registered"),
        ("listed", "admin", "registered"),
        ("listed", "file", "registered"),
        ("listed", "registration", "requested"),
        ("approved", "admin", "requested"),
        ("approved", "file", "requested"),
    ],
)
def test_who_lists_a_scope_decides_whether_it_waits(application, clients, source, state):
    make_policy("guarded", clients=clients)
    make_scope("reports:read", policy="guarded")
    set_client_scopes(application, {"reports:read": Choice()}, source=source)
    assert state_of(application, "reports:read") == state


def test_an_approval_survives_a_change_of_the_other_scopes(application, requested):
    approve_scope(requested, by=make_user())
    make_scope("a")
    set_client_scopes(application, {"reports:read": Choice(), "a": Choice()}, source="file")
    assert state_of(application, "reports:read") == "approved"


def test_a_request_waits_with_its_justification(requested):
    assert requested.state == "requested"
    assert (requested.justification, requested.requested_by) == ("Monthly report", "rita")


def test_a_request_needs_a_justification(application):
    with pytest.raises(Refused) as refusal:
        request_scope(application, make_scope("a"), justification=" ", by=make_user())
    assert codes(refusal) == [("justification", "no_justification")]


def test_a_retired_scope_cannot_be_requested(application):
    with pytest.raises(Refused) as refusal:
        request_scope(application, make_scope("a", active=False), justification="x", by=make_user())
    assert codes(refusal) == [("scope", "retired")]


def test_an_approval_says_by_whom_why_and_until_when(requested, now):
    until = now + timedelta(days=30)
    row = approve_scope(requested, by=make_user("anna"), reason="Fine", until=until, now=now)
    assert (row.state, row.decided_by, row.decision_reason) == ("approved", "anna", "Fine")
    assert (row.decided_at, row.until) == (now, until)


def test_an_approval_does_not_end_before_it_begins(requested, now):
    with pytest.raises(Refused) as refusal:
        approve_scope(requested, by=make_user(), until=now, now=now)
    assert codes(refusal) == [("until", "end_in_the_past")]


def test_nobody_decides_on_their_own_request(requested):
    rita = type("Rita", (), {"get_username": lambda self: "rita", "pk": None})()
    assert not may_decide(requested, rita)
    for decide in (
        lambda: approve_scope(requested, by=rita),
        lambda: refuse_scope(requested, by=rita, reason="no"),
    ):
        with pytest.raises(Refused) as refusal:
            decide()
        assert codes(refusal) == [("decided_by", "approver_is_requester")]
    assert ClientScope.objects.get(pk=requested.pk).state == "requested"


def test_nobody_in_particular_cannot_decide_on_somebody_s_request(requested):
    assert not may_decide(requested, None)


def test_a_policy_may_let_the_requester_decide(requested):
    policy = requested.scope.policy
    policy.approver_differs = False
    policy.save()
    row = ClientScope.objects.get(pk=requested.pk)
    assert approve_scope(row, by="rita").state == "approved"


def test_a_refusal_needs_a_reason(requested):
    with pytest.raises(Refused) as refusal:
        refuse_scope(requested, by=make_user(), reason="")
    assert codes(refusal) == [("reason", "no_reason")]
    row = refuse_scope(requested, by=make_user(), reason="Too much")
    assert (row.state, row.decision_reason) == ("refused", "Too much")


def test_a_refused_scope_can_be_asked_for_again(application, requested):
    refuse_scope(requested, by=make_user(), reason="Too much")
    row = request_scope(
        application, requested.scope, justification="Only totals", by=make_user("rita2")
    )
    assert (row.state, row.decision_reason, row.decided_by) == ("requested", "", "")
    assert row.pk == requested.pk


def test_a_withdrawn_scope_is_gone(application, requested):
    withdraw_scope(requested, by=make_user(), reason="Not used")
    assert not ClientScope.objects.filter(application=application).exists()
