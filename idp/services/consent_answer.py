"""The answer of a user to a client: a grant, or a refusal that changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from idp import signals
from idp.domain.consent import EventKind, difference
from idp.models import Consent, ConsentEvent
from idp.services.consent_change import Cause, announce, end_consent, lock_consent
from idp.services.consent_expiry import consent_end, earliest
from idp.services.consent_scope import granted_scopes, take_back_scopes, write_scopes
from idp.services.consent_settle import settle
from idp.services.ledger import snapshot_digest
from idp.services.narrowing import shrink_holdings

if TYPE_CHECKING:
    from idp.services.client import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A yes, with what it covers.

    Attributes:
        user: who decided.
        client: about whom.
        allowed: scopes that were asked and taken.
        declined: scopes that were offered and not taken.
        duration: a ``Duration``.
        expires_at: when the consent ends at the latest, or None.
    """

    user: Any
    client: Client
    allowed: frozenset[str]
    declined: frozenset[str]
    duration: str
    expires_at: datetime | None


def record_grant(answer: Answer, cause: Cause) -> Consent | None:
    """Store a yes; None when it leaves the client with nothing.

    What was granted before and did not stand on the page stays as it was, with its end, unless it
    was given for one time only.
    """
    consent, first = _locked(answer, cause.at)
    held = None if consent is None or first else _held(consent, cause.at)
    unseen = (held or frozenset()) - answer.allowed - answer.declined
    if consent is not None and consent.duration == Consent.Duration.ONCE:
        unseen = frozenset()
    after = answer.allowed | unseen
    if consent is None or not after:
        _record_nothing(answer, consent if held else None, cause)
        return None
    ends = _end_of(answer, after, consent.expires_at if unseen else None, cause.at)
    _activate(consent, answer.duration, ends, cause.at, anew=held is None)
    write_scopes(
        consent,
        granted=answer.allowed,
        declined=answer.declined,
        known=held or frozenset(),
        client=answer.client,
        document=cause.document,
        snapshot_digest=snapshot_digest(cause.document),
        now=cause.at,
    )
    removed = (held or frozenset()) - after
    if removed:
        take_back_scopes(consent, removed - answer.declined, cause.at)
        shrink_holdings(answer.user, answer.client.application, removed, cause.at)
    event = _write(answer, consent, held, after, cause)
    announce(signals.consent_granted, consent=consent, event=event, first=first)
    if removed:
        announce(signals.consent_narrowed, consent=consent, event=event, scopes=removed)
    return consent


def record_refusal(
    user: Any, application: Any, asked: frozenset[str], cause: Cause
) -> ConsentEvent:
    """Write down a no; what was granted before stays."""
    consent = Consent.objects.filter(user=user, application=application).live(cause.at).first()
    held = granted_scopes(consent) if consent is not None else frozenset()
    event = cause.write(
        EventKind.DECLINED, user, application, before=held, after=held, declined=asked
    )
    announce(signals.consent_declined, user=user, application=application, event=event)
    return event


def _locked(answer: Answer, now: datetime) -> tuple[Consent | None, bool]:
    """Return the consent at hand, locked, and whether it is the first; none is made for nothing."""
    pair = {"user_id": answer.user.pk, "application_id": answer.client.application.pk}
    if not answer.allowed:
        found = Consent.objects.filter(**pair).first()
        return (lock_consent(found) if found is not None else None), False
    consent, first = Consent.objects.get_or_create(
        **pair, defaults={"created_at": now, "decided_at": now}
    )
    return (consent if first else lock_consent(consent)), first


def _held(consent: Consent, now: datetime) -> frozenset[str] | None:
    """Return what a locked consent holds; None for one that does not hold.

    What an operator took back is taken first, and one whose time has run out is written off, so
    that the ledger tells both.
    """
    settle(consent)
    if consent.is_live(now):
        return granted_scopes(consent)
    expired = Consent.Status.EXPIRED
    end_consent(consent, expired, EventKind.EXPIRED, Cause(actor="system", at=now))
    return None


def _record_nothing(answer: Answer, live: Consent | None, cause: Cause) -> None:
    if live is not None:
        end_consent(live, Consent.Status.REVOKED, EventKind.REVOKED, cause)
        return
    record_refusal(answer.user, answer.client.application, answer.declined, cause)


def _activate(
    consent: Consent, duration: str, ends: datetime | None, now: datetime, *, anew: bool
) -> None:
    """Store the consent as one that holds from now on; its epoch is left to who ends it."""
    values = {
        "status": Consent.Status.ACTIVE,
        "duration": duration,
        "expires_at": ends,
        "decided_at": now,
        "ended_at": None,
        "ended_reason": "",
        "ended_by_task": None,
        "imported": False,
        **({"created_at": now} if anew else {}),
    }
    for name, value in values.items():
        setattr(consent, name, value)
    consent.save(update_fields=list(values))
    consent.refresh_from_db(fields=("epoch",))


def _write(
    answer: Answer,
    consent: Consent,
    held: frozenset[str] | None,
    after: frozenset[str],
    cause: Cause,
) -> ConsentEvent:
    return cause.write(
        difference(held, after),
        answer.user,
        answer.client.application,
        before=held or frozenset(),
        after=after,
        declined=answer.declined,
        duration=answer.duration,
        expires_at=consent.expires_at,
    )


def _end_of(
    answer: Answer, after: frozenset[str], unseen_until: datetime | None, now: datetime
) -> datetime | None:
    """Return when the consent ends: what was not on the page never lasts longer by the answer."""
    by_rules = consent_end(
        client=answer.client, user=answer.user, granted=after, duration=answer.duration, now=now
    )
    return earliest(answer.expires_at, by_rules, unseen_until)
