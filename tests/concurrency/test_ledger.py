"""The ledger and the consent under threads that really run at once, on PostgreSQL."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from idp.domain import ledger as rules
from idp.models import Consent, ConsentEvent, ConsentSnapshot, Subject
from idp.services import ledger
from idp.services.consent import (
    narrow_consent,
    record_decision,
    record_silent_use,
    revoke_consent,
)
from tests.concurrency.race import THREADS, at_once
from tests.factories import make_application, make_user
from tests.services.test_ledger import PAGE

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def chain_is_sound(count: int) -> None:
    check = rules.verify(
        (ledger.link(e) for e in ConsentEvent.objects.order_by("subject_key", "sequence")),
        [
            rules.Head(row.key, row.head_sequence, row.head_digest)
            for row in Subject.objects.order_by("key")
        ],
    )
    assert list(check) == []
    assert check.count == count


@pytest.mark.parametrize("attempt", range(10))
def test_the_very_first_events_of_a_person_make_one_chain(attempt: int) -> None:
    user, application = make_user(), make_application()

    def write() -> None:
        ledger.append(
            user,
            kind="granted",
            actor="user",
            application=application,
            at=timezone.now(),
            document=PAGE,
        )

    at_once(*[write] * THREADS)

    assert Subject.objects.count() == 1
    assert sorted(ConsentEvent.objects.values_list("sequence", flat=True)) == [*range(1, 9)]
    assert ConsentSnapshot.objects.count() == 1
    chain_is_sound(THREADS)


def test_many_events_of_many_people_are_all_there_in_order() -> None:
    users, application = [make_user() for _ in range(3)], make_application()

    def write(user: Any) -> Callable[[], None]:
        def act() -> None:
            for _ in range(20):
                ledger.append(
                    user,
                    kind="renewed",
                    actor="user",
                    application=application,
                    at=timezone.now(),
                )

        return act

    at_once(*[write(user) for user in users for _ in range(3)])

    chain_is_sound(3 * 3 * 20)


@pytest.mark.parametrize("attempt", range(5))
def test_two_tabs_that_allow_at_once_make_one_consent(attempt: int) -> None:
    user, application = make_user(), make_application()

    def allow(scope: str) -> Callable[[], Any]:
        return lambda: record_decision(user, application, scope, allow=True)

    at_once(*[allow(f"s{number}") for number in range(THREADS)])

    consent = Consent.objects.get()
    assert consent.scopes.filter(state="granted").count() == THREADS
    last = ConsentEvent.objects.latest("sequence")
    assert len(last.scopes_after.split()) == THREADS
    chain_is_sound(THREADS)


@pytest.mark.parametrize("attempt", range(5))
def test_decisions_removals_and_narrowing_never_deadlock_or_lose_one_another(
    attempt: int,
) -> None:
    user, application = make_user(), make_application()
    others = [make_application() for _ in range(2)]
    consent = record_decision(user, application, "a b", allow=True)
    assert consent is not None

    at_once(
        lambda: record_decision(user, application, "a b c", allow=True),
        lambda: record_decision(user, application, "d", allow=False),
        lambda: narrow_consent(consent, {"b"}),
        lambda: revoke_consent(consent),
        lambda: revoke_consent(consent),
        lambda: record_decision(user, others[0], "a", allow=True),
        lambda: record_decision(user, others[1], "a", allow=True),
    )

    events = list(ConsentEvent.objects.filter(client_id=application.client_id).order_by("sequence"))
    decided = [event for event in events if event.kind != "declined"]
    for earlier, later in itertools.pairwise(decided):
        assert later.scopes_before == earlier.scopes_after
    consent.refresh_from_db()
    held = set(consent.scopes.filter(state="granted").values_list("scope", flat=True))
    assert held == set(decided[-1].scopes_after.split())
    assert (consent.status == "active") == bool(held)
    chain_is_sound(ConsentEvent.objects.count())


def test_no_silent_use_is_lost() -> None:
    consent = record_decision(make_user(), make_application(), "a", allow=True)
    assert consent is not None
    now = timezone.now()

    at_once(*[lambda: record_silent_use(consent, now)] * THREADS)

    assert consent.uses.get().count == THREADS
