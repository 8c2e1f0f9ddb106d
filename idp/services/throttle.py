"""Counters of what came lately, by whom: in Django's cache, shared where processes share that.

A counter lives in the window that its clock stands in, so that no kind of cache makes it live
longer. Senders are counted by network: whoever has one IPv6 address has billions.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.core.cache import cache


def count(name: str, *, seconds: int, now: datetime) -> int:
    """Count one more, and return how many there were in the window at hand.

    Args:
        name: as ``counter`` returns it.
        seconds: length of the window.
        now: the time.

    Returns:
        0 where the cache keeps nothing: then nobody is stopped.
    """
    cache.add(name, 0, 2 * seconds)
    try:
        return int(cache.incr(name))
    except ValueError:
        return 0  # dropped meanwhile, or a cache that keeps nothing


def counter(kind: str, *who: str, seconds: int, now: datetime) -> str:
    """Return the name of the counter for the window at hand.

    Args:
        kind: what is counted.
        who: by whom; never kept readable.
        seconds: length of the window.
        now: the time.
    """
    said = "\x00".join(who).encode("utf-8", "surrogatepass")
    return f"idp.{kind}.{hashlib.sha256(said).hexdigest()}.{int(now.timestamp()) // seconds}"


def seconds_left(*, seconds: int, now: datetime) -> int:
    """Return how long the window at hand still lasts; at least 1."""
    return seconds - int(now.timestamp()) % seconds
