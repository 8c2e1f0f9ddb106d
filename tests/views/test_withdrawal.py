"""Access taken back from many is gone at every door before its task has done a single step."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from idp.conf import access_token_model
from idp.models import Authorization, BulkTask, Consent, ConsentEvent
from idp.services.access import Access, checksum_of, judge_access_token
from idp.services.consent_reach import Target
from idp.services.ledger_verification import verify_ledger
from idp.services.task import Order, begin_task, work_on
from tests.factories import make_application, make_user
from tests.views.flow import Flow, location

pytestmark = pytest.mark.django_db

BOTH = "openid photos:read"
MINUTE = 60


@pytest.fixture
def flow(clock: Any) -> Flow:
    return Flow(make_application(scopes=("openid", "photos:read")), make_user("ada"))


def begun(clock: Any, *, kind: str = "take_back", **named: Any) -> BulkTask:
    """Take something back, a minute later, of which nothing is written down for another minute."""
    clock.shift(MINUTE)
    order = Order(kind=kind, work=Target(**named), label="this", total=1, reason="incident")
    task = begin_task(order, by="olga", now=timezone.now())
    clock.shift(MINUTE)
    return task


def finished(task: BulkTask) -> None:
    assert work_on(task, seconds=60, now=timezone.now())
    assert task.finished_at is not None
    assert list(verify_ledger()) == []


def scopes(token: str) -> set[str] | None:
    """What a token may do now; None for nothing at all."""
    found = judge_access_token(checksum_of(token))
    return set(found.scopes) if isinstance(found, Access) else None


def told(user: Any) -> list[tuple[str, str, str]]:
    rows = ConsentEvent.objects.filter(subject_key=user.idp_subject.key).order_by("sequence")
    return list(rows.values_list("kind", "scopes_before", "scopes_after"))


@pytest.mark.parametrize("whose", ["everyone", "client", "user", "pair"])
def test_a_scope_is_gone_from_tokens_refreshes_and_memory_at_once(
    flow: Flow, clock: Any, whose: str
) -> None:
    tokens = flow.tokens(BOTH)
    named = {"client": {"application": flow.application}, "user": {"user": flow.user}}
    named["pair"] = named["client"] | named["user"]
    task = begun(clock, scope="photos:read", **named.get(whose, {}))

    assert scopes(tokens["access_token"]) == {"openid"}
    assert flow.refresh(tokens["refresh_token"]).json()["scope"] == "openid"
    assert location(flow.start("openid"))["code"], "the rest is remembered"
    page = flow.start(BOTH)
    assert page.status_code == 200, "and what was taken back is asked for again"

    again = flow.exchange(location(flow.decide(page))["code"]).json()
    assert scopes(again["access_token"]) == {"openid", "photos:read"}
    finished(task)
    assert scopes(again["access_token"]) == {"openid", "photos:read"}, "a later yes holds"
    assert scopes(tokens["access_token"]) is None or "photos:read" not in scopes(
        tokens["access_token"]
    )
    assert told(flow.user) == [
        ("granted", "", BOTH),
        ("narrowed", BOTH, "openid"),
        ("extended", "openid", BOTH),
    ]
    assert ConsentEvent.objects.get(kind="narrowed").actor_name == "olga"


def test_a_pending_code_gives_the_rest(flow: Flow, clock: Any) -> None:
    code = flow.code(BOTH)
    clock.shift(-2 * MINUTE)
    Authorization.objects.update(created_at=timezone.now())
    begun(clock, scope="photos:read")

    assert flow.exchange(code).json()["scope"] == "openid"


def test_others_keep_what_was_not_taken_from_them(flow: Flow, clock: Any) -> None:
    tokens = flow.tokens(BOTH)
    begun(clock, scope="photos:read", application=make_application())
    begun(clock, scope="photos:read", user=make_user())

    assert scopes(tokens["access_token"]) == {"openid", "photos:read"}
    assert location(flow.start(BOTH))["code"]


def test_everything_is_gone_the_tokens_without_a_record_included(flow: Flow, clock: Any) -> None:
    tokens = flow.tokens(BOTH)
    model = access_token_model()
    later = timezone.now() + timedelta(days=1)
    for user, text in ((flow.user, "older"), (None, "own")):
        model.objects.create(
            user=user, application=flow.application, token=text, scope="openid", expires=later
        )
    assert None not in (scopes("own"), scopes("older"))
    task = begun(clock)

    assert [scopes(text) for text in (tokens["access_token"], "older", "own")] == [None] * 3
    assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    page = flow.start(BOTH)
    assert page.status_code == 200, "no remembered consent gives new tokens meanwhile"

    again = flow.exchange(location(flow.decide(page))["code"]).json()
    finished(task)
    assert scopes(again["access_token"]) == {"openid", "photos:read"}
    assert [kind for kind, _before, _after in told(flow.user)] == ["granted", "revoked", "granted"]
    assert Consent.objects.get().status == "active"


def test_ended_tokens_leave_consent_remembered(flow: Flow, clock: Any) -> None:
    tokens = flow.tokens(BOTH)
    task = begun(clock, kind="end_tokens", application=flow.application)

    assert scopes(tokens["access_token"]) is None
    again = flow.exchange(location(flow.start(BOTH))["code"]).json()
    finished(task)
    assert scopes(again["access_token"]) == {"openid", "photos:read"}
    assert told(flow.user) == [("granted", "", BOTH)]


def test_what_a_finished_task_took_costs_no_rule_any_more(flow: Flow, clock: Any) -> None:
    flow.tokens(BOTH)
    finished(begun(clock, scope="photos:read"))
    found = judge_access_token(checksum_of(flow.tokens("openid")["access_token"]))

    assert isinstance(found, Access)
    assert found.catalogue.withdrawals == ()
