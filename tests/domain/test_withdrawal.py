"""What operators took back is gone before anybody has written it down."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from idp.domain.withdrawal import Withdrawal, is_ended, lost

HELD = frozenset({"a", "b"})
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("named", "gone"),
    [
        ({}, {"a", "b"}),
        ({"scope": "a"}, {"a"}),
        ({"scope": "c"}, set()),
        ({"user": "1"}, {"a", "b"}),
        ({"user": "2"}, set()),
        ({"client": "5", "scope": "b"}, {"b"}),
        ({"client": "6", "scope": "b"}, set()),
        ({"user": "1", "client": "6"}, set()),
    ],
)
def test_it_takes_what_it_names_from_whom_it_names(
    now: datetime, named: dict[str, str], gone: set[str]
) -> None:
    rows = (Withdrawal(at=now, **named),)
    held = {"user": 1, "client": 5, "since": now}
    assert lost(rows, HELD, **held) == gone
    assert is_ended(rows, **held) is (gone == HELD)


def test_what_was_given_later_is_left_alone_and_the_unknown_is_old(now: datetime) -> None:
    rows = (Withdrawal(at=now, scope="a"), Withdrawal(at=now - DAY))
    for since, gone in ((now + DAY, set()), (now, {"a"}), (now - DAY, HELD), (None, HELD)):
        assert lost(rows, HELD, user=1, client=5, since=since) == gone


def test_a_client_in_its_own_name_is_no_user(now: datetime) -> None:
    own = {"user": None, "client": 5, "since": now}
    assert lost((Withdrawal(at=now, user="1"),), HELD, **own) == set()
    assert lost((Withdrawal(at=now, client="5"),), HELD, **own) == HELD


def test_nothing_taken_back_takes_nothing(now: datetime) -> None:
    assert lost((), HELD, user=1, client=5, since=now) == set()
    assert not is_ended((), user=1, client=5, since=None)
