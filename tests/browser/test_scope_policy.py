"""Policies at the desk in a browser: what a change takes away, the queue, what is never used."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from idp.models import (
    Authorization,
    ClientScope,
    ConsentEvent,
    ConsentScope,
    ScopePolicy,
    SecurityEvent,
)
from idp.services.event import record_event
from tests.admin.conftest import make_house
from tests.admin.conftest import page as address
from tests.browser.look import Look, inspect_desk, inspect_page, sign_in
from tests.factories import add_scope, grant, make_application, make_policy, make_scope, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PLAIN = Look(javascript=False)


@pytest.fixture
def house(db: None) -> SimpleNamespace:
    return make_house()


@pytest.fixture
def operator(db: None) -> Any:
    return make_user("operator", is_staff=True, is_superuser=True)


@pytest.fixture
def asked(db: None) -> ClientScope:
    make_scope("payments:read", policy=make_policy("restricted", clients="approved"))
    return add_scope(
        make_application("web", name="Refunds"),
        "payments:read",
        state="requested",
        requested_by="berta",
        requested_at=timezone.now(),
        justification="We refund.",
    )


def tighten(page: Any, house: SimpleNamespace) -> None:
    make_user(groups=("staff",))
    page.goto(address("idp_scopepolicy_change", house.policy.pk))
    page.get_by_label("staff").check()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("heading", name="This change takes something away").wait_for()


def test_the_impact_and_the_sweep_are_readable_by_everybody(
    page: Any, operator: Any, house: SimpleNamespace
) -> None:
    sign_in(page, operator)
    tighten(page, house)
    inspect_desk(page, "desk-impact")
    page.get_by_role("button", name="Save, and take it from what is out there").click()
    page.get_by_role("button", name="Begin").wait_for()
    inspect_desk(page, "desk-sweep")


@pytest.mark.parametrize("look", [Look(), PLAIN], ids=str)
def test_what_is_out_there_is_taken_away_in_sight(
    open_page: Any,
    operator: Any,
    house: SimpleNamespace,
    look: Look,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("idp.services.rule_sweep.BATCH", 2)
    monkeypatch.setattr("idp.admin.task_step.SECONDS", 0.001)
    for _ in range(4):
        grant(make_user(), house.application, "photos:read")
    page = open_page(look)
    sign_in(page, operator)
    tighten(page, house)
    page.get_by_role("button", name="Save, and take it from what is out there").click()
    page.get_by_role("button", name="Begin").click()
    done = page.get_by_text("5 rows.")
    for _ in range(10):
        if look.javascript or done.count():
            break
        page.get_by_role("button", name="Go on").click()
    done.wait_for()
    assert ConsentEvent.objects.filter(kind="revoked", actor="policy").count() == 5
    assert ScopePolicy.objects.get(pk=house.policy.pk).groups == ["staff"]


def test_all_of_them_are_a_download_and_nothing_is_saved(
    page: Any, operator: Any, house: SimpleNamespace
) -> None:
    sign_in(page, operator)
    tighten(page, house)
    with page.expect_download() as started:
        page.get_by_role("button", name="All of them as a file (CSV)").click()
    text = started.value.path().read_text(encoding="utf-8")
    assert "photo-print,Photo Print,anna,photos:read" in text
    assert ScopePolicy.objects.get(pk=house.policy.pk).groups is None


def test_no_leads_back_and_nothing_is_saved(
    page: Any, operator: Any, house: SimpleNamespace
) -> None:
    sign_in(page, operator)
    tighten(page, house)
    page.get_by_role("link", name="No, take me back").click()
    page.get_by_role("button", name="Save", exact=True).wait_for()
    assert ScopePolicy.objects.get(pk=house.policy.pk).groups is None


def test_the_queue_and_its_decision_are_readable_by_everybody(
    page: Any, operator: Any, asked: ClientScope
) -> None:
    sign_in(page, operator)
    page.goto(f"{address('idp_clientscope_changelist')}?state__exact=requested")
    inspect_desk(page, "desk-queue")
    page.goto(address("idp_clientscope_decide", asked.pk))
    inspect_desk(page, "desk-decide")


@pytest.mark.parametrize("look", [Look(), PLAIN], ids=str)
def test_a_request_is_refused_with_a_reason(
    open_page: Any, operator: Any, asked: ClientScope, look: Look
) -> None:
    page = open_page(look)
    sign_in(page, operator)
    page.goto(f"{address('idp_clientscope_changelist')}?state__exact=requested")
    page.get_by_role("link", name="payments:read").click()
    page.get_by_role("link", name="Approve or refuse").click()
    page.get_by_label("Refuse").check()
    page.get_by_role("button", name="Save the decision").click()
    page.get_by_text("reason", exact=False).first.wait_for()
    assert ClientScope.objects.get().state == "requested"
    page.get_by_label("Refuse").check()
    page.get_by_label("Reason").fill("Ask the payments team first.")
    page.get_by_role("button", name="Save the decision").click()
    page.get_by_text("Decided:").wait_for()
    row = ClientScope.objects.get()
    assert (row.state, row.decision_reason) == ("refused", "Ask the payments team first.")


def test_what_was_never_used_is_taken_from_the_client_page(
    page: Any, operator: Any, house: SimpleNamespace
) -> None:
    past = timezone.now() - timedelta(days=91)
    ConsentScope.objects.update(since=past)
    Authorization.objects.update(created_at=past)
    sign_in(page, operator)
    page.goto(address("client_overview", house.application.pk))
    inspect_page(page, "client-unused")
    page.get_by_role("link", name="Take it away …").click()
    inspect_page(page, "client-unused-question")
    page.get_by_label("Reason").fill("idle")
    page.get_by_role("button", name="Take it away").click()
    page.get_by_text("1 of them changed").first.wait_for()
    assert ConsentEvent.objects.latest("pk").kind == "revoked"


def test_a_would_be_refusal_leads_to_its_explanation(
    page: Any, operator: Any, house: SimpleNamespace
) -> None:
    reasons = SecurityEvent.objects.get(kind="authorization.refused").reasons
    record_event(
        "scope.would_refuse",
        severity="info",
        client_id="photo-print",
        user=house.user,
        detail={"scope": "photos:write", "grant_type": "authorization_code"},
        now=timezone.now(),
    )
    SecurityEvent.objects.filter(kind="scope.would_refuse").update(reasons=reasons)
    make_scope("photos:write")
    sign_in(page, operator)
    page.goto(address("idp_sitestate_mode"))
    inspect_page(page, "would-refuse")
    page.get_by_role("link", name="Explain", exact=True).click()
    page.get_by_text("Refused with").wait_for()
    assert page.get_by_text("not registered for the scope photos:write").count()
