"""The ledger: digest, commitment, chain, verification.

Events of one subject form a chain: each digest covers the event's content, in which subject and
sequence stand, and the digest before it. The walk along a chain is in ``ledger_chain``.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from idp.domain.canonical import NotCanonical, canonical
from idp.domain.ledger_chain import GENESIS, Breakage, Broken, Head, Link, digest
from idp.domain.ledger_walk import Verification

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "GENESIS",
    "Breakage",
    "Broken",
    "Head",
    "Link",
    "NotCanonical",
    "Verification",
    "canonical",
    "commitment",
    "digest",
    "verify",
]

SHORTEST_SALT = 16


def commitment(evidence: Mapping[str, Any], salt: bytes) -> str:
    """Return a text that binds evidence and tells nothing of it once the salt is erased.

    Args:
        evidence: what is kept beside the event, such as address and user agent.
        salt: random bytes, at least 16, kept with the evidence and nowhere else.

    Returns:
        HMAC-SHA256 of the canonical form under the salt, in lower-case hexadecimal.

    Raises:
        NotCanonical: the evidence has no canonical form.
        ValueError: the salt is so short that the evidence could be guessed.
    """
    if len(salt) < SHORTEST_SALT:
        raise ValueError("The salt is too short to hide anything.")
    return hmac.new(salt, canonical(dict(evidence)), hashlib.sha256).hexdigest()


def verify(
    events: Iterable[Link], heads: Iterable[Head] = (), *, after: Head | None = None
) -> Verification:
    """Return a verification; iterate over it to read the events and get what is broken.

    Memory stays the same however many events there are.

    Args:
        events: ordered by subject, then sequence.
        heads: where chains ended at a checkpoint, ordered by subject; finds removal at the end. A
            subject may have several, from several checkpoints.
        after: where an interrupted verification stopped (``Verification.position``); the events
            then start behind it.
    """
    return Verification(events, heads, after=after)
