"""The ledger of consent: one function writes, one reads back what the digest covers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from idp.domain import ledger as rules
from idp.domain import scope as scope_rules
from idp.domain.snapshot import ConsentDocument
from idp.models import ConsentEvent, ConsentEvidence, ConsentSnapshot, Subject
from idp.services.event import NOWHERE, Origin
from idp.services.evidence import commit_evidence, keep_evidence, keep_evidence_of
from idp.services.subject import lock_subject, lock_subjects, move_heads

CONTENT_VERSION = 1
"""Version of the content that the digest covers; it stands in the content itself."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An event without its place in a chain, with the evidence that belongs to it."""

    event: ConsentEvent
    evidence: ConsentEvidence | None


def draft(
    *,
    kind: str,
    application: Any,
    at: datetime,
    actor: str,
    by: str = "",
    before: Iterable[str] = (),
    after: Iterable[str] = (),
    declined: Iterable[str] = (),
    duration: str = "",
    expires_at: datetime | None = None,
    reason: str = "",
    authorization: str = "",
    document: ConsentDocument | None = None,
    extra: Mapping[str, Any] | None = None,
    origin: Origin = NOWHERE,
) -> Draft:
    """Return an event that is not written yet.

    Args:
        kind: a ``ConsentEvent.Kind``.
        application: the client's row; its id and name are copied.
        at: when it happened.
        actor: a ``ConsentEvent.Actor``.
        by: name of the operator, where there is one.
        before: scopes that were granted.
        after: scopes that are granted from now on.
        declined: scopes that were offered and refused.
        duration: a ``Duration``, or empty.
        expires_at: when the consent ends, or None.
        reason: why, in a few words or as a code; cut to 255 characters.
        authorization: id of the act of authorization, or empty.
        document: the page that the user saw, or None where there was none.
        extra: what the host site wants to keep; JSON values.
        origin: where the request came from; kept apart, where it can be erased.
    """
    commitment, evidence = commit_evidence(origin)
    event = ConsentEvent(
        kind=kind,
        at=at,
        actor=actor,
        actor_name=by[:255],
        client_id=str(application.client_id),
        client_name=str(getattr(application, "name", "") or "")[:255],
        scopes_before=scope_rules.to_text(before),
        scopes_after=scope_rules.to_text(after),
        declined=scope_rules.to_text(declined),
        duration=duration,
        expires_at=expires_at,
        reason=reason[:255],
        authorization=authorization,
        request_id=origin.request_id[:64],
        snapshot_digest=keep_snapshot(document, at),
        evidence_commitment=commitment,
        extra=dict(extra or {}),
    )
    return Draft(event, evidence)


@transaction.atomic(savepoint=False)
def append(subject_user: Any, **change: Any) -> ConsentEvent:
    """Write one event at the end of the user's chain, and return it.

    The caller holds every other lock that it needs: the subject's row is taken last.

    Args:
        subject_user: whose chain.
        **change: as ``draft`` takes it.

    Raises:
        idp.domain.ledger.NotCanonical: ``extra`` holds a value without a canonical form.
        ValueError: the user is not saved.
    """
    new = draft(**change)
    subject = lock_subject(subject_user)
    _chain(new.event, subject)
    new.event.save()
    Subject.objects.filter(pk=subject.pk).update(
        head_sequence=subject.head_sequence, head_digest=subject.head_digest
    )
    if new.evidence is not None:
        keep_evidence(new.event, new.evidence)
    return new.event


@transaction.atomic(savepoint=False)
def append_many(drafts: Sequence[tuple[Any, Draft]]) -> None:
    """Write the events of many users, given with the keys of their users, in few statements.

    The subjects' rows are taken last here as well, all of them in one order.

    Raises:
        idp.domain.ledger.NotCanonical: as ``append``.
    """
    subjects = lock_subjects(user for user, _new in drafts)
    for user, new in drafts:
        _chain(new.event, subjects[user])
    ConsentEvent.objects.bulk_create([new.event for _user, new in drafts])
    move_heads(subjects.values())
    news = [new for _user, new in drafts]
    keep_evidence_of((new.event, new.evidence) for new in news if new.evidence is not None)


def keep_snapshot(document: ConsentDocument | None, at: datetime) -> str:
    """Store what stood on a page once, and return its digest; empty without a page."""
    if document is None:
        return ""
    row = ConsentSnapshot(
        digest=snapshot_digest(document), document=_shown(document), created_at=at
    )
    ConsentSnapshot.objects.bulk_create([row], ignore_conflicts=True)
    return row.digest


def snapshot_digest(document: ConsentDocument | None) -> str:
    """Return the digest under which a page is stored; empty without a page."""
    if document is None:
        return ""
    return hashlib.sha256(rules.canonical(_shown(document))).hexdigest()


def link(event: ConsentEvent) -> rules.Link:
    """Return an event as the link of its chain that the domain computes with."""
    return rules.Link(content(event), event.previous_digest, event.digest)


def content(event: ConsentEvent) -> dict[str, Any]:
    """Return everything about an event that its digest covers, as JSON values."""
    return {
        "version": CONTENT_VERSION,
        "event": str(event.event_id),
        "subject": event.subject_key,
        "sequence": event.sequence,
        "kind": str(event.kind),
        "at": moment(event.at),
        "actor": str(event.actor),
        "actor_name": event.actor_name,
        "client": event.client_id,
        "client_name": event.client_name,
        "before": event.scopes_before,
        "after": event.scopes_after,
        "declined": event.declined,
        "duration": str(event.duration),
        "expires_at": moment(event.expires_at) if event.expires_at else None,
        "reason": event.reason,
        "authorization": event.authorization,
        "request": event.request_id,
        "page": event.snapshot_digest,
        "evidence": event.evidence_commitment,
        "extra": event.extra,
    }


def moment(value: datetime) -> str:
    """Return a time as the ledger writes it: UTC, RFC 3339, six digits of a second."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def _shown(document: ConsentDocument) -> dict[str, Any]:
    """Return a page without the name of the account: users can be forgotten, while pages stay."""
    return replace(document, account="").as_dict()


def _chain(event: ConsentEvent, subject: Subject) -> None:
    """Make an event the next one of a subject whose row is locked; the caller stores both."""
    event.subject_key = subject.key
    event.sequence = subject.head_sequence + 1
    event.previous_digest = subject.head_digest or rules.GENESIS
    event.digest = rules.digest(content(event), event.previous_digest)
    subject.head_sequence, subject.head_digest = event.sequence, event.digest
