"""How many clients may register themselves: per address, in all, and lying about unused."""

from __future__ import annotations

import hashlib
from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network

from django.core.cache import cache
from django.db.models import Exists, OuterRef, Q, QuerySet

from idp.conf import idp_settings
from idp.models import Authorization, ClientPolicy, Consent

WINDOW_SECONDS = 3_600
COUNTED_EVERY_SECONDS = 60
SELF_REGISTERED = (ClientPolicy.Source.REGISTRATION, ClientPolicy.Source.DOCUMENT)
TOOLKIT_SOURCES = ("dcr", "cimd")
"""What the toolkit calls the same, of clients from before our rows were there."""


def wait_before_registering(address: str) -> int:
    """Count an attempt, and return for how many seconds its sender has to wait; 0 for none.

    Args:
        address: where it comes from; addresses of one IPv6 network count together, because
            whoever has one has them all.
    """
    limits = idp_settings.registration_limits
    mine = _count(f"address:{_network(address)}")
    if mine > limits["per_address"]:
        return WINDOW_SECONDS
    # Who is over the own limit does not use up everybody's.
    everybody = _count("everybody")
    if everybody > limits["per_hour"] or _many_unused(limits["unused"]):
        return WINDOW_SECONDS
    return 0


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


def _count(what: str) -> int:
    key = f"idp.registration:{hashlib.sha256(what.encode()).hexdigest()[:32]}"
    cache.add(key, 0, WINDOW_SECONDS)
    try:
        return int(cache.incr(key))
    except ValueError:  # it expired a moment ago
        cache.set(key, 1, WINDOW_SECONDS)
        return 1


def _network(address: str) -> str:
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(ip_network(f"{found}/64", strict=False))
    return str(found)
