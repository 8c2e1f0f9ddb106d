"""The walk along all chains of the ledger, in constant memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idp.domain.ledger_chain import Breakage, Broken, Chain, Head, Link

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Verification:
    """A verification in progress; iterating reads the events and yields each broken chain once.

    Attributes:
        count: events read so far.
        chains: chains met so far, those included of which nothing is left.
        broken: broken chains so far.
        position: the last good event, from which an interrupted verification can resume; a break
            behind it is found again. None at the beginning.
    """

    def __init__(
        self, events: Iterable[Link], heads: Iterable[Head] = (), *, after: Head | None = None
    ) -> None:
        self.count = 0
        self.chains = 0
        self.broken = 0
        self._events = iter(events)
        self._heads = iter(heads)
        self._head = next(self._heads, None)
        self._after = after
        self._chain = Chain("")
        self.position = after

    def __iter__(self) -> Iterator[Broken]:
        """Read all events, yielding the first broken event of each broken chain."""
        for found in self._walk():
            self.broken += 1
            yield found

    def _walk(self) -> Iterator[Broken]:
        if self._after:
            yield from self._enter(self._after.subject)
        for link in self._events:
            self.count += 1
            yield from self._take(link)
        yield from self._leave()
        yield from self._gone(None)

    def _take(self, link: Link) -> Iterator[Broken]:
        if link.subject != self._chain.subject:
            yield from self._enter(link.subject)
        found = self._chain.follow(link)
        self.position = self._chain.position or self.position
        if found:
            yield found

    def _enter(self, subject: str) -> Iterator[Broken]:
        """Leave the chain before and begin another one."""
        behind = subject < self._chain.subject
        yield from self._leave()
        yield from self._gone(subject)
        after = self._after
        resumed = after if after and after.subject == subject else None
        self._chain = Chain(subject, self._heads_of(subject), resumed)
        self.chains += 1
        if behind:
            # A chain that comes after a greater one is out of its place as a whole.
            self._chain.broken = True
            yield Broken(subject, 1, Breakage.REORDERED)

    def _leave(self) -> Iterator[Broken]:
        found = self._chain.end()
        if found:
            yield found

    def _gone(self, subject: str | None) -> Iterator[Broken]:
        """Yield the chains of the checkpoint before a subject of which no event is left."""
        while self._head and (subject is None or self._head.subject < subject):
            gone = self._head.subject
            found = self._heads_of(gone)
            verified_before = self._after is not None and gone < self._after.subject
            if any(head.sequence for head in found) and not verified_before:
                self.chains += 1
                yield Broken(gone, 1, Breakage.REMOVED)

    def _heads_of(self, subject: str) -> list[Head]:
        """Take the heads of a subject; several witnesses may each know one."""
        found: list[Head] = []
        while self._head and self._head.subject == subject:
            found.append(self._head)
            self._head = next(self._heads, None)
        return found
