"""What every change of a consent has in common: its cause, the lock, the end, the announcement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F

from idp import signals
from idp.models import Authorization, Consent, ConsentEvent
from idp.services import ledger
from idp.services.authorization import end_authorizations, revoke_legacy_tokens
from idp.services.consent_scope import granted_scopes, take_back_scopes
from idp.services.event import NOWHERE, Origin

if TYPE_CHECKING:
    from django.dispatch import Signal

    from idp.domain.snapshot import ConsentDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Who caused a change, why and when: what every event of the ledger tells.

    Attributes:
        actor: a ``ConsentEvent.Actor``.
        at: when.
        by: name of the operator who acted, or empty.
        reason: short code or words, or empty.
        origin: where the request came from.
        authorization: id of the act of authorization, or empty.
        document: the page that was shown, or None.
        task: id of the long work that the change belongs to, or empty.
        extra: what the host site keeps with the event.
    """

    actor: str
    at: datetime
    by: str = ""
    reason: str = ""
    origin: Origin = NOWHERE
    authorization: str = ""
    document: ConsentDocument | None = None
    task: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def told(self) -> dict[str, str]:
        """Return who, why and in which work, for the detail of a security event."""
        known = {"by": self.by, "reason": self.reason, "task": self.task}
        return {name: text for name, text in known.items() if text}

    def write(self, kind: str, user: Any, application: Any, **change: Any) -> ConsentEvent:
        """Write the event of a change, which is the last thing that a change does."""
        return ledger.append(user, **self._told(kind, application, change))

    def draft(self, kind: str, application: Any, **change: Any) -> ledger.Draft:
        """Return the event of a change, to be written with others."""
        return ledger.draft(**self._told(kind, application, change))

    def _told(self, kind: str, application: Any, change: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "kind": kind,
            "application": application,
            "at": self.at,
            "actor": self.actor,
            "by": self.by,
            "reason": self.reason,
            "origin": self.origin,
            "authorization": self.authorization,
            "document": self.document,
            "extra": self.extra,
            **change,
        }


def lock_consent(consent: Consent) -> Consent:
    """Return the row as it is now, locked; others may still refer to it."""
    rows = Consent.objects.select_related("user", "application")
    return rows.select_for_update(of=("self",), no_key=True).get(pk=consent.pk)


def end_consent(consent: Consent, status: str, kind: str, cause: Cause) -> ConsentEvent | None:
    """End a consent with every token that rests on it; None when it had ended before.

    The epoch rises in the same transaction, so that a token that is being minted meanwhile is
    worth nothing.
    """
    locked = lock_consent(consent)
    if locked.status != Consent.Status.ACTIVE:
        return None
    before = granted_scopes(locked)
    Consent.objects.filter(pk=locked.pk).update(
        status=status,
        epoch=F("epoch") + 1,
        ended_at=cause.at,
        ended_reason=(cause.reason or status)[:100],
    )
    take_back_scopes(locked, None, cause.at)
    end_holdings(locked.user, locked.application, f"consent_{status}", cause.at)
    event = cause.write(
        kind, locked.user, locked.application, before=before, expires_at=locked.expires_at
    )
    locked.refresh_from_db()
    announce(signals.consent_revoked, consent=locked, event=event)
    return event


def end_holdings(user: Any, application: Any, reason: str, now: datetime) -> int:
    """End everything that a client holds of a user, recorded or older; return how much."""
    pair = Authorization.objects.filter(user=user, application=application)
    ended = end_authorizations(pair, reason=reason, now=now)
    return ended + revoke_legacy_tokens(user, application, now)


def announce(signal: Signal, **arguments: Any) -> None:
    """Send a signal once the transaction is committed; no receiver can break what happened."""
    transaction.on_commit(partial(signal.send_robust, Consent, **arguments))
