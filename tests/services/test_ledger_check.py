"""Verifications of the ledger as they are recorded, interrupted and gone on with."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError

from idp.domain.ledger import Head
from idp.models import ConsentEvent, LedgerCheck, Subject
from idp.services import ledger_check
from idp.services.ledger_check import begin_check, interrupted_check, last_check, run_check
from tests.services.test_ledger_verification import key, tamper, users

__all__ = ["users"]

pytestmark = pytest.mark.django_db


class Interruption(Exception):
    """Somebody pressed Ctrl-C."""


def test_what_was_found_is_kept(users: Any, now: Any) -> None:
    tamper("UPDATE {table} SET reason = 'x' WHERE subject_key = %s AND sequence = 2", key(users[1]))

    check = run_check(begin_check(now=now))

    check.refresh_from_db()
    assert (check.events, check.chains, check.broken) == (12, 3, 1)
    assert check.findings == [{"subject": key(users[1]), "sequence": 2, "reason": "altered"}]
    assert check.finished_at is not None
    assert last_check() == check
    assert interrupted_check() is None


def interrupted(users: Any, now: Any, monkeypatch: Any, at: int) -> LedgerCheck:
    """Return a verification that stopped before an event."""
    monkeypatch.setattr(ledger_check, "TOLD_EVERY", 1)

    def stop(count: int) -> None:
        if count == at:
            raise Interruption

    with pytest.raises(Interruption):
        run_check(begin_check(now=now), tell=stop)
    found = interrupted_check()
    assert found is not None
    return found


@pytest.mark.parametrize("at", range(1, 13))
def test_an_interrupted_one_goes_on_and_finds_each_break_once(
    users: Any, now: Any, monkeypatch: Any, at: int
) -> None:
    for user in users[::2]:
        tamper("UPDATE {table} SET reason = 'x' WHERE subject_key = %s AND sequence = 3", key(user))
    stopped = interrupted(users, now, monkeypatch, at)
    assert last_check() is None

    run_check(stopped)

    stopped.refresh_from_db()
    assert [f["subject"] for f in stopped.findings] == [key(users[0]), key(users[2])]
    assert (stopped.broken, stopped.chains) == (2, 3)
    assert (stopped.position, interrupted_check()) == ({}, None)


def test_an_interrupted_one_counts_each_event_of_a_sound_ledger_once(
    users: Any, now: Any, monkeypatch: Any
) -> None:
    stopped = interrupted(users, now, monkeypatch, 6)

    run_check(stopped)

    assert (stopped.events, stopped.chains) == (12, 3)


def test_it_goes_on_from_what_was_saved_on_the_way(users: Any, now: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(ledger_check, "SAVED_EVERY", 5)
    monkeypatch.setattr(ledger_check, "TOLD_EVERY", 1)
    saved = []

    def look(count: int) -> None:
        saved.append(LedgerCheck.objects.get().position.get("sequence"))

    run_check(begin_check(now=now), tell=look)

    assert saved == [None] * 5 + [4] * 5 + [1] * 2


def test_a_database_that_cannot_write_now_does_not_stop_it(
    users: Any, now: Any, monkeypatch: Any
) -> None:
    check = begin_check(now=now)
    monkeypatch.setattr(ledger_check, "SAVED_EVERY", 5)
    save, tries = check.save, []

    def busy() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise OperationalError("database is locked")
        save()

    monkeypatch.setattr(check, "save", busy)

    run_check(check)

    assert last_check() == check


def test_a_head_that_was_moved_back_with_its_chain_is_found_by_a_checkpoint_beside_the_subjects(
    users: Any, now: Any
) -> None:
    kept = [Head(row.key, 4, row.head_digest) for row in Subject.objects.order_by("key")]
    tamper("DELETE FROM {table} WHERE subject_key = %s AND sequence > 2", key(users[1]))
    last = ConsentEvent.objects.get(subject_key=key(users[1]), sequence=2)
    Subject.objects.filter(key=key(users[1])).update(head_sequence=2, head_digest=last.digest)
    # The subjects' rows still find what was removed after a checkpoint.
    tamper("DELETE FROM {table} WHERE subject_key = %s AND sequence = 4", key(users[2]))
    early = [kept[0], kept[1], Head(kept[2].subject, 3, "")]
    early[2] = Head(
        kept[2].subject,
        3,
        ConsentEvent.objects.get(subject_key=key(users[2]), sequence=3).digest,
    )

    check = run_check(begin_check(now=now), checkpoint=early)

    assert [(f["subject"], f["sequence"], f["reason"]) for f in check.findings] == [
        (key(users[1]), 3, "removed"),
        (key(users[2]), 4, "removed"),
    ]


def test_a_person_of_whom_nothing_is_left_is_one_finding_whoever_knew_them(
    users: Any, now: Any
) -> None:
    kept = [Head(row.key, 4, row.head_digest) for row in Subject.objects.order_by("key")]
    tamper("DELETE FROM {table} WHERE subject_key = %s", key(users[1]))

    check = run_check(begin_check(now=now), checkpoint=kept)

    assert [(f["subject"], f["sequence"]) for f in check.findings] == [(key(users[1]), 1)]
    assert check.chains == 3


def test_a_head_that_contradicts_the_other_is_found(users: Any, now: Any) -> None:
    other = Head(key(users[0]), 4, "0" * 64)

    check = run_check(begin_check(now=now), checkpoint=[other])

    assert [(f["subject"], f["sequence"]) for f in check.findings] == [(key(users[0]), 4)]


def test_old_verifications_make_place(now: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(ledger_check, "KEPT", 3)
    for _ in range(5):
        run_check(begin_check(now=now))

    assert LedgerCheck.objects.count() == 3


def test_the_findings_that_are_named_are_bounded(users: Any, now: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(ledger_check, "MOST_FINDINGS", 2)
    tamper("UPDATE {table} SET reason = 'x'")

    check = run_check(begin_check(now=now))

    assert (check.broken, len(check.findings)) == (3, 2)
