"""Taking back what the rules no longer give, from what is already out there, batch by batch."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from idp.conf import access_token_model
from idp.models import Authorization, Consent, ConsentEvent, ConsentScope
from idp.services.client import Client, client_of
from idp.services.consent import narrow_consent
from idp.services.event import NOWHERE, Origin, record_event
from idp.services.judgement import OWN_NAME, kept
from idp.services.narrowing import shrink_holdings
from idp.services.step import Step

BATCH = 100
REASON = "policy_changed"
START = "consent:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What is looked at.

    Attributes:
        scopes: these scopes, of every client.
        applications: these clients, with all their scopes.
    """

    scopes: frozenset[str] = frozenset()
    applications: tuple[Any, ...] = ()


def begin(place: Range, *, by: str, origin: Origin = NOWHERE, now: datetime) -> str:
    """Record that a sweep begins, and return its first position."""
    record_event(
        "policy.swept",
        severity="info",
        origin=origin,
        detail={
            "by": by,
            "scopes": sorted(place.scopes),
            "clients": [row.client_id for row in place.applications],
        },
        distinct=uuid.uuid4().hex,
        now=now,
    )
    return START


def total(place: Range, now: datetime, limit: int | None = None) -> int:
    """Return how many rows a whole sweep looks at; of each kind ``limit`` at the most."""
    return sum(
        rows(place, now).order_by().values("pk")[:limit].count() for rows, _n in _PHASES.values()
    )


def sweep(place: Range, *, by: str = "", origin: Origin = NOWHERE, now: datetime) -> Iterator[Step]:
    """Take everything back, yielding after each batch."""
    position = begin(place, by=by, origin=origin, now=now)
    while position:
        step = sweep_step(place, position, by=by, origin=origin, now=now)
        yield step
        position = step.position


def sweep_step(
    place: Range, position: str, *, by: str = "", origin: Origin = NOWHERE, now: datetime
) -> Step:
    """Take one batch back: what the rules refuse now, and nothing where they only report.

    Each consent is a transaction of its own, with an event in the ledger that names the policy as
    the actor. What was done is not found again, so that a sweep can be begun anew at any time.

    Args:
        place: what is looked at.
        position: where the step before ended.
        by: name of the operator who began it.
        origin: where the operator's request came from.
        now: the time.
    """
    phase, after = _parsed(position)
    rows, narrow = _PHASES[phase]
    found = rows(place, now).order_by("pk")
    if after:
        found = found.filter(pk__gt=after)
    batch = list(found.select_related("user", "application")[:BATCH])
    judge = _Judge(place, now)
    cause = {"by": by, "reason": REASON, "origin": origin, "now": now}
    changed = sum(narrow(judge, row, cause) for row in batch)
    end = f"{phase}:{batch[-1].pk}" if len(batch) == BATCH else _following(phase)
    return Step(position=end, looked=len(batch), changed=changed)


class _Judge:
    """Judges by the rules as they are now; reads each client once a batch."""

    def __init__(self, place: Range, now: datetime) -> None:
        self.place, self.now = place, now
        self._clients: dict[Any, Client] = {}
        self._whole = {row.pk for row in place.applications}

    def lost(self, row: Any, held: frozenset[str], *, own_name: bool = False) -> frozenset[str]:
        """Return what of the scopes of a row the rules no longer give."""
        client = self._client(row.application)
        if not client.enforces("scope"):
            return frozenset()
        asked = held if row.application_id in self._whole else held & self.place.scopes
        return asked - kept(
            asked,
            facts=client.facts,
            application=row.application,
            user=row.user,
            catalogue=client.catalogue(),
            now=self.now,
            grant_types=OWN_NAME if own_name else None,
        )

    def _client(self, application: Any) -> Client:
        found = self._clients.get(application.pk)
        if found is None:
            found = self._clients[application.pk] = client_of(application)
        return found


def _consents(place: Range, now: datetime) -> QuerySet[Any]:
    granted = ConsentScope.objects.filter(
        scope__in=list(place.scopes), state=ConsentScope.State.GRANTED
    )
    return (
        Consent.objects.live(now)
        .filter(
            Q(pk__in=granted.order_by().values("consent"))
            | Q(application__in=list(place.applications))
        )
        .prefetch_related("scopes")
    )


def _narrow_consent(judge: _Judge, consent: Any, cause: dict[str, Any]) -> bool:
    states = ConsentScope.State
    held = frozenset(row.scope for row in consent.scopes.all() if row.state == states.GRANTED)
    lost = judge.lost(consent, held)
    actor = ConsentEvent.Actor.POLICY
    return bool(lost) and narrow_consent(consent, lost, actor=actor, **cause) is not None


def _authorizations(place: Range, now: datetime) -> QuerySet[Any]:
    """Return what rests on no consent, as where a policy asks nobody."""
    return Authorization.objects.live(now).filter(_holding(place, "scopes"), consent=None)


def _tokens(place: Range, now: datetime) -> QuerySet[Any]:
    """Return what is left then: a client's own tokens, and those older than any record."""
    rows: QuerySet[Any] = access_token_model()._default_manager.filter(
        _holding(place, "scope"), expires__gt=now, application__isnull=False
    )
    return rows


def _holding(place: Range, field: str) -> Q:
    found = Q(application__in=list(place.applications))
    for name in place.scopes:
        found |= Q(**{f"{field}__contains": name})
    return found


def _narrow_authorization(judge: _Judge, row: Any, _cause: dict[str, Any]) -> bool:
    return _shrink(row, judge.lost(row, frozenset(row.scopes.split())), judge.now)


def _narrow_token(judge: _Judge, row: Any, _cause: dict[str, Any]) -> bool:
    lost = judge.lost(row, frozenset(row.scope.split()), own_name=row.user_id is None)
    return _shrink(row, lost, judge.now)


def _shrink(row: Any, lost: frozenset[str], now: datetime) -> bool:
    if lost:
        with transaction.atomic():
            shrink_holdings(row.user, row.application, lost, now)
    return bool(lost)


Phase = tuple[
    Callable[[Range, datetime], QuerySet[Any]], Callable[[_Judge, Any, dict[str, Any]], bool]
]
_PHASES: Mapping[str, Phase] = MappingProxyType(
    {
        "consent": (_consents, _narrow_consent),
        "authorization": (_authorizations, _narrow_authorization),
        "token": (_tokens, _narrow_token),
    }
)


def _parsed(position: str) -> tuple[str, Any]:
    phase, _colon, text = position.partition(":")
    if phase not in _PHASES:
        return "consent", None
    models: dict[str, Any] = {"consent": Consent, "authorization": Authorization}
    model = models.get(phase) or access_token_model()
    try:
        return phase, model._meta.pk.to_python(text) if text else None
    except Exception:  # noqa: BLE001 - whatever the model's key makes of a strange text
        return phase, None


def _following(phase: str) -> str:
    names = [*_PHASES, ""]
    name = names[names.index(phase) + 1]
    return f"{name}:" if name else ""
