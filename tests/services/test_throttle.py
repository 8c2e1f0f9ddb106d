"""Counters by whom and by window, in whatever cache the site has."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from idp.services.throttle import count, counter, seconds_left


def name(now: datetime, *who: str) -> str:
    return counter("test", *who, seconds=60, now=now)


def test_each_sender_and_window_has_its_own_count(now: datetime) -> None:
    assert [count(name(now, "a"), seconds=60, now=now) for _ in range(3)] == [1, 2, 3]
    assert count(name(now, "b"), seconds=60, now=now) == 1
    assert count(name(now, "a", "b"), seconds=60, now=now) == 1
    later = now + timedelta(seconds=60)
    assert count(name(later, "a"), seconds=60, now=later) == 1


def test_who_is_counted_cannot_be_read(now: datetime) -> None:
    assert "secret" not in name(now, "secret")
    assert name(now, "a\x00b") != name(now, "a", "c")


def test_what_is_left_of_a_window_is_never_nothing(now: datetime) -> None:
    assert seconds_left(seconds=60, now=now) == 60
    assert seconds_left(seconds=60, now=now + timedelta(seconds=59)) == 1


@pytest.mark.parametrize("backend", ["dummy.DummyCache", "locmem.LocMemCache"])
def test_a_cache_that_keeps_nothing_stops_nobody(
    settings: Any, now: datetime, backend: str
) -> None:
    settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{backend}"}}
    kept = backend.startswith("locmem")
    assert count(name(now, "x"), seconds=60, now=now) == int(kept)
