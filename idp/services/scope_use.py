"""Which scopes of a live authorization are really used, noted at the resource server."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction
from django.db.models import Count, Exists, F, OuterRef, QuerySet

from idp.domain.access import exercised
from idp.models import Authorization, Consent, ConsentScope, ScopeUse
from idp.models.expression import among
from idp.services.access import Access

logger = logging.getLogger("idp.scope_use")

HOUR = timedelta(hours=1)
UNUSED_AFTER = timedelta(days=90)
REMEMBERED = 50_000

IDENTITY_SCOPES = frozenset({"openid", "profile", "email", "address", "phone", "offline_access"})
"""Scopes that sign-in itself uses, by the ID token and the refresh token, without any API."""

# Owned by this module: authorization and scope to the hour in which this process noted the use.
_noted: dict[tuple[uuid.UUID, str], int] = {}


def record_access(access: Access, needed: Iterable[str], *, now: datetime) -> None:
    """Note that a token was used for what a request needed.

    Args:
        access: the token; one of a client in its own name has no authorization and is not counted.
        needed: the scopes that the request needed, carried or included in what is carried.
        now: the time.
    """
    if access.authorization_id is not None:
        used = exercised(frozenset(needed), access.scopes, access.catalogue)
        record_scope_use(access.authorization_id, used, now=now)


def record_scope_use(authorization_id: uuid.UUID, scopes: Iterable[str], *, now: datetime) -> None:
    """Note the use of scopes: one statement an hour for each, and none in between.

    A process remembers what it noted; several processes meet in one conditional UPDATE. That the
    use cannot be noted is no reason to refuse the request.

    Args:
        authorization_id: the act of authorization behind the token.
        scopes: what was used.
        now: the time.
    """
    hour = int(now.timestamp()) // 3600
    due = sorted(name for name in scopes if _noted.get((authorization_id, name)) != hour)
    if not due:
        return
    if len(_noted) >= REMEMBERED:
        _noted.clear()
    _noted.update({(authorization_id, name): hour for name in due})
    try:
        with transaction.atomic():
            _write(authorization_id, due, now)
    except DatabaseError:
        logger.warning("the use of a scope could not be noted", exc_info=True)


def unused_scopes(application: object, now: datetime, limit: int | None = None) -> dict[str, int]:
    """Return the scopes that consents of a client gave, and nobody used for 90 days.

    Args:
        application: the client's row.
        now: the time.
        limit: how many of its consents to look at, the oldest; None for all.

    Returns:
        Scope to the number of consents, the most frequent first.
    """
    consents = Consent.objects.live(now).filter(application=application).order_by("pk")
    rows = _unused(now).filter(consent__in=consents.values("pk")[:limit]).order_by()
    counts = rows.values_list("scope").annotate(number=Count("pk")).order_by("-number", "scope")
    return dict(counts)


def consents_with(application: object, scope: str, after: int = 0) -> QuerySet[Consent]:
    """Return the consents that gave a client a scope, from behind the one of a key.

    The key stands on both sides of the join, so that the last batch costs no more than the first.
    """
    given = ConsentScope.objects.filter(
        scope=scope, state=ConsentScope.State.GRANTED, consent__gt=after
    )
    rows = Consent.objects.filter(application=application, pk__gt=after)
    return rows.filter(pk__in=given.order_by().values("consent"))


def unused_consents(keys: Iterable[int], scope: str, now: datetime) -> QuerySet[Consent]:
    """Return those of some consents that gave a scope which nobody used for 90 days.

    Their keys are read first: in one statement PostgreSQL may join with all consents there are.
    """
    rows = _unused(now).filter(among(ConsentScope, "consent", keys), scope=scope)
    found = rows.order_by().values_list("consent", flat=True)
    return Consent.objects.filter(among(Consent, "pk", list(found)))


def _unused(now: datetime) -> QuerySet[ConsentScope]:
    """Return granted scopes older than 90 days without a use since.

    Uses are known only from authorizations on record, so one as old as that must be there.
    """
    since = now - UNUSED_AFTER
    known = Authorization.objects.filter(consent=OuterRef("consent"), created_at__lte=since)
    used = ScopeUse.objects.filter(
        authorization__consent=OuterRef("consent"), scope=OuterRef("scope"), last_at__gt=since
    )
    rows = ConsentScope.objects.filter(state=ConsentScope.State.GRANTED, since__lte=since)
    live = Consent.objects.live(now)
    return rows.filter(Exists(known), ~Exists(used), consent__in=live).exclude(
        scope__in=IDENTITY_SCOPES
    )


def _write(authorization_id: uuid.UUID, scopes: list[str], now: datetime) -> None:
    rows = ScopeUse.objects.filter(authorization_id=authorization_id, scope__in=scopes)
    written = rows.filter(last_at__lte=now - HOUR).update(last_at=now, hours=F("hours") + 1)
    if written < len(scopes):
        ScopeUse.objects.bulk_create(
            [
                ScopeUse(authorization_id=authorization_id, scope=name, first_at=now, last_at=now)
                for name in scopes
            ],
            ignore_conflicts=True,
        )
