"""The stored ledger verified: whole, resumed, and against a checkpoint kept elsewhere."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.db import connection

from idp.contrib.testing import allow_flush
from idp.domain.ledger import Breakage, Broken
from idp.models import ConsentEvent, SigningKey, Subject
from idp.services import ledger
from idp.services.ledger_checkpoint import (
    BadCheckpoint,
    check_checkpoint,
    checkpoint_heads,
    write_checkpoint,
)
from idp.services.ledger_verification import verify_ledger
from tests.factories import make_application, make_user

pytestmark = pytest.mark.django_db

TABLE = ConsentEvent._meta.db_table


@pytest.fixture
def users(now: Any) -> list[Any]:
    users, application = [make_user() for _ in range(3)], make_application()
    for _ in range(4):
        for user in users:
            ledger.append(user, kind="granted", actor="user", application=application, at=now)
    return sorted(users, key=lambda user: str(user.idp_subject.key))


def tamper(sql: str, *values: Any) -> None:
    """Do what somebody with all rights on the database could do."""
    with allow_flush(), connection.cursor() as cursor:
        cursor.execute(sql.format(table=TABLE), values)


def key(user: Any) -> str:
    return str(Subject.objects.get(user=user).key)


def checkpoint(now: Any) -> str:
    stream = io.StringIO()
    write_checkpoint(stream, now=now)
    return stream.getvalue()


def test_a_sound_ledger_has_nothing_broken(users: Any) -> None:
    check = verify_ledger()

    assert list(check) == []
    assert (check.count, check.chains) == (12, 3)


def test_the_first_altered_event_of_each_chain_is_named(users: Any) -> None:
    for user, sequence in ((users[0], 2), (users[2], 3)):
        tamper(
            "UPDATE {table} SET scopes_after = 'x' WHERE subject_key = %s AND sequence >= %s",
            key(user),
            sequence,
        )

    found = list(verify_ledger())

    assert found == [
        Broken(key(users[0]), 2, Breakage.ALTERED),
        Broken(key(users[2]), 3, Breakage.ALTERED),
    ]


def test_an_event_removed_in_the_middle_or_at_the_end_is_missed(users: Any) -> None:
    for user, sequence in ((users[0], 2), (users[1], 4)):
        tamper("DELETE FROM {table} WHERE subject_key = %s AND sequence = %s", key(user), sequence)

    found = [(broken.subject, broken.sequence) for broken in verify_ledger()]

    assert found == [(key(users[0]), 2), (key(users[1]), 4)]


def test_a_chain_of_which_nothing_is_left_is_missed(users: Any) -> None:
    tamper("DELETE FROM {table} WHERE subject_key = %s", key(users[1]))

    assert [broken.subject for broken in verify_ledger()] == [key(users[1])]


def test_an_interrupted_verification_goes_on_behind_its_position(users: Any) -> None:
    tamper("UPDATE {table} SET reason = 'x' WHERE subject_key = %s AND sequence = 4", key(users[2]))
    first = verify_ledger()
    walk = iter(first)
    next(walk)
    assert first.position is not None
    assert (first.position.subject, first.position.sequence) == (key(users[2]), 3)

    again = verify_ledger(after=first.position)

    assert [(b.subject, b.sequence) for b in again] == [(key(users[2]), 4)]
    assert again.count == 1


def test_a_checkpoint_finds_what_was_cut_off_with_its_head(users: Any, now: Any) -> None:
    kept = checkpoint(now)
    tamper("DELETE FROM {table} WHERE subject_key = %s AND sequence > 2", key(users[1]))
    last = ConsentEvent.objects.get(subject_key=key(users[1]), sequence=2)
    Subject.objects.filter(key=key(users[1])).update(head_sequence=2, head_digest=last.digest)
    assert list(verify_ledger()) == []

    found = list(verify_ledger(checkpoint_heads(io.StringIO(kept))))

    assert found == [Broken(key(users[1]), 3, Breakage.REMOVED)]


def test_events_after_a_checkpoint_break_nothing(users: Any, now: Any) -> None:
    kept = checkpoint(now)
    ledger.append(make_user(), kind="granted", actor="user", application=make_application(), at=now)

    assert list(verify_ledger(checkpoint_heads(io.StringIO(kept)))) == []


def test_a_checkpoint_tells_when_it_was_written_and_how_many_chains_it_holds(
    users: Any, now: Any
) -> None:
    found = check_checkpoint(io.StringIO(checkpoint(now)))

    assert (found.at, found.chains) == (ledger.moment(now), 3)


def test_an_empty_ledger_has_a_checkpoint_too(now: Any) -> None:
    assert check_checkpoint(io.StringIO(checkpoint(now))).chains == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(" 4 ", " 3 ", 1),
        lambda text: text.split("\n", 1)[1],
        lambda text: "0" * 32 + " 1 " + "0" * 64 + "\n" + text,
        lambda text: (
            "".join(reversed(text.splitlines(keepends=True)[:-1]))
            + text.splitlines(keepends=True)[-1]
        ),
        lambda text: text[:-5],
        lambda text: "\n".join(text.split("\n")[:-2]),
        lambda text: "",
        lambda text: "no checkpoint",
        lambda text: "e30.e30.e30",
    ],
)
def test_a_changed_checkpoint_is_refused(users: Any, now: Any, change: Any) -> None:
    with pytest.raises(BadCheckpoint):
        check_checkpoint(io.StringIO(change(checkpoint(now))))


def test_a_checkpoint_of_another_site_is_refused(users: Any, now: Any) -> None:
    kept = checkpoint(now)
    SigningKey.objects.all().delete()

    with pytest.raises(BadCheckpoint):
        check_checkpoint(io.StringIO(kept))


def test_a_file_that_is_no_checkpoint_gives_no_heads() -> None:
    with pytest.raises(BadCheckpoint):
        list(checkpoint_heads(io.StringIO("a b c\n")))
