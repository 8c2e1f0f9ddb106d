"""Taking access back for many at once: of a user, a client, a scope, or everyone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from idp.conf import access_token_model, grant_model, refresh_token_model
from idp.domain.consent import EventKind
from idp.models import Authorization, ClientPolicy, Consent, ConsentScope, IssuedToken
from idp.services.consent import narrow_consent
from idp.services.consent_batch import end_consents
from idp.services.consent_change import Cause
from idp.services.consent_unused import unused_since
from idp.services.event import NOWHERE, Origin, record_event
from idp.services.narrowing import shrink_holdings
from idp.services.subject import raise_user_epoch
from idp.services.token_revocation import end_in_batches

BATCH = 500
REVOKED = Consent.Status.REVOKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whose access is taken back; what is not named is not limited, so that nothing means everyone.

    Attributes:
        user: of this user alone, or None.
        application: of this client alone, or None.
        scope: this scope alone, the rest stays; empty for all.
        unused_since: consents alone, and only what was not used since; None for all.
    """

    user: Any = None
    application: Any = None
    scope: str = ""
    unused_since: datetime | None = None

    def limits(self) -> dict[str, Any]:
        """Return the fields that rows of the target have."""
        pair = {"user": self.user, "application": self.application}
        return {name: value for name, value in pair.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Reach:
    """How much a target holds.

    Attributes:
        consents: consents that hold.
        authorizations: live acts of authorization.
        tokens: live access tokens and unrevoked refresh tokens.
    """

    consents: int
    authorizations: int
    tokens: int


def reach(target: Target, now: datetime) -> Reach:
    """Return what would be taken back, to be shown before it is."""
    if target.unused_since is not None:
        return _reach_of_unused(target, now)
    access = _access(target, now)
    refresh = _refresh(target)
    if target.scope:
        refresh = refresh.filter(access_token__scope__contains=target.scope)
    return Reach(
        consents=_consents(target, now).count(),
        authorizations=_authorizations(target, now).count(),
        tokens=access.count() + refresh.count(),
    )


def _reach_of_unused(target: Target, now: datetime) -> Reach:
    consents = _consents(target, now)
    acts = Authorization.objects.filter(consent__in=consents.values("pk")).live(now)
    tokens = IssuedToken.objects.filter(authorization__in=acts.values("pk"), used_at=None)
    alive = tokens.exclude(expires_at__lte=now)
    return Reach(consents.count(), acts.count(), alive.count())


def take_back_from(
    target: Target,
    *,
    by: str = "",
    reason: str = "",
    actor: str = "operator",
    origin: Origin = NOWHERE,
    now: datetime,
) -> Iterator[int]:
    """Take access back, yielding how many consents and older tokens are done, batch by batch.

    Epochs rise first, so that every token of a user or client is worthless at once, however long
    the rest takes. Each consent is a transaction of its own with an event in the ledger; run again
    after an interruption, and it goes on where it stopped.

    Args:
        target: whose access.
        by: name of the operator.
        reason: why, in the operator's words.
        actor: a ``ConsentEvent.Actor``.
        origin: where the operator's request came from.
        now: the time.
    """
    record_event(
        "consent.taken_back",
        severity="info",
        client_id=getattr(target.application, "client_id", ""),
        user=target.user,
        origin=origin,
        detail={"by": by, "reason": reason, "scope": target.scope},
        now=now,
    )
    if not target.scope and target.unused_since is None:
        _raise_epochs(target)
    cause = {"by": by, "reason": reason, "actor": actor, "origin": origin, "now": now}
    yield from _end_consents(target, cause)
    if target.unused_since is None:
        yield from _end_rest(target, reason or "taken_back", now)


def due_consents(now: datetime) -> QuerySet[Consent]:
    """Return the consents whose time ran out and of which the ledger does not say so yet."""
    return Consent.objects.filter(status=Consent.Status.ACTIVE, expires_at__lte=now)


def expire_due(now: datetime) -> Iterator[int]:
    """Write off the consents whose time ran out, yielding how many are done, batch by batch.

    They stopped working at their end by themselves; this only lets the ledger say so for those
    that nobody tried to use since.
    """
    done = 0
    cause = Cause(actor="system", at=now)
    while keys := list(due_consents(now).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        done += end_consents(keys, Consent.Status.EXPIRED, EventKind.EXPIRED, cause)
        yield done


def _raise_epochs(target: Target) -> None:
    """Make what exists worthless; a pair of user and client has no epoch but its consent's."""
    if target.user is not None and target.application is None:
        raise_user_epoch(target.user)
    elif target.user is None:
        policies = ClientPolicy.objects.filter(
            **({"application": target.application} if target.application is not None else {})
        )
        policies.update(epoch=F("epoch") + 1)


def _end_consents(target: Target, cause: dict[str, Any]) -> Iterator[int]:
    done, last = 0, 0
    while True:
        rows = _consents(target, cause["now"]).filter(pk__gt=last).order_by("pk")[:BATCH]
        batch = list(rows)
        if not batch:
            return
        if target.scope:
            for consent in batch:
                narrow_consent(consent, {target.scope}, **cause)
        else:
            keys = [consent.pk for consent in batch]
            told = {name: value for name, value in cause.items() if name != "now"}
            end_consents(keys, REVOKED, EventKind.REVOKED, Cause(at=cause["now"], **told))
        done, last = done + len(batch), batch[-1].pk
        yield done


def _end_rest(target: Target, reason: str, now: datetime) -> Iterator[int]:
    """End what no consent covered: older tokens, and a client's own."""
    if target.scope:
        yield from _shrink_rest(target, now)
        return
    end_in_batches(_authorizations(target, now), reason=reason[:100], now=now)
    grant_model()._default_manager.filter(**target.limits()).delete()
    yield from _in_batches(_refresh(target), lambda rows: rows.update(revoked=now))
    yield from _in_batches(_access(target, now), lambda rows: rows.delete())


def _in_batches(rows: QuerySet[Any], end: Callable[[QuerySet[Any]], Any]) -> Iterator[int]:
    """End rows that a query finds no longer once they ended, yielding how many at a time."""
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        end(rows.model._default_manager.filter(pk__in=keys))
        yield len(keys)


def _shrink_rest(target: Target, now: datetime) -> Iterator[int]:
    rows = _access(target, now).order_by().values_list("user", "application").distinct()
    for number, (user, application) in enumerate(list(rows), start=1):
        with transaction.atomic():
            shrink_holdings(user, application, frozenset({target.scope}), now)
        if number % BATCH == 0:
            yield BATCH


def _consents(target: Target, now: datetime) -> QuerySet[Consent]:
    rows = Consent.objects.filter(**target.limits()).live(now)
    if target.unused_since is not None:
        rows = unused_since(target.unused_since, now).filter(**target.limits())
    if not target.scope:
        return rows
    granted = ConsentScope.objects.filter(scope=target.scope, state=ConsentScope.State.GRANTED)
    return rows.filter(pk__in=granted.values("consent"))


def _authorizations(target: Target, now: datetime) -> QuerySet[Authorization]:
    rows = Authorization.objects.filter(**target.limits()).live(now)
    # Scopes are one text: a longer name that holds this one counts here, but is never touched.
    return rows.filter(scopes__contains=target.scope) if target.scope else rows


def _access(target: Target, now: datetime) -> QuerySet[Any]:
    rows: QuerySet[Any] = access_token_model()._default_manager.filter(
        **target.limits(), expires__gt=now
    )
    return rows.filter(scope__contains=target.scope) if target.scope else rows


def _refresh(target: Target) -> QuerySet[Any]:
    rows: QuerySet[Any] = refresh_token_model()._default_manager.filter(
        **target.limits(), revoked=None
    )
    return rows
