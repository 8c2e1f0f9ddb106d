"""One chain of the ledger: how events are linked, and how a break in it is recognised."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from idp.domain.canonical import NotCanonical, canonical

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GENESIS = ""
_FARTHEST_SHIFT = 16


class Breakage(StrEnum):
    """What happened to a chain, as far as what is left of it tells."""

    ALTERED = "altered"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"


@dataclass(frozen=True, slots=True)
class Link:
    """One event in its chain.

    Attributes:
        content: everything that the digest covers; ``subject`` (str) and ``sequence`` (int, from
            1) are among it.
        previous: digest of the event before, ``GENESIS`` for the first.
        digest: as stored.
    """

    content: Mapping[str, Any]
    previous: str
    digest: str

    @property
    def subject(self) -> str:
        """Return the key of the chain."""
        return str(self.content.get("subject", ""))

    @property
    def sequence(self) -> int:
        """Return the place in the chain, 0 where the content names none."""
        number = self.content.get("sequence")
        return number if isinstance(number, int) and not isinstance(number, bool) else 0

    def is_sound(self) -> bool:
        """Return whether the digest is the one of the content."""
        return _fits(self.content, self.previous, self.digest)


@dataclass(frozen=True, slots=True)
class Head:
    """Where one chain ended at one time, as a checkpoint or a subject's row keeps it."""

    subject: str
    sequence: int
    digest: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The first broken event of a chain.

    Attributes:
        subject: key of the chain.
        sequence: place of the event; of the first missing one where events were removed.
        reason: what happened.
    """

    subject: str
    sequence: int
    reason: Breakage


def digest(event: Mapping[str, Any], previous: str) -> str:
    """Return the digest of an event behind another, as lower-case hexadecimal SHA-256.

    Args:
        event: the content, with ``subject`` and ``sequence``.
        previous: digest of the event before, ``GENESIS`` for the first.

    Raises:
        NotCanonical: the content has no canonical form.

    Source: RFC 8785.
    """
    return hashlib.sha256(canonical({"event": dict(event), "previous": previous})).hexdigest()


class Chain:
    """A walk along one chain, which remembers no more than the last two digests.

    Where an event does not follow the one before, its own ``previous`` says which one it knew.
    Whether that one was removed or only stands elsewhere is seen further on, or at the end.
    """

    def __init__(self, subject: str, heads: Sequence[Head] = (), after: Head | None = None) -> None:
        self.subject = subject
        self._heads = {(head.sequence, head.digest) for head in heads}
        self._places = {head.sequence for head in heads}
        self.sequence = after.sequence if after else 0
        self.last = after.digest if after else GENESIS
        self.before_last: str | None = None
        self.broken = False
        self._waiting: Broken | None = None
        self._missing = GENESIS
        self._intruder = Breakage.INSERTED

    def follow(self, link: Link) -> Broken | None:
        """Take the next event; return what it breaks, at most once a chain."""
        if self.broken:
            return None
        if self._waiting:
            return self._recognise(link, self._waiting.sequence)
        expected = self.sequence + 1
        if self._continues(link):
            return self._advance(link)
        if 0 < link.sequence <= self.sequence or link.previous == self.before_last:
            return self._break(min(link.sequence, self.sequence), Breakage.INSERTED)
        if link.sequence == expected and link.is_sound():
            # It knew another event before it than the one that stands there.
            return self._break(max(self.sequence, 1), Breakage.ALTERED)
        # If the rightful event comes next, this one took its place, or only came too early.
        taken = link.sequence == expected
        self._intruder = Breakage.INSERTED if taken else Breakage.REORDERED
        self._missing = link.previous
        self._waiting = Broken(self.subject, expected, self._suspect(link))
        return None

    def end(self) -> Broken | None:
        """Return what the end of the chain breaks."""
        if self.broken:
            return None
        if self._waiting:
            return self._break(self._waiting.sequence, self._waiting.reason)
        if self.sequence < max(self._places, default=0):
            return self._break(self.sequence + 1, Breakage.REMOVED)
        return None

    @property
    def position(self) -> Head | None:
        """Return the last event that is surely good, or None."""
        return Head(self.subject, self.sequence, self.last) if self.sequence else None

    def _continues(self, link: Link) -> bool:
        placed = link.sequence == self.sequence + 1 and link.previous == self.last
        return placed and link.is_sound()

    def _recognise(self, link: Link, sequence: int) -> Broken | None:
        """Return what happened before, if a later event of the chain tells."""
        if link.digest == self._missing:
            return self._break(sequence, Breakage.REORDERED)
        return self._break(sequence, self._intruder) if self._continues(link) else None

    def _suspect(self, link: Link) -> Breakage:
        """Return what happened to a place of the chain if no later event tells."""
        if link.previous == self.last or _fits(link.content, self.last, link.digest):
            return Breakage.ALTERED
        if link.sequence > self.sequence + 1:
            return Breakage.REMOVED
        return Breakage.REMOVED if _is_shifted(link) else Breakage.ALTERED

    def _advance(self, link: Link) -> Broken | None:
        self.before_last, self.last = self.last, link.digest
        self.sequence += 1
        if self.sequence in self._places and self._contradicted():
            return self._break(self.sequence, Breakage.ALTERED)
        return None

    def _contradicted(self) -> bool:
        """Return whether a head knew another event at the present place."""
        return any(place == self.sequence and digest != self.last for place, digest in self._heads)

    def _break(self, sequence: int, reason: Breakage) -> Broken:
        self.broken = True
        return Broken(self.subject, sequence, reason)


def _is_shifted(link: Link) -> bool:
    """Return whether an event is sound in a later place: it was moved up to close a gap."""
    shifts = range(1, _FARTHEST_SHIFT + 1)
    contents = ({**link.content, "sequence": link.sequence + shift} for shift in shifts)
    return any(_fits(content, link.previous, link.digest) for content in contents)


def _fits(content: Mapping[str, Any], previous: str, stored: str) -> bool:
    try:
        return digest(content, previous) == stored
    except NotCanonical:
        return False
