"""Taking access back for many at once: of a user, a client, a scope, or everyone.

Epochs rise first, so that what exists is worthless at once, however long the rest takes; what has
no epoch of its own is covered by the task, see ``withdrawal``. The rest writes that down, batch by
batch: each is a transaction of its own, ends its rows or takes the scope out of them, and leaves an
event in the ledger for every consent, or a security event for every user where there was none.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from idp.conf import access_token_model, grant_model, refresh_token_model
from idp.domain.consent import EventKind
from idp.models import Authorization, ClientPolicy, Consent, IssuedToken
from idp.models.expression import among
from idp.services.consent_batch import end_consents, narrow_consents
from idp.services.consent_change import Cause
from idp.services.consent_reach import (
    Target,
    access_of,
    authorizations_of,
    consents_of,
    refresh_of,
)
from idp.services.event import record_event
from idp.services.holding_batch import shrink_rows
from idp.services.logout import end_sign_ins_of
from idp.services.loss import record_losses
from idp.services.narrowing import giving
from idp.services.removal import delete_rows
from idp.services.step import Step
from idp.services.subject import raise_user_epoch
from idp.services.token_revocation import end_named, end_rows

BATCH = 1_000
REVOKED = Consent.Status.REVOKED
START = "consent:"


def begin_taking_back(target: Target, cause: Cause, count: int | None = None) -> str:
    """Make what exists worthless, record that it is taken back, and return the first position.

    Args:
        target: whose access.
        cause: who and why.
        count: how many consents it is about, where that was counted.
    """
    _record("consent.taken_back", target, cause, count)
    if not target.scope and target.unused_since is None:
        _raise_epochs(target, cause.at)
    return START


def begin_ending(target: Target, cause: Cause, count: int | None = None) -> str:
    """Make every token worthless while consent stays, and return the first position."""
    _record("authorization.ended_by_operator", target, cause, count)
    _raise_epochs(target, cause.at)
    return "authorization:"


def _record(kind: str, target: Target, cause: Cause, count: int | None) -> None:
    told: dict[str, Any] = {**cause.told(), "scope": target.scope, "count": count}
    record_event(
        kind,
        severity="info",
        client_id=getattr(target.application, "client_id", ""),
        user=target.user,
        origin=cause.origin,
        detail={name: value for name, value in told.items() if value not in ("", None)},
        distinct=uuid.uuid4().hex,
        now=cause.at,
    )


def take_back_step(target: Target, position: str, cause: Cause) -> Step:
    """Do the next batch, and return how far the work has come.

    Args:
        target: whose access.
        position: where the step before ended; a strange text begins anew.
        cause: who and why; its time is the one at which the work began.
    """
    phase, _colon, after = position.partition(":")
    step = _PHASES.get(phase, _PHASES["consent"])
    return step(target, after if phase in _PHASES else "", cause)


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


def _raise_epochs(target: Target, now: datetime) -> None:
    """Make what exists worthless; a pair of user and client has no epoch but its consent's."""
    if target.user is not None and target.application is None:
        raise_user_epoch(target.user)
        end_sign_ins_of(target.user, now=now)
    elif target.user is None:
        policies = ClientPolicy.objects.filter(
            **({"application": target.application} if target.application is not None else {})
        )
        policies.update(epoch=F("epoch") + 1)


def _consent_step(target: Target, after: str, cause: Cause) -> Step:
    rows = consents_of(target, cause.at, after=int(after) if after.isdecimal() else 0)
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    if keys and target.scope:
        changed = narrow_consents(keys, frozenset({target.scope}), cause)
    else:
        changed = end_consents(keys, REVOKED, EventKind.REVOKED, cause) if keys else 0
    rest = "" if target.unused_since is not None else "authorization:"
    return _step("consent", keys, changed, rest)


def _authorization_step(target: Target, after: str, cause: Cause) -> Step:
    """End or narrow what no consent covered."""
    rows = authorizations_of(target, cause.at).filter(created_at__lte=cause.at)
    keys = _next(rows, after)
    if target.scope:
        changed = _narrow(Authorization, keys, "scopes", target, cause)
    else:
        changed = end_named(keys, cause) if keys else 0
    return _step("authorization", keys, changed, "access:")


def _next(rows: QuerySet[Any], after: str) -> list[Any]:
    """Return the keys of the next batch: of the rows behind a key, so that each is passed once."""
    key = rows.model._meta.pk
    with suppress(ValidationError, ValueError):
        rows = rows.filter(pk__gt=key.to_python(after)) if after else rows
    return list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])


def _step(phase: str, keys: Sequence[Any], changed: int, following: str) -> Step:
    position = f"{phase}:{keys[-1]}" if len(keys) == BATCH else following
    return Step(position=position, looked=len(keys), changed=changed)


@transaction.atomic
def _narrow(model: Any, keys: Sequence[Any], field: str, target: Target, cause: Cause) -> int:
    """Take a scope out of locked rows that no consent covered, with an event for each user."""
    rows = model._default_manager.filter(among(model, "pk", keys)).order_by("pk")
    locked = rows.select_for_update(of=("self",))
    held = list(locked.values_list("pk", field, "user_id", "application_id"))
    losing = [(user, client) for _pk, text, user, client in held if target.scope in text.split()]
    removed = frozenset({target.scope})
    changed = shrink_rows([row[:2] for row in held], removed, cause.at, model=model)
    record_losses("token.narrowed", losing, cause)
    return changed


def _access_step(target: Target, after: str, cause: Cause) -> Step:
    """End or narrow older access tokens, a client's own, and codes."""
    model = access_token_model()
    if target.scope:
        return _shrink_step(model, after, target, cause)
    if not after:
        codes = grant_model()._default_manager.filter(**target.limits(), created__lte=cause.at)
        delete_rows(codes)
    keys = _next(_unrecorded(access_of(target, cause.at), cause.at), after)
    return _step("access", keys, end_rows(model, keys, cause) if keys else 0, "refresh:")


def _shrink_step(model: Any, after: str, target: Target, cause: Cause) -> Step:
    """Narrow older access tokens, a client's own, and codes."""
    if not after:
        codes = _holding(grant_model(), target, cause.at).filter(created__lte=cause.at)
        held = list(codes.values_list("pk", "scope"))
        shrink_rows(held, frozenset({target.scope}), cause.at, model=grant_model())
    older = IssuedToken.objects.filter(
        pk=OuterRef("token_checksum"), authorization__created_at__lte=cause.at
    )
    rows = _holding(model, target, cause.at).filter(Q(created__lte=cause.at) | Exists(older))
    keys = _next(rows, after)
    return _step("access", keys, _narrow(model, keys, "scope", target, cause), "")


def _holding(model: Any, target: Target, at: datetime) -> QuerySet[Any]:
    """Return the codes or access tokens whose scopes may hold the one that is taken back."""
    rows: QuerySet[Any] = model._default_manager.filter(giving(model, at), **target.limits())
    return rows.filter(scope__contains=target.scope)


def _refresh_step(target: Target, after: str, cause: Cause) -> Step:
    keys = _next(_unrecorded(refresh_of(target), cause.at), after)
    changed = end_rows(refresh_token_model(), keys, cause) if keys else 0
    return _step("refresh", keys, changed, "")


_PHASES = {
    "consent": _consent_step,
    "authorization": _authorization_step,
    "access": _access_step,
    "refresh": _refresh_step,
}


def _unrecorded(rows: QuerySet[Any], at: datetime) -> QuerySet[Any]:
    """Return the tokens of then without an authorization: those with one ended with it."""
    issued = IssuedToken.objects.filter(pk=OuterRef("token_checksum"))
    return rows.filter(~Exists(issued), created__lte=at)
