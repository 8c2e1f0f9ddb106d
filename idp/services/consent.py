"""Consent: the decision of a user about a client, its changes and its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from idp import signals
from idp.domain.consent import Duration, EventKind
from idp.models import Consent, ConsentEvent
from idp.services.client import client_of
from idp.services.consent_answer import Answer, record_grant, record_refusal
from idp.services.consent_change import Cause, announce, end_consent, lock_consent
from idp.services.consent_memory import present_consent, recall, remembered, words_versions
from idp.services.consent_scope import granted_scopes, take_back_scopes
from idp.services.consent_use import record_silent_use
from idp.services.event import NOWHERE, Origin
from idp.services.narrowing import shrink_holdings
from idp.services.origin import origin_of

if TYPE_CHECKING:
    from django.http import HttpRequest

    from idp.domain.snapshot import ConsentDocument
    from idp.services.client import Client

__all__ = [
    "DECIDED",
    "expire_consent",
    "narrow_consent",
    "note_expiry",
    "present_consent",
    "recall",
    "record_decision",
    "record_silent_use",
    "remembered",
    "revoke_consent",
    "words_versions",
]

DECIDED = "idp.consent"
"""Where the consent of a decision stands in the variables of the request that carried it."""

Actor = ConsentEvent.Actor
Status = Consent.Status


@transaction.atomic
def record_decision(
    user: Any,
    application: Any,
    scopes: str | Iterable[str],
    allow: bool,  # noqa: FBT001 - host sites call it by position
    request: HttpRequest | None = None,
    extra: Mapping[str, Any] | None = None,
    *,
    document: ConsentDocument | None = None,
    declined: Iterable[str] = (),
    duration: str = Duration.UNTIL_REVOKED,
    expires_at: datetime | None = None,
    actor: str = Actor.USER,
    by: str = "",
    reason: str = "",
    origin: Origin = NOWHERE,
    authorization: str = "",
    client: Client | None = None,
    now: datetime | None = None,
) -> Consent | None:
    """Record what a user answered to a client: in the ledger, and as the present consent.

    An allowing answer adds to what was allowed before, takes away what it declines, and renews the
    end of the whole consent. A refusing one is written down and changes nothing.

    Args:
        user: who decided.
        application: the client's row.
        scopes: what was asked and is allowed, or refused, as a set or as on the wire.
        allow: the answer.
        request: the request that carried the answer, where ``origin`` is not given.
        extra: what the host site wants kept with the event; JSON values.
        document: the page that was shown, or None for a page of the host site.
        declined: scopes that were offered and not taken although the answer is yes.
        duration: what the user chose, a ``Duration``.
        expires_at: when the consent ends at the latest; policy, client and site may end it sooner.
        actor: a ``ConsentEvent.Actor``.
        by: name of the operator who acted, where one did.
        reason: why, as a short code.
        origin: where the request came from.
        authorization: id of the act of authorization, where it is known.
        client: the client with its policy, where the caller has it.
        now: the time; defaults to the clock.

    Returns:
        The consent, or None when nothing is allowed by this answer.

    Raises:
        idp.domain.ledger.NotCanonical: ``extra`` holds a value without a canonical form.
        ValueError: the user is not saved, or the duration is unknown.
    """
    asked = frozenset(scopes.split() if isinstance(scopes, str) else scopes)
    refused = frozenset(declined)
    cause = Cause(
        actor=actor,
        at=now or timezone.now(),
        by=by,
        reason=reason,
        origin=origin_of(request) if request is not None and origin is NOWHERE else origin,
        authorization=authorization,
        document=document,
        extra=extra or {},
    )
    if not allow:
        shown = document.grantable() if document is not None else frozenset()
        record_refusal(user, application, (asked | refused) or shown, cause)
        return None
    answer = Answer(
        user=user,
        client=client or client_of(application),
        allowed=asked - refused,
        declined=refused,
        duration=Duration(duration),
        expires_at=expires_at,
    )
    consent = record_grant(answer, cause)
    if request is not None:
        request.META[DECIDED] = consent
    return consent


@transaction.atomic
def revoke_consent(
    consent: Consent,
    *,
    actor: str = Actor.USER,
    reason: str = "",
    by: str = "",
    origin: Origin = NOWHERE,
    now: datetime | None = None,
) -> ConsentEvent | None:
    """End a consent with every token that rests on it; None when it had ended before.

    Args:
        consent: which; the row at hand need not be fresh.
        actor: a ``ConsentEvent.Actor``.
        reason: why, as a short code or in the operator's words.
        by: name of the operator who acted, where one did.
        origin: where the request came from.
        now: the time; defaults to the clock.
    """
    cause = Cause(actor=actor, at=now or timezone.now(), by=by, reason=reason, origin=origin)
    return end_consent(consent, Status.REVOKED, EventKind.REVOKED, cause)


@transaction.atomic
def expire_consent(consent: Consent, *, now: datetime | None = None) -> ConsentEvent | None:
    """Write down that a consent has come to its end; None when there is nothing to write."""
    at = now or timezone.now()
    locked = lock_consent(consent)
    if locked.status != Status.ACTIVE or locked.is_live(at):
        return None
    return end_consent(locked, Status.EXPIRED, EventKind.EXPIRED, Cause(actor=Actor.SYSTEM, at=at))


def note_expiry(consent: Consent | None, now: datetime) -> None:
    """Write down that a consent was found to have run out, if it has; the finder goes on.

    Written once the present transaction is over: whoever finds it may hold locks that come after
    the consent's, and no failure to write lets through what has run out.

    Args:
        consent: as read, or None where there is none.
        now: the time of the finding.
    """
    if consent is None or consent.status != Status.ACTIVE or consent.is_live(now):
        return
    transaction.on_commit(partial(expire_consent, consent, now=now), robust=True)


@transaction.atomic
def narrow_consent(
    consent: Consent,
    scopes: Iterable[str],
    *,
    actor: str = Actor.USER,
    reason: str = "",
    by: str = "",
    origin: Origin = NOWHERE,
    now: datetime | None = None,
) -> ConsentEvent | None:
    """Take scopes back from a live consent; tokens lose them at once and keep the rest.

    A consent that would keep nothing is revoked.

    Args:
        consent: which.
        scopes: what is taken back; what is not granted is passed over.
        actor: a ``ConsentEvent.Actor``.
        reason: why, as a short code or in the operator's words.
        by: name of the operator who acted, where one did.
        origin: where the request came from.
        now: the time; defaults to the clock.

    Returns:
        The event, or None when nothing of it was granted.
    """
    cause = Cause(actor=actor, at=now or timezone.now(), by=by, reason=reason, origin=origin)
    locked = lock_consent(consent)
    before = granted_scopes(locked) if locked.is_live(cause.at) else frozenset()
    removed = before & frozenset(scopes)
    if not removed:
        return None
    if removed == before:
        return end_consent(locked, Status.REVOKED, EventKind.REVOKED, cause)
    take_back_scopes(locked, removed, cause.at)
    shrink_holdings(locked.user, locked.application, removed, cause.at)
    event = cause.write(
        EventKind.NARROWED,
        locked.user,
        locked.application,
        before=before,
        after=before - removed,
        duration=locked.duration,
        expires_at=locked.expires_at,
    )
    announce(signals.consent_narrowed, consent=locked, event=event, scopes=removed)
    return event
