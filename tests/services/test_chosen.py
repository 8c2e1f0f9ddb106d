"""What an operator chose in a list is over before its turn, and a later word of others holds."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from idp.conf import access_token_model, refresh_token_model
from idp.models import Authorization, BulkTask, ClientPolicy, Consent, ConsentEvent, SecurityEvent
from idp.services.chosen import Chosen
from idp.services.client import client_of, disable_client, enable_client
from idp.services.client_registration import delete_client
from idp.services.consent import record_decision
from idp.services.consent_reach import Target
from idp.services.ledger_verification import verify_ledger
from idp.services.task import Order, begin_task, work_on
from tests.factories import make_application, make_user
from tests.views.flow import Flow, location
from tests.views.test_withdrawal import BOTH, MINUTE, finished, scopes, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def flow(clock: Any) -> Flow:
    everything = ("openid", "photos:read", "photos:write")
    return Flow(make_application(scopes=everything), make_user("ada"))


def begun(clock: Any, kind: str, what: str, *rows: Any) -> BulkTask:
    """Choose rows, a minute later, of which none has its turn for another minute."""
    clock.shift(MINUTE)
    work = Chosen(what=what, keys=tuple(row.pk for row in rows))
    order = Order(kind=kind, work=work, label="this", total=len(rows), reason="incident")
    task = begin_task(order, by="olga", now=timezone.now())
    clock.shift(MINUTE)
    return task


def test_a_later_yes_to_something_else_brings_nothing_back(flow: Flow, clock: Any) -> None:
    old = flow.tokens(BOTH)
    task = begun(clock, "revoke", "consent", Consent.objects.get())
    assert scopes(old["access_token"]) is None

    page = flow.start("photos:write")
    again = flow.exchange(location(flow.decide(page))["code"]).json()
    finished(task)

    assert told(flow.user) == [
        ("granted", "", BOTH),
        ("revoked", BOTH, ""),
        ("granted", "", "photos:write"),
    ]
    assert scopes(again["access_token"]) == {"photos:write"}
    assert flow.start(BOTH).status_code == 200, "what was revoked is asked for again"


def test_a_chosen_consent_is_not_remembered_before_its_turn(flow: Flow, clock: Any) -> None:
    flow.tokens(BOTH)
    task = begun(clock, "revoke", "consent", Consent.objects.get())

    assert flow.start(BOTH).status_code == 200
    assert flow.start(BOTH, prompt="none").status_code == 302
    assert location(flow.start(BOTH, prompt="none"))["error"] == "consent_required"
    finished(task)
    assert told(flow.user) == [("granted", "", BOTH), ("revoked", BOTH, "")]
    event = ConsentEvent.objects.get(kind="revoked")
    assert (event.actor_name, event.at) == ("olga", task.created_at)
    assert task.changed == 1
    assert not Authorization.objects.live(timezone.now()).exists()


def test_the_ledger_tells_of_a_chosen_consent_whose_client_goes(flow: Flow, clock: Any) -> None:
    flow.tokens(BOTH)
    begun(clock, "revoke", "consent", Consent.objects.get())

    delete_client(flow.application, reason="gone")

    assert told(flow.user) == [("granted", "", BOTH), ("revoked", BOTH, "")]


def test_what_was_taken_back_while_a_page_was_answered_is_settled(flow: Flow, clock: Any) -> None:
    flow.tokens(BOTH)
    clock.shift(MINUTE)
    known = client_of(flow.application)
    assert known.catalogue().withdrawals == ()
    target = Target(user=flow.user, application=flow.application)
    order = Order(kind="take_back", work=target, label="this", total=1)
    task = begin_task(order, by="olga", now=timezone.now())
    clock.shift(MINUTE)

    record_decision(flow.user, flow.application, "photos:write", allow=True, client=known)
    finished(task)

    kinds = [kind for kind, _before, _after in told(flow.user)]
    assert kinds == ["granted", "revoked", "granted"]
    granted = Consent.objects.get().scopes.filter(state="granted")
    assert list(granted.values_list("scope", flat=True)) == ["photos:write"]


@pytest.mark.parametrize("what", ["authorization", "access", "refresh"])
def test_chosen_tokens_are_refused_before_their_turn(flow: Flow, clock: Any, what: str) -> None:
    tokens = flow.tokens(BOTH)
    models = {"authorization": Authorization, "access": access_token_model()}
    row = models.get(what, refresh_token_model()).objects.get()
    task = begun(clock, "end", what, row)

    assert scopes(tokens["access_token"]) is None
    assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    finished(task)

    act = Authorization.objects.get()
    assert (act.ended_at, act.ended_reason) == (task.created_at, "incident")
    assert not access_token_model().objects.exists()
    assert not refresh_token_model().objects.filter(revoked=None).exists()
    lost = SecurityEvent.objects.get(user=flow.user, detail__task=str(task.pk))
    assert (lost.count, task.changed) == (1, 1)


def test_a_client_that_was_enabled_after_the_decision_stays_so(clock: Any) -> None:
    cleared, other = make_application(), make_application()
    disable_client(cleared, reason="old")
    task = begun(clock, "disable", "client", cleared, other)
    enable_client(cleared, reason="cleared")
    clock.shift(MINUTE)

    finished(task)

    assert list(ClientPolicy.objects.order_by("application").values_list("status", flat=True)) == [
        "active",
        "disabled",
    ]
    assert task.changed == 1


def test_a_client_disabled_by_a_task_has_its_history_as_by_hand(clock: Any) -> None:
    olga, client = make_user("olga"), make_application()
    task = begun(clock, "disable", "client", client)
    assert work_on(task, seconds=60, now=timezone.now())

    line = LogEntry.objects.get(object_id=str(client.pk))
    assert (line.user, line.change_message) == (olga, "Disabled: incident")
    event = SecurityEvent.objects.get(kind="client.disabled")
    assert (event.user, event.request_id) == (olga, str(task.pk))
    assert event.detail == {"reason": "incident", "by": "olga", "task": str(task.pk)}
    assert list(verify_ledger()) == []
