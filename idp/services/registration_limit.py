"""How many clients may register themselves: per address, in all, and lying about unused.

No network fills the places of those that lie about unused alone: one that is surely one sender's
holds a tenth of them at most, and a wider one around it two or three. Which networks a client came
from is kept as keyed digests, which nobody can read.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from math import ceil
from typing import Any

from django.core.cache import cache
from django.db.models import Exists, OuterRef, Q, QuerySet

from idp.conf import idp_settings
from idp.domain.address import networks
from idp.models import Authorization, ClientPolicy, Consent
from idp.services.sender import mark_of, parts_of, within
from idp.services.throttle import count, counter, seconds_left

WINDOW_SECONDS = 3_600
COUNTED_EVERY_SECONDS = 60
SWEPT_WITHIN_SECONDS = 86_400
"""How long what is due may still lie about: ``purge`` runs every day."""
SHARES = 10
"""The narrowest network holds no more than one part in this many of the clients that lie about
unused."""
SELF_REGISTERED = (ClientPolicy.Source.REGISTRATION, ClientPolicy.Source.DOCUMENT)
TOOLKIT_SOURCES = ("dcr", "cimd")
"""What the toolkit calls the same, of clients from before our rows were there."""


def wait_before_registering(address: str, now: datetime) -> int:
    """Count an attempt, and return for how many seconds its sender has to wait; 0 for none.

    What lies about unused goes when it is old enough and the next purge runs, or stops counting
    when somebody uses it; the wait is for the first, which nobody has to do anything for.

    Args:
        address: where it comes from; the networks around it count, of which a wider one has more
            shares.
        now: the time.
    """
    limits = idp_settings.registration_limits
    # Who is over the own limit does not use up the neighbours', nor everybody's.
    often = (
        any(
            _count("address", sender, now) > shares * limits["per_address"]
            for shares, sender in enumerate(networks(address), 1)
        )
        or _count("everybody", "", now) > limits["per_hour"]
    )
    if often:
        return seconds_left(seconds=WINDOW_SECONDS, now=now)
    return max(
        _wait_of_network(mark_of(address), limits["unused"], now),
        _wait_of_all(limits["unused"], now),
    )


def note_network(application: Any, address: str) -> None:
    """Keep which networks a client that registered itself came from, where they are known."""
    if address:
        kept = ClientPolicy.objects.filter(application=application)
        kept.update(registered_from=mark_of(address))


def unused_clients(before: datetime | None = None) -> QuerySet[ClientPolicy]:
    """Return the self-registered clients that nobody ever used, or only those made before a time.

    Used is what a user allowed or a token was issued for; what an operator vouched for counts as
    well.
    """
    found = self_registered().filter(
        ~Exists(Authorization.objects.filter(application=OuterRef("application"))),
        ~Exists(Consent.objects.filter(application=OuterRef("application"))),
        verified=False,
        first_party=False,
    )
    return found if before is None else found.filter(created_at__lte=before)


def self_registered() -> QuerySet[ClientPolicy]:
    """Return the clients that came by themselves, here or in the toolkit before."""
    theirs = Q(application__registration_source__in=TOOLKIT_SOURCES)
    return ClientPolicy.objects.filter(Q(source__in=SELF_REGISTERED) | theirs)


def _wait_of_all(limit: int, now: datetime) -> int:
    """Return how long the places of all are taken, 0 where one is free; asked once a minute."""
    key = "idp.registration:unused"
    wait = cache.get(key)
    if wait is None:
        full = unused_clients().order_by()[:limit].count() >= limit
        wait = _wait_for_oldest(unused_clients(), now) if full else 0
        cache.set(key, wait, COUNTED_EVERY_SECONDS)
    return int(wait)


def _wait_of_network(mark: str, limit: int, now: datetime) -> int:
    """Return how long the shares of the networks around a mark are taken; 0 where they are not."""
    waits = (_wait_for_oldest(rows, now) for rows in _full_networks(mark, limit))
    return max(waits, default=0)


def _full_networks(mark: str, limit: int) -> Iterator[QuerySet[ClientPolicy]]:
    """Yield what lies about unused of each network that holds its shares; one statement."""
    beginnings = parts_of(mark)
    if not beginnings:
        return
    allowed = [max(1, limit * shares // SHARES) for shares in range(1, len(beginnings) + 1)]
    widest = unused_clients().filter(within("registered_from", beginnings[-1])).order_by()
    held = list(widest.values_list("registered_from", flat=True)[: allowed[-1]])
    for beginning, most in zip(beginnings, allowed, strict=True):
        if sum(kept.startswith(beginning) for kept in held) >= most:
            yield unused_clients().filter(within("registered_from", beginning))


def _wait_for_oldest(rows: QuerySet[ClientPolicy], now: datetime) -> int:
    """Return in how many seconds the oldest of unused clients is surely purged."""
    oldest = rows.order_by("created_at").values_list("created_at", flat=True).first()
    due = (oldest or now) + idp_settings.registration_unused_after
    return max(0, ceil((due - now).total_seconds())) + SWEPT_WITHIN_SECONDS


def _count(kind: str, sender: str, now: datetime) -> int:
    name = counter("registration", kind, sender, seconds=WINDOW_SECONDS, now=now)
    return count(name, seconds=WINDOW_SECONDS, now=now)
