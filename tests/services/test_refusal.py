"""What was refused is counted by its reason and day, once a request."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from idp.admin.event_meaning import MEANINGS
from idp.domain.decision import Reason, Severity
from idp.services import refusal
from idp.services.event import record_event
from idp.services.refusal import REFUSALS, refusals

NOW = timezone.now().replace(hour=12)
TODAY, EVER = NOW.date(), (NOW - timedelta(days=30), NOW + timedelta(days=1))
# What an endpoint counts again under its own kind.
CAUSES = {"refresh_token.refused"}


def refuse(code: str, days_ago: int = 0, times: int = 1, **more: Any) -> None:
    reason = Reason(code, Severity.ERROR, "No.", "")
    for _ in range(times):
        record_event(
            "authorization.refused", reasons=[reason], now=NOW - timedelta(days=days_ago), **more
        )


def test_every_refusal_of_a_request_is_counted() -> None:
    named = {kind for kind in MEANINGS if kind.endswith((".refused", ".denied"))}
    # A person's no on a device is no refusal of a rule.
    assert named - CAUSES - {"device.denied"} == set(REFUSALS)


def test_refusals_are_counted_by_their_first_reason_and_day(db: None) -> None:
    refuse("not_registered", times=3)
    refuse("not_registered", days_ago=2)
    refuse("redirect_uri_unknown", client_id="a")
    found, since = refusals(*EVER)
    assert found == {
        "not_registered": {TODAY: 3, TODAY - timedelta(days=2): 1},
        "redirect_uri_unknown": {TODAY: 1},
    }
    assert since is None


def test_without_a_reason_the_error_or_the_kind_says_why(db: None) -> None:
    answer = '{"error": "invalid_grant", "error_description": "Gone."}'
    record_event("token.refused", detail={"answer": answer}, now=NOW)
    record_event("authorization.refused", detail={"error": "login_required"}, now=NOW)
    record_event("introspection.refused", detail={"cause": "Not yours."}, now=NOW)
    record_event("token.narrowed", now=NOW)
    assert refusals(*EVER)[0] == {
        reason: {TODAY: 1}
        for reason in ("invalid_grant", "login_required", "introspection.refused")
    }


def test_too_much_is_cut_at_a_day_that_is_told(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusal, "COUNTED", 2)
    for day in range(4):
        refuse("odd", days_ago=day)
    found, since = refusals(*EVER)
    assert since == TODAY - timedelta(days=1)
    assert sorted(found["odd"]) == [since, TODAY]
