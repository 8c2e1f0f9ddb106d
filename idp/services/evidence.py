"""Address and browser of a decision: committed to in the ledger, kept where they can be erased."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from typing import Any

from idp.conf import idp_settings
from idp.domain.address import plain
from idp.domain.ledger import commitment
from idp.models import ConsentEvent, ConsentEvidence, Subject
from idp.services.event import Origin, printable


def commit_evidence(origin: Origin) -> tuple[str, ConsentEvidence | None]:
    """Return the commitment for the ledger, and the row that opens it.

    Both are empty when the site keeps no evidence, or there is none.
    """
    kept = idp_settings.evidence
    address = plain(origin.address) if kept.get("ip_address") else None
    browser = printable(origin.user_agent, 500) if kept.get("user_agent") else ""
    if not address and not browser:
        return "", None
    row = ConsentEvidence(
        ip_address=address or None, user_agent=browser, salt=secrets.token_hex(32)
    )
    return _commitment(row), row


def keep_evidence(event: ConsentEvent, row: ConsentEvidence) -> None:
    """Store the evidence of an event that was written."""
    row.event_id = event.event_id
    row.subject_key = event.subject_key
    row.save(force_insert=True)


def keep_evidence_of(rows: Iterable[tuple[ConsentEvent, ConsentEvidence]]) -> None:
    """Store the evidence of many events that were written, in one statement."""
    kept = []
    for event, row in rows:
        row.event_id, row.subject_key = event.event_id, event.subject_key
        kept.append(row)
    ConsentEvidence.objects.bulk_create(kept)


def evidence_matches(event: ConsentEvent, row: ConsentEvidence) -> bool:
    """Return whether evidence is what the event committed to."""
    return hmac.compare_digest(event.evidence_commitment, _commitment(row))


def erase_evidence(user: Any) -> int:
    """Erase address and browser of all decisions of a user, with the salts; return how many.

    The chain stays as it is, and verifies: without its salt, a commitment tells nothing.
    """
    key = Subject.objects.filter(user_id=user.pk).values("key")
    erased, _by_model = ConsentEvidence.objects.filter(subject_key__in=key).delete()
    return erased


def _commitment(row: ConsentEvidence) -> str:
    values = {"ip_address": row.ip_address or "", "user_agent": row.user_agent}
    return commitment(values, bytes.fromhex(row.salt))
