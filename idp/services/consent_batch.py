"""The end or narrowing of many consents at once: as one after the other, in few statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from idp import signals
from idp.domain.consent import EventKind
from idp.models import Consent, ConsentScope
from idp.models.expression import among
from idp.services.consent_change import Cause, announce
from idp.services.holding_batch import end_holdings_of, shrink_holdings_of
from idp.services.ledger import Draft, append_many

Held = Mapping[int, frozenset[str]]


@transaction.atomic
def end_consents(keys: Sequence[Any], status: str, kind: EventKind, cause: Cause) -> int:
    """End consents with every token that rests on them, and return how many ended.

    The rows are locked in the order of their keys. Those that ended meanwhile are passed over, so
    are those that were decided after the cause, and, where they are to expire, the renewed ones.

    Args:
        keys: primary keys of the consents.
        status: ``Consent.Status`` from now on.
        kind: of the events.
        cause: who and why.
    """
    rows = _locked(keys).filter(decided_at__lte=cause.at)
    consents = [row for row in rows if status != "expired" or not row.is_live(cause.at)]
    _end(consents, _granted(consents), status, kind, cause)
    return len(consents)


@transaction.atomic
def begin_ends(keys: Sequence[Any], cause: Cause) -> None:
    """Revoke consents by one statement, so that they are over however long the rest takes.

    ``write_ends`` ends what rests on them, and lets the ledger tell it.

    Args:
        keys: primary keys of the consents.
        cause: who and why; it belongs to a task.
    """
    due = _locked(keys).filter(decided_at__lte=cause.at).values_list("pk", flat=True)
    Consent.objects.filter(among(Consent, "pk", list(due))).update(
        epoch=F("epoch") + 1, ended_by_task=cause.task, **_told(Consent.Status.REVOKED, cause)
    )


@transaction.atomic
def write_ends(keys: Sequence[Any], cause: Cause) -> int:
    """Write down the consents that ``begin_ends`` revoked, and return how many they were.

    Args:
        keys: primary keys of the consents; those that were written down before are passed over.
        cause: as it was given there.
    """
    rows = _in_order(keys).filter(ended_by_task=cause.task)
    consents = list(rows)
    _end(consents, _granted(consents), Consent.Status.REVOKED, EventKind.REVOKED, cause)
    return len(consents)


@transaction.atomic
def narrow_consents(keys: Sequence[Any], scopes: frozenset[str], cause: Cause) -> int:
    """Take scopes back from consents that hold, and return how many lost something.

    A consent that would keep nothing is revoked; what is not granted is passed over, and what was
    granted after the cause as well.

    Args:
        keys: primary keys of the consents.
        scopes: what is taken back.
        cause: who and why.
    """
    live = [row for row in _locked(keys) if row.is_live(cause.at)]
    held = _granted(live)
    later = _granting(held).filter(scope__in=scopes, since__gt=cause.at)
    passed = set(later.order_by().values_list("consent_id", flat=True))
    losing = [row for row in live if held[row.pk] & scopes and row.pk not in passed]
    emptied = [row for row in losing if held[row.pk] <= scopes]
    _end(emptied, held, Consent.Status.REVOKED, EventKind.REVOKED, cause)
    _narrow([row for row in losing if held[row.pk] - scopes], held, scopes, cause)
    return len(losing)


def _locked(keys: Sequence[Any]) -> QuerySet[Consent]:
    return _in_order(keys).filter(status=Consent.Status.ACTIVE)


def _in_order(keys: Sequence[Any]) -> QuerySet[Consent]:
    rows = Consent.objects.filter(among(Consent, "pk", keys)).order_by("pk")
    return rows.select_related("application").select_for_update(of=("self",), no_key=True)


def _told(status: str, cause: Cause) -> dict[str, Any]:
    """Return what a consent says of its end."""
    return {
        "status": status,
        "ended_at": cause.at,
        "ended_reason": (cause.reason or status)[:100],
    }


def _granting(keys: Iterable[int]) -> QuerySet[ConsentScope]:
    held = among(ConsentScope, "consent", keys)
    return ConsentScope.objects.filter(held, state=ConsentScope.State.GRANTED)


def _granted(consents: Sequence[Consent]) -> Held:
    """Return the scopes that each consent holds."""
    found: dict[int, set[str]] = {row.pk: set() for row in consents}
    rows = _granting(found)
    for pk, scope in rows.order_by().values_list("consent_id", "scope"):
        found[pk].add(scope)
    return {pk: frozenset(names) for pk, names in found.items()}


def _end(
    consents: Sequence[Consent], held: Held, status: str, kind: EventKind, cause: Cause
) -> None:
    if not consents:
        return
    keys = [row.pk for row in consents]
    Consent.objects.filter(among(Consent, "pk", keys)).update(
        epoch=F("epoch") + 1, ended_by_task=None, **_told(status, cause)
    )
    _take_back(keys, None, cause)
    end_holdings_of(_pairs(consents), reason=f"consent_{status}", now=cause.at)
    drafts = [
        cause.draft(kind, row.application, before=held[row.pk], expires_at=row.expires_at)
        for row in consents
    ]
    append_many([(row.user_id, new) for row, new in zip(consents, drafts, strict=True)])
    _announce(signals.consent_revoked, consents, drafts)


def _narrow(consents: Sequence[Consent], held: Held, scopes: frozenset[str], cause: Cause) -> None:
    if not consents:
        return
    _take_back([row.pk for row in consents], scopes, cause)
    shrink_holdings_of(_pairs(consents), scopes, cause.at)
    drafts = [
        cause.draft(
            EventKind.NARROWED,
            row.application,
            before=held[row.pk],
            after=held[row.pk] - scopes,
            duration=row.duration,
            expires_at=row.expires_at,
        )
        for row in consents
    ]
    append_many([(row.user_id, new) for row, new in zip(consents, drafts, strict=True)])
    _announce(signals.consent_narrowed, consents, drafts, scopes=(held, scopes))


def _take_back(keys: Iterable[int], scopes: frozenset[str] | None, cause: Cause) -> None:
    rows = _granting(keys)
    if scopes is not None:
        rows = rows.filter(scope__in=scopes)
    rows.order_by().update(state=ConsentScope.State.NARROWED, since=cause.at)


def _pairs(consents: Sequence[Consent]) -> frozenset[tuple[Any, Any]]:
    return frozenset((row.user_id, row.application_id) for row in consents)


def _announce(
    signal: Any,
    consents: Sequence[Consent],
    drafts: Sequence[Draft],
    *,
    scopes: tuple[Held, frozenset[str]] | None = None,
) -> None:
    """Tell whoever listens; reading the rows anew for nobody would cost more than the change."""
    if not signal.has_listeners(Consent):
        return
    keys = [row.pk for row in consents]
    fresh = Consent.objects.select_related("user", "application").in_bulk(keys)
    for row, new in zip(consents, drafts, strict=True):
        more = {} if scopes is None else {"scopes": scopes[0][row.pk] & scopes[1]}
        announce(signal, consent=fresh[row.pk], event=new.event, **more)
