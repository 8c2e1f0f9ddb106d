"""Asking for an approval at the desk, with a reason; and who then decides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from idp.models import ClientScope
from tests.admin.conftest import page, signed_in
from tests.factories import add_scope, make_application, make_policy, make_scope

pytestmark = pytest.mark.django_db


@pytest.fixture
def row() -> ClientScope:
    make_scope("payments:read", policy=make_policy("restricted", clients="approved"))
    return add_scope(make_application("web"), "payments:read", state="requested")


def ask(browser: Client, row: ClientScope, text: str = "We refund.") -> Any:
    return browser.post(page("idp_clientscope_ask", row.pk), {"justification": text}, follow=True)


def test_a_request_carries_its_reason_and_who_asked(desk: Client, row: ClientScope) -> None:
    assert "../ask/" in desk.get(page("idp_clientscope_change", row.pk)).text
    assert "It waits for somebody" in ask(desk, row).text
    row.refresh_from_db()
    assert (row.state, row.justification, row.requested_by) == (
        "requested",
        "We refund.",
        "operator",
    )
    assert "../ask/" not in desk.get(page("idp_clientscope_change", row.pk)).text


@pytest.mark.parametrize("text", ["", "   "])
def test_a_request_without_a_reason_is_not_made(desk: Client, row: ClientScope, text: str) -> None:
    ask(desk, row, text)
    row.refresh_from_db()
    assert row.requested_by == ""


def test_whoever_asked_cannot_approve_and_somebody_else_can(desk: Client, row: ClientScope) -> None:
    ask(desk, row)
    decision = {"decision": "approve"}
    assert "somebody else" in desk.post(page("idp_clientscope_decide", row.pk), decision).text
    other = signed_in("idp.decide_clientscope", "idp.view_clientscope")
    other.post(page("idp_clientscope_decide", row.pk), decision)
    row.refresh_from_db()
    assert row.state == "approved"


@pytest.mark.parametrize(
    "standing",
    [
        {"state": "refused", "decision_reason": "no"},
        {"state": "approved", "until": timezone.now() - timedelta(days=1)},
    ],
)
def test_a_refused_or_ended_approval_is_asked_for_anew(
    desk: Client, row: ClientScope, standing: dict[str, Any]
) -> None:
    ClientScope.objects.update(**standing)
    ask(desk, row, "Now we have a contract.")
    row.refresh_from_db()
    assert (row.state, row.until, row.decision_reason) == ("requested", None, "")


def test_who_may_only_look_does_not_ask(row: ClientScope) -> None:
    browser = signed_in("idp.view_clientscope")
    assert "../ask/" not in browser.get(page("idp_clientscope_change", row.pk)).text
    assert ask(browser, row).status_code == 403
