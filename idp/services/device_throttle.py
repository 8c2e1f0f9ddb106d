"""Wrong codes are counted, and so are devices that ask for codes; who does too much must wait.

Codes are typed by people who are signed in. Wrong ones count for the account, the browser and the
address, by the quarter of an hour. A try beyond a limit costs no statement. An address counts as
the networks around it, of which a wider one has more shares.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.cache import cache

from idp.domain.address import networks
from idp.services.throttle import count, counter

TYPED_SECONDS = 15 * 60
USER_LIMIT = 10
BROWSER_LIMIT = 10
ADDRESS_LIMIT = 50
"""Wrong codes within a quarter of an hour; many people may share an address."""

ASKED_SECONDS = 60
ASKED_LIMIT = 60
"""Devices that ask for codes from one address within a minute. What waits of them at a time, and of
the widest network that may be one sender's, is far from all that a client's devices may."""


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
    # Who is over the own limit does not use up what the neighbours have.
    return all(
        _count_asked(sender, now) <= shares * ASKED_LIMIT
        for shares, sender in enumerate(networks(address), 1)
    )


def _count_asked(sender: str, now: datetime) -> int:
    name = counter("device", "asked", sender, seconds=ASKED_SECONDS, now=now)
    return count(name, seconds=ASKED_SECONDS, now=now)


def _limits(user: Any, browser: str, address: str, now: datetime) -> dict[str, int]:
    """Return the names of the counters at hand, and how far each may go."""
    named = [("user", str(user.pk), USER_LIMIT), ("browser", browser, BROWSER_LIMIT)]
    if address:
        around = enumerate(networks(address), 1)
        named += [("address", sender, shares * ADDRESS_LIMIT) for shares, sender in around]
    return {
        counter("device", kind, text, seconds=TYPED_SECONDS, now=now): limit
        for kind, text, limit in named
    }
