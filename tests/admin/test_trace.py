"""Every change at the desk leaves a line of history, and an event that names who and why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db import transaction

from idp.domain.role import ROLES
from idp.models import BulkTask, ConsentEvent, SecurityEvent
from idp.services.role import update_roles
from tests.admin.conftest import page
from tests.admin.full_house import address_of, make_full_house
from tests.admin.role_table import ACTIONS, TABLE, YES
from tests.admin.visitor import Visitor
from tests.factories import make_user

OPERATOR = "olivia"


@pytest.fixture
def full_house(db: None) -> SimpleNamespace:
    """One of everything, so that each action has something to work on."""
    house = make_full_house()
    BulkTask.objects.update(by=OPERATOR, reason=YES["reason"])
    return house


@pytest.fixture
def operator(db: None) -> Visitor:
    """Somebody who may do everything."""
    update_roles()
    user = make_user(OPERATOR, is_staff=True)
    user.groups.add(Group.objects.get(name=ROLES["administrator"].group))
    return Visitor(user)


@contextmanager
def undone() -> Iterator[None]:
    """Take back what happens inside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class Trace:
    """What an act left behind, in the words that are stored."""

    def __init__(self) -> None:
        self.before = [model.objects.count() for model in (LogEntry, SecurityEvent, ConsentEvent)]
        self.counts = dict(SecurityEvent.objects.values_list("pk", "count"))

    def history(self) -> list[str]:
        rows = LogEntry.objects.order_by("pk")[self.before[0] :]
        return [row.get_change_message() for row in rows if row.user.username == OPERATOR]

    def events(self) -> list[tuple[set[str], str]]:
        """Return of each new event who did it and all that it says."""
        found = [
            ({row.user.username if row.user else "", str(row.detail.get("by"))}, str(row.detail))
            for row in SecurityEvent.objects.order_by("pk")
            if row.count != self.counts.get(row.pk, 0)
        ]
        ledger = ConsentEvent.objects.order_by("pk")[self.before[2] :]
        return [*found, *(({row.actor_name}, row.reason) for row in ledger)]

    def faults(self, reason: str) -> list[str]:
        """Return what is missing of a trace."""
        history, events = self.history(), self.events()
        named = [said for who, said in events if OPERATOR in who]
        return [
            *(["no history"] if not history else []),
            *(["empty history"] if not all(history) else []),
            *(["no event"] if not events else []),
            *(["nobody named"] if events and not named else []),
            *(["no reason in history"] if not any(reason in line for line in history) else []),
            *(["no reason in event"] if not any(reason in said for said in named) else []),
        ]


def test_every_change_says_in_history_and_event_who_did_it_and_why(
    full_house: SimpleNamespace, operator: Visitor
) -> None:
    untold = []
    for name, page_of in TABLE.items():
        if page_of.sends is None:
            continue
        address = address_of(name, page_of, full_house)
        with undone():
            body = page_of.sends(full_house, operator, address)
            trace = Trace()
            answer = operator.post(address, body)
            if getattr(answer, "template_name", "") == "admin/idp/impact.html":
                answer = operator.post(address, {**body, "_impact_seen": "1"})
            faults = trace.faults(body.get("reason", ""))
            if faults:
                untold.append((name, answer.status_code, faults, trace.history()))
    assert not untold


def test_the_same_again_within_the_hour_keeps_each_reason(
    full_house: SimpleNamespace, operator: Visitor
) -> None:
    client = full_house.application.pk
    switched = (
        (page("client_disable", client), "spam"),
        (page("client_enable", client), "mended"),
        (page("client_disable", client), "spam again"),
        (page("client_enable", client), "mended again"),
        (page("idp_signingkey_rotate"), "the calendar"),
        (page("idp_sitestate_mode"), "an audit"),
        (page("idp_sitestate_mode"), "the audit is over"),
    )
    for address, reason in switched:
        operator.post(address, {"confirmed": "yes", "reason": reason})
    details = SecurityEvent.objects.filter(detail__by=OPERATOR).values_list("detail", flat=True)
    kept = [detail.get("reason") for detail in details]
    assert {reason for _address, reason in switched} <= set(kept)


def test_every_action_on_a_list_says_in_history_and_event_who_did_it_and_why(
    full_house: SimpleNamespace, operator: Visitor
) -> None:
    untold = []
    for (name, action), (row, _roles) in ACTIONS.items():
        sent = {"action": action, "_selected_action": [getattr(full_house, row).pk], **YES}
        with undone():
            trace = Trace()
            operator.post(page(f"{name}_changelist"), sent)
            faults = trace.faults(YES["reason"])
            if faults:
                untold.append((name, action, faults, trace.history()))
    assert not untold
