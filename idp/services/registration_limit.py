"""How many clients may register themselves: per address, in all, and lying about unused.

No network fills the places of those that lie about unused alone: it holds a tenth of them at most.
Which network a client came from is kept as a keyed digest, which nobody can read.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db.models import Exists, OuterRef, Q, QuerySet

from idp.conf import idp_settings
from idp.domain.address import network
from idp.models import Authorization, ClientPolicy, Consent
from idp.services.throttle import count, counter, seconds_left

WINDOW_SECONDS = 3_600
COUNTED_EVERY_SECONDS = 60
SHARES = 10
"""One network holds no more than one part in this many of the clients that lie about unused."""
SELF_REGISTERED = (ClientPolicy.Source.REGISTRATION, ClientPolicy.Source.DOCUMENT)
TOOLKIT_SOURCES = ("dcr", "cimd")
"""What the toolkit calls the same, of clients from before our rows were there."""


def wait_before_registering(address: str, now: datetime) -> int:
    """Count an attempt, and return for how many seconds its sender has to wait; 0 for none.

    Args:
        address: where it comes from; addresses of one IPv6 network count together, because
            whoever has one has them all.
        now: the time.
    """
    limits, sender = idp_settings.registration_limits, network(address)
    mine = _count("address", sender, now)
    # Who is over the own limit does not use up everybody's.
    full = (
        mine > limits["per_address"]
        or _count("everybody", "", now) > limits["per_hour"]
        or _many_of_network(sender, limits["unused"])
        or _many_unused(limits["unused"])
    )
    return seconds_left(seconds=WINDOW_SECONDS, now=now) if full else 0


def note_network(application: Any, address: str) -> None:
    """Keep which network a client that registered itself came from, where that is known."""
    if address:
        mark = _mark(network(address))
        ClientPolicy.objects.filter(application=application).update(registered_from=mark)


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


def _many_unused(limit: int) -> bool:
    """Return whether as many clients as the site allows lie about unused; asked once a minute."""
    key = "idp.registration:unused"
    counted = cache.get(key)
    if counted is None:
        counted = unused_clients().order_by()[:limit].count()
        cache.set(key, counted, COUNTED_EVERY_SECONDS)
    return bool(counted >= limit)


def _many_of_network(sender: str, limit: int) -> bool:
    """Return whether a network holds its share of the clients that lie about unused."""
    share = max(1, limit // SHARES)
    held = unused_clients().filter(registered_from=_mark(sender)) if sender else None
    return held is not None and held.order_by()[:share].count() >= share


def _mark(sender: str) -> str:
    key = f"idp.registration-limit{settings.SECRET_KEY}".encode()
    return hmac.new(key, sender.encode("utf-8", "surrogatepass"), "sha256").hexdigest()


def _count(kind: str, sender: str, now: datetime) -> int:
    name = counter("registration", kind, sender, seconds=WINDOW_SECONDS, now=now)
    return count(name, seconds=WINDOW_SECONDS, now=now)
