"""Wrong codes are counted, and so are devices that ask for codes; who does too much must wait.

Codes are typed by people who are signed in. Wrong ones count for the account, the browser and the
address, by the quarter of an hour. A try beyond a limit costs no statement.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.cache import cache

from idp.domain.address import network
from idp.services.throttle import count, counter

TYPED_SECONDS = 15 * 60
USER_LIMIT = 10
BROWSER_LIMIT = 10
ADDRESS_LIMIT = 50
"""Wrong codes within a quarter of an hour; many people may share an address."""

ASKED_SECONDS = 60
ASKED_LIMIT = 60
"""Devices that ask for codes from one address within a minute; what waits of them at a time is far
from all that a client's devices may."""


def may_type(user: Any, browser: str, address: str, now: datetime) -> bool:
    """Return whether another code may be tried."""
    limits = _limits(user, browser, address, now)
    counts = cache.get_many(limits)
    return all(int(counts.get(name, 0)) < limit for name, limit in limits.items())


def note_wrong_code(user: Any, browser: str, address: str, now: datetime) -> None:
    """Count a wrong code."""
    for name in _limits(user, browser, address, now):
        count(name, seconds=TYPED_SECONDS, now=now)


def may_ask(address: str, now: datetime) -> bool:
    """Count a device that asks for codes; return whether it gets some."""
    if not address:
        return True
    name = counter("device", "asked", network(address), seconds=ASKED_SECONDS, now=now)
    return count(name, seconds=ASKED_SECONDS, now=now) <= ASKED_LIMIT


def _limits(user: Any, browser: str, address: str, now: datetime) -> dict[str, int]:
    """Return the names of the counters at hand, and how far each may go."""
    who = (("user", str(user.pk), USER_LIMIT), ("browser", browser, BROWSER_LIMIT))
    named = (*who, ("address", network(address), ADDRESS_LIMIT)) if address else who
    return {
        counter("device", kind, text, seconds=TYPED_SECONDS, now=now): limit
        for kind, text, limit in named
    }
