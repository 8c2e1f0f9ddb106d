"""The ledger: canonical form, digest, chain, verification.

Events of one subject form a chain: each digest covers the event's content, in which subject and
sequence stand, and the digest before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

GENESIS = ""


class NotCanonical(ValueError):
    """A value that has no canonical form."""


class Breakage(StrEnum):
    """What happened to a chain."""

    ALTERED = "altered"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"


@dataclass(frozen=True, slots=True)
class Link:
    """One event in its chain.

    Attributes:
        content: everything that the digest covers; ``subject`` (str) and ``sequence`` (int, from 1).
        previous: digest of the event before, ``GENESIS`` for the first.
        digest: as stored.
    """

    content: Mapping[str, Any]
    previous: str
    digest: str


@dataclass(frozen=True, slots=True)
class Head:
    """The end of one chain at one time, as a checkpoint or a ``Subject`` row keeps it."""

    subject: str
    sequence: int
    digest: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The first broken event of a chain."""

    subject: str
    sequence: int
    reason: Breakage


def canonical(value: Any) -> bytes:
    """Return the one JSON text of a value (RFC 8785)."""
    raise NotImplementedError


def digest(event: Mapping[str, Any], previous: str) -> str:
    """Return the digest of an event behind another, as lower-case hexadecimal SHA-256."""
    raise NotImplementedError


def commitment(evidence: Mapping[str, Any], salt: bytes) -> str:
    """Return a text that binds evidence without telling it, once the salt is erased."""
    raise NotImplementedError


class Verification:
    """A walk along chains; iterate over it to get the first broken event of each broken chain.

    Attributes:
        count: events read so far.
        chains: chains met so far.
        broken: broken chains so far.
    """

    def __init__(self, events: Iterable[Link], heads: Iterable[Head] = ()) -> None:
        """Remember what to read; nothing is read before iteration."""
        self.count = self.chains = self.broken = 0

    def __iter__(self) -> Iterator[Broken]:
        """Read all events in constant memory, giving each breakage as it is found."""
        raise NotImplementedError


def verify(events: Iterable[Link], heads: Iterable[Head] = ()) -> Verification:
    """Return a verification of events that come ordered by subject, then sequence."""
    return Verification(events, heads)
