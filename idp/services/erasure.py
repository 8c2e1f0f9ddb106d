"""Forgetting a person: personal data goes, the proof of what was decided stays."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from idp.models import Authorization, ConsentEvent, ConsentEvidence, SecurityEvent, Subject
from idp.services.evidence import erase_evidence

BATCH = 500


@dataclass(frozen=True, slots=True)
class Traces:
    """What is known of a person beside the account itself.

    Attributes:
        events: events of the ledger that are tied to the account.
        evidence: decisions whose address or browser is kept.
        authorizations: acts of authorization with an address or browser.
        security_events: security events that name the account.
    """

    events: int = 0
    evidence: int = 0
    authorizations: int = 0
    security_events: int = 0


def traces_of(user: Any) -> Traces:
    """Return how much would be erased or cut off."""
    keys = Subject.objects.filter(user_id=user.pk).values("key")
    return Traces(
        events=ConsentEvent.objects.filter(subject_key__in=keys).count(),
        evidence=ConsentEvidence.objects.filter(subject_key__in=keys).count(),
        authorizations=_located(user).count(),
        security_events=SecurityEvent.objects.filter(user_id=user.pk).count(),
    )


@transaction.atomic
def forget_user(user: Any) -> Traces:
    """Cut the tie between a user and their chain, and erase where they were; return how much.

    The events stay and verify; whose they were, nobody can tell any more. Consents and tokens go
    on as they are, and a later decision of the same user begins another chain. Whoever shall lose
    the account as well is deleted as any user is, which erases the same.
    """
    traces = traces_of(user)
    erase_traces(user)
    subject = Subject.objects.select_for_update().filter(user_id=user.pk)
    for found in subject:
        Subject.objects.filter(pk=found.pk).update(user=None)
    return traces


@transaction.atomic
def erase_traces(user: Any) -> None:
    """Erase addresses and browsers of a user wherever they are kept, and what they hash to."""
    erase_evidence(user)
    _located(user).update(address=None, user_agent="")
    events = SecurityEvent.objects.filter(user_id=user.pk).order_by("pk")
    while batch := list(events[:BATCH]):
        for event in batch:
            # The digest covers the address, which is short enough to be guessed from it.
            event.user, event.address, event.fingerprint = None, None, secrets.token_hex(32)
        SecurityEvent.objects.bulk_update(batch, ("user", "address", "fingerprint"))


def _located(user: Any) -> Any:
    rows = Authorization.objects.filter(user_id=user.pk)
    return rows.exclude(address=None, user_agent="")
