"""The verification of the stored ledger: any size, in constant memory, resumable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Q

from idp.domain.ledger import Head, Link, Verification, verify
from idp.models import ConsentEvent, Subject
from idp.services.ledger import link

CHUNK = 2_000


def verify_ledger(
    heads: Iterable[Head] | None = None, *, after: Head | None = None
) -> Verification:
    """Return a verification of the stored ledger; iterate over it to get the broken chains.

    While it is iterated, ``count``, ``chains``, ``broken`` and ``position`` tell how far it is.

    Args:
        heads: ends of chains to hold the ledger against, ordered by subject, such as those of a
            checkpoint; None for what the subjects' rows say, which finds removal at the end by
            anybody who did not change these rows as well.
        after: ``position`` of an interrupted verification.
    """
    return verify(
        stored_links(after), subject_heads(after) if heads is None else heads, after=after
    )


def stored_events(after: Head | None = None) -> Iterator[Any]:
    """Yield all events in the order of the chains, or those behind a position.

    They come as rows without models: half of the time of a verification would go into making them.
    """
    rows = ConsentEvent.objects.order_by("subject_key", "sequence")
    if after is not None:
        # The first condition lets the index begin there; the second one alone would not.
        behind = Q(subject_key__gt=after.subject) | Q(sequence__gt=after.sequence)
        rows = rows.filter(behind, subject_key__gte=after.subject)
    yield from rows.values_list(named=True).iterator(chunk_size=CHUNK)


def stored_links(after: Head | None = None) -> Iterator[Link]:
    """Yield all events as links of their chains, or those behind a position."""
    return map(link, stored_events(after))


def subject_heads(after: Head | None = None) -> Iterator[Head]:
    """Yield where each chain ends by its subject's row, ordered by subject."""
    rows = Subject.objects.filter(head_sequence__gt=0).order_by("key")
    if after is not None:
        rows = rows.filter(key__gte=after.subject)
    values = rows.values_list("key", "head_sequence", "head_digest")
    for key, sequence, digest in values.iterator(chunk_size=CHUNK):
        yield Head(key, sequence, digest)
