"""Who guesses secrets is stopped; the right client is not, wherever the guesses come from."""

from __future__ import annotations

from datetime import datetime, timedelta

from idp.services import client_throttle
from idp.services.client_secret_value import generate
from idp.services.client_throttle import (
    ADDRESS_LIMIT,
    PAIR_LIMIT,
    note_failure,
    note_success,
    seconds_to_wait,
)

HERE, THERE = "192.0.2.1", "192.0.2.2"


def fail(times: int, now: datetime, client_id: str = "client", address: str = HERE) -> list[bool]:
    return [note_failure(client_id, address, now) for _ in range(times)]


def test_a_guess_beyond_the_limit_waits_for_the_next_minute(now):
    fail(PAIR_LIMIT - 1, now)
    assert seconds_to_wait("client", "guess", HERE, now) == 0
    fail(1, now)
    at = now + timedelta(seconds=20)
    assert seconds_to_wait("client", "guess", HERE, at) == 40
    assert seconds_to_wait("client", "guess", HERE, now + timedelta(seconds=60)) == 0


def test_another_address_and_another_client_are_not_concerned(now):
    fail(PAIR_LIMIT, now)
    assert seconds_to_wait("client", "guess", THERE, now) == 0
    assert seconds_to_wait("neighbour", "guess", HERE, now) == 0


def test_an_address_that_tries_many_clients_is_stopped_for_all(now):
    for number in range(ADDRESS_LIMIT):
        fail(1, now, client_id=f"client-{number}")
    assert seconds_to_wait("somebody", "guess", HERE, now) > 0
    assert seconds_to_wait("somebody", "guess", THERE, now) == 0


def test_clients_whose_address_is_unknown_do_not_stop_each_other(now):
    for number in range(ADDRESS_LIMIT):
        fail(1, now, client_id=f"client-{number}", address="")
    assert seconds_to_wait("somebody", "guess", "", now) == 0


def test_a_secret_that_nobody_can_guess_is_always_looked_at(now):
    fail(PAIR_LIMIT, now)
    assert seconds_to_wait("client", generate(), HERE, now) == 0
    assert seconds_to_wait("client", generate()[:-1], HERE, now) > 0


def test_a_secret_that_was_right_before_is_always_looked_at(now):
    note_success("client", "chosen by somebody")
    fail(PAIR_LIMIT, now)
    assert seconds_to_wait("client", "chosen by somebody", HERE, now) == 0
    assert seconds_to_wait("client", "chosen by somebody else", HERE, now) > 0
    fail(PAIR_LIMIT, now, client_id="other")
    assert seconds_to_wait("other", "chosen by somebody", HERE, now) > 0


def test_failures_beyond_the_limit_are_not_worth_a_record(now):
    assert fail(PAIR_LIMIT + 3, now) == [True] * PAIR_LIMIT + [False] * 3


def test_who_is_over_the_own_limit_leaves_the_neighbours_theirs(now):
    fail(5 * PAIR_LIMIT, now)
    assert seconds_to_wait("client", "guess", THERE, now) == 0
    assert fail(PAIR_LIMIT - 1, now, address=THERE) == [True] * (PAIR_LIMIT - 1)


def test_two_addresses_use_up_what_their_network_has(now):
    fail(PAIR_LIMIT, now)
    fail(PAIR_LIMIT, now, address=THERE)
    assert seconds_to_wait("client", "guess", "192.0.2.3", now) > 0
    assert fail(1, now, address="192.0.2.3") == [False]


def test_a_cache_that_keeps_nothing_stops_nobody(now, settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    fail(PAIR_LIMIT, now)
    assert seconds_to_wait("client", "guess", HERE, now) == 0


def test_another_process_knows_that_a_secret_was_right(now, monkeypatch):
    monkeypatch.setattr(client_throttle, "_right_before", {})
    note_success("client", "chosen by somebody")
    monkeypatch.setattr(client_throttle, "_right_before", {})
    fail(PAIR_LIMIT, now)
    assert seconds_to_wait("client", "chosen by somebody", HERE, now) == 0
    assert seconds_to_wait("client", "chosen by somebody else", HERE, now) > 0
