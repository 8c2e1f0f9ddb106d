"""Where rows came from: keyed digests of the networks around an address, which nobody can read.

A mark is made of one part for each network, the widest first, so that the marks of what came from
one network begin alike.
"""

from __future__ import annotations

import hmac

from django.conf import settings
from django.db.models import Q

from idp.domain.address import networks

PART = 20
"""Length of the part of one network: 80 bits, in hexadecimal digits."""
DEPTH = 3
"""The most parts that a mark has."""


def mark_of(address: str) -> str:
    """Return the mark of an address; empty where none is known."""
    return "".join(_part(network) for network in reversed(networks(address))) if address else ""


def parts_of(mark: str) -> tuple[str, ...]:
    """Return how the marks of the networks around a mark begin, narrowest first."""
    return tuple(mark[:end] for end in range(len(mark), 0, -PART))


def within(field: str, beginning: str) -> Q:
    """Return the condition on rows of one network, which any index of the field answers.

    Args:
        field: where the rows keep their marks.
        beginning: as ``parts_of`` returns it.
    """
    # Behind every hexadecimal digit, however a database sorts.
    return Q(**{f"{field}__gte": beginning, f"{field}__lt": f"{beginning}g"})


def _part(network: str) -> str:
    key = f"idp.sender{settings.SECRET_KEY}".encode()
    return hmac.new(key, network.encode("utf-8", "surrogatepass"), "sha256").hexdigest()[:PART]
