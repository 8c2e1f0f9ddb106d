"""Verifications of the ledger as operators run them: recorded, resumable, with progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from heapq import merge
from typing import Any

from django.db import OperationalError
from django.utils import timezone

from idp.domain.ledger import Broken, Head, Link, Verification, verify
from idp.models import LedgerCheck
from idp.services.ledger_verification import stored_links, subject_heads

TOLD_EVERY = 1_000
SAVED_EVERY = 50_000
MOST_FINDINGS = 1_000
"""How many broken chains a row names; the count goes on."""
KEPT = 100
"""How many verifications are remembered."""


def last_check() -> LedgerCheck | None:
    """Return the newest verification that came to its end, or None."""
    return LedgerCheck.objects.exclude(finished_at=None).first()


def interrupted_check() -> LedgerCheck | None:
    """Return the verification that was interrupted since the last one that ended, or None."""
    newest = LedgerCheck.objects.first()
    return newest if newest is not None and newest.finished_at is None else None


def begin_check(*, now: datetime, checkpoint: str = "") -> LedgerCheck:
    """Return the row of a new verification; the oldest rows make place for it.

    Args:
        now: the time.
        checkpoint: when the checkpoint that is used was written, or empty.
    """
    old = LedgerCheck.objects.values_list("pk", flat=True)[KEPT - 1 :]
    LedgerCheck.objects.filter(pk__in=list(old)).delete()
    return LedgerCheck.objects.create(started_at=now, checkpoint=checkpoint)


def run_check(
    check: LedgerCheck,
    *,
    checkpoint: Iterable[Head] = (),
    tell: Callable[[int], None] = lambda events: None,
) -> LedgerCheck:
    """Verify the ledger from where a check stands to its end, and store what was found.

    Interrupted at any moment, it goes on from about there when it is called again. What was
    verified before is taken for granted then: begin anew where somebody may have been at work
    meanwhile.

    Args:
        check: a new one, or one that was interrupted.
        checkpoint: ends of chains that were kept elsewhere, ordered by subject; the subjects' own
            rows are used in any case.
        tell: called now and then with the number of events verified so far.
    """
    after = Head(**check.position) if check.position else None
    walk = _Walk(check, after, checkpoint, tell)
    try:
        for found in walk.verification:
            walk.note(found)
        check.finished_at = timezone.now()
        check.position = {}
    finally:
        walk.save()
    return check


class _Walk:
    """A verification that keeps its row up to date."""

    def __init__(
        self,
        check: LedgerCheck,
        after: Head | None,
        checkpoint: Iterable[Head],
        tell: Callable[[int], None],
    ) -> None:
        self._check = check
        self._tell = tell
        # The chain that is gone on with was counted before.
        self._before = (check.events, check.chains - bool(after))
        heads = merge(subject_heads(after), checkpoint, key=lambda head: head.subject)
        self.verification: Verification = verify(
            self._watched(stored_links(after)), heads, after=after
        )

    def note(self, found: Broken) -> None:
        """Remember a broken chain; one that was found before an interruption only once."""
        entry = {**asdict(found), "reason": str(found.reason)}
        if entry in self._check.findings:
            return
        self._check.broken += 1
        if len(self._check.findings) < MOST_FINDINGS:
            self._check.findings.append(entry)

    def save(self) -> None:
        """Store how far it is."""
        check, verification = self._check, self.verification
        check.events = self._before[0] + verification.count
        check.chains = self._before[1] + verification.chains
        if check.finished_at is None and verification.position is not None:
            check.position = asdict(verification.position)
        check.save()

    def _watched(self, links: Iterator[Link]) -> Iterator[Link]:
        for count, link in enumerate(links, start=1):
            if count % TOLD_EVERY == 0:
                self._tell(self._before[0] + count)
            if count % SAVED_EVERY == 0:
                # SQLite refuses to write while others wrote since this reading began.
                with suppress(OperationalError):
                    self.save()
            yield link


def finding_words(finding: dict[str, Any]) -> str:
    """Return a finding as one line."""
    return f"subject {finding['subject']}, event {finding['sequence']}: {finding['reason']}"
