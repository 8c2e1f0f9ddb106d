"""What operators took back is gone before anybody has written it down."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from idp.domain.withdrawal import Holding, Withdrawal, is_ended, lost

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
    held = Holding(user=1, client=5, since=now)
    assert lost(rows, HELD, held) == gone
    assert is_ended(rows, held) is (gone == HELD)


def test_what_was_given_later_is_left_alone_and_the_unknown_is_old(now: datetime) -> None:
    rows = (Withdrawal(at=now, scope="a"), Withdrawal(at=now - DAY))
    for since, gone in ((now + DAY, set()), (now, {"a"}), (now - DAY, HELD), (None, HELD)):
        assert lost(rows, HELD, Holding(user=1, client=5, since=since)) == gone


def test_a_client_in_its_own_name_is_no_user(now: datetime) -> None:
    own = Holding(user=None, client=5, since=now)
    assert lost((Withdrawal(at=now, user="1"),), HELD, own) == set()
    assert lost((Withdrawal(at=now, client="5"),), HELD, own) == HELD


def test_nothing_taken_back_takes_nothing(now: datetime) -> None:
    assert lost((), HELD, Holding(user=1, client=5, since=now)) == set()
    assert not is_ended((), Holding(user=1, client=5, since=None))


def test_what_a_consent_gave_silently_is_as_old_as_the_consent(now: datetime) -> None:
    later = {"user": 1, "client": 5, "since": now + DAY}
    old, new = {"a": now - DAY, "b": now + DAY}, {"a": now + DAY}
    for row, facts, gone in (
        (Withdrawal(at=now, scope="a"), {"scopes_since": old}, {"a"}),
        (Withdrawal(at=now, scope="b"), {"scopes_since": old, "decided_at": now - DAY}, set()),
        (Withdrawal(at=now, scope="a"), {"scopes_since": new, "decided_at": now - DAY}, set()),
        (Withdrawal(at=now), {"decided_at": now}, HELD),
        (Withdrawal(at=now), {"decided_at": now + DAY, "scopes_since": old}, set()),
        (Withdrawal(at=now, consents=False), {"decided_at": now}, set()),
    ):
        assert lost((row,), HELD, Holding(**later, **facts)) == gone


def test_with_offline_access_goes_what_only_that_kept(now: datetime) -> None:
    rows = (Withdrawal(at=now, scope="offline_access"),)
    held = HELD | {"offline_access"}
    signed_in = Holding(user=1, client=5, since=now)
    signed_out = replace(signed_in, outlives=True)
    assert (lost(rows, held, signed_in), is_ended(rows, signed_in)) == ({"offline_access"}, False)
    assert (lost(rows, held, signed_out), is_ended(rows, signed_out)) == (held, True)
    assert lost((Withdrawal(at=now, scope="a"),), held, signed_out) == {"a"}
