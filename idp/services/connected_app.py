"""The clients that have access to a user's account, as the user sees them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import (
    DateTimeField,
    Exists,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import Coalesce
from django.utils.crypto import salted_hmac

from idp.conf import access_token_model, application_model, refresh_token_model
from idp.domain.withdrawal import Withdrawal
from idp.models import Authorization, Consent, ConsentScope, IssuedToken
from idp.services.withdrawal import pending_withdrawals

MOST_SESSIONS = 50
MOST_OLDER = 200
"""How many pairs of client and scopes without a recorded consent are looked at."""


@dataclass(frozen=True, slots=True)
class ConnectedApp:
    """One client with access to an account.

    Attributes:
        id: opaque identifier in addresses.
        application: the client's row, with its policy.
        consent: the recorded consent, or None for a client that only holds older tokens.
        scopes: names of what it may do.
        since: when access was first given, or None where nobody recorded it.
        last_used: when it was last used, or None.
        expires_at: when the access ends, or None for until it is removed.
    """

    id: uuid.UUID
    application: Any
    consent: Consent | None
    scopes: frozenset[str]
    since: datetime | None
    last_used: datetime | None
    expires_at: datetime | None = None

    @property
    def is_live(self) -> bool:
        """Return whether the client has access; a removed one is still found by its history."""
        return self.consent is None or bool(self.scopes)


def live_consents(user: Any, now: datetime, taken: Iterable[Withdrawal]) -> QuerySet[Consent]:
    """Return the user's consents that hold, newest use first, each with ``idp_used``.

    Args:
        user: whose.
        now: the time.
        taken: ``taken_back`` of the user, which is gone though not written down yet.
    """
    rows: QuerySet[Consent] = _consents(user).live(now)
    for row in taken:
        if row.consents and not row.scope:
            named = {"application": row.client} if row.client else {}
            rows = rows.exclude(decided_at__lte=row.at, **named)
    return rows.order_by(Coalesce("idp_used", "decided_at").desc(), "-pk")


def apps_of(
    consents: Iterable[Consent], now: datetime, taken: Iterable[Withdrawal]
) -> list[ConnectedApp]:
    """Return consents as apps, with one statement for the scopes of all of them."""
    rows = {row.pk: row for row in consents}
    held: dict[int, set[str]] = {pk: set() for pk in rows}
    granted = ConsentScope.objects.filter(consent__in=rows, state=ConsentScope.State.GRANTED)
    of_consents = [row for row in taken if row.consents]
    for pk, scope, since in granted.values_list("consent_id", "scope", "since"):
        pair = rows[pk].user_id, rows[pk].application_id
        if not any(row.scope in {"", scope} and row.covers(*pair, since) for row in of_consents):
            held[pk].add(scope)
    return [_app(row, frozenset(held[pk]), now) for pk, row in rows.items()]


def find_app(user: Any, app_id: uuid.UUID, now: datetime) -> ConnectedApp | None:
    """Return one app of a user by its opaque identifier, also one that was removed."""
    consent = _consents(user).filter(public_id=app_id).first()
    taken = taken_back(user)
    if consent is not None:
        return apps_of([consent], now, taken)[0]
    return next((app for app in older_apps(user, now, taken) if app.id == app_id), None)


def find_by_client(user: Any, client_id: str, now: datetime) -> ConnectedApp | None:
    """Return one app of a user by the client's identifier."""
    if "\x00" in client_id:
        return None
    consent = _consents(user).filter(application__client_id=client_id).first()
    taken = taken_back(user)
    if consent is not None and consent.is_live(now):
        return apps_of([consent], now, taken)[0]
    older = (app for app in older_apps(user, now, taken) if app.application.client_id == client_id)
    return next(older, None) or next(iter(apps_of([consent] if consent else [], now, taken)), None)


def older_apps(user: Any, now: datetime, taken: Sequence[Withdrawal]) -> list[ConnectedApp]:
    """Return the clients that hold live tokens of a user without a consent that covers them.

    So does every client of a site that was there before the consents were recorded.
    """
    consents = Consent.objects.filter(user=user)
    covered = (consents.live(now) | consents.exclude(ended_by_task=None)).values("application_id")
    held: dict[Any, _Held] = {}
    for application_id, scope, created, newest, used in _older_tokens(user, covered, now):
        # The newest of them: a token that was issued after a decision is left alone by it.
        lost = {row.scope for row in taken if row.covers(user.pk, application_id, newest)}
        left = "" if "" in lost else " ".join(sorted(set(scope.split()) - lost))
        if left or not lost:
            held.setdefault(application_id, _Held()).add(left, created, used)
    if not held:
        return []
    rows = application_model()._default_manager.select_related("idp_policy").in_bulk(list(held))
    apps = [_older_app(user, row, held[pk]) for pk, row in rows.items()]
    return sorted(apps, key=lambda app: str(app.last_used or app.since), reverse=True)


def sessions_of(app: ConnectedApp, user: Any, now: datetime) -> list[Authorization]:
    """Return the acts of authorization that hold a live token, last used first."""
    if not app.is_live:
        return []
    alive = IssuedToken.objects.filter(authorization=OuterRef("pk")).filter(
        Q(expires_at=None) | Q(expires_at__gt=now), used_at=None
    )
    pair = Authorization.objects.filter(user=user, application=app.application).live(now)
    held = pair.filter(Exists(alive)).order_by(
        Coalesce("last_used_at", "created_at").desc(), "-created_at"
    )
    for row in taken_back(user):
        if not row.scope and row.client in {"", str(app.application.pk)}:
            held = held.exclude(created_at__lte=row.at)
    return list(held[:MOST_SESSIONS])


def taken_back(user: Any) -> list[Withdrawal]:
    """Return what operators took back of a user and is not written down yet."""
    return [row for row in pending_withdrawals() if row.user in {"", str(user.pk)}]


@dataclass(slots=True)
class _Held:
    """What the older tokens of one client add up to."""

    scopes: frozenset[str] = frozenset()
    since: datetime | None = None
    used: datetime | None = None

    def add(self, scope: str, created: datetime, used: datetime | None) -> None:
        self.scopes |= frozenset(scope.split())
        self.since = min(self.since or created, created)
        if used is not None:
            self.used = max(self.used or used, used)


def _older_tokens(
    user: Any, covered: Any, now: datetime
) -> Iterator[tuple[Any, str, Any, Any, Any]]:
    """Yield ``(application, scope, first created, last created, last seen)`` of live tokens.

    A live refresh token has no scope of its own: the one of its access token, which may have
    expired, says what it can still do.
    """
    refresh = refresh_token_model()._default_manager.filter(user=user, revoked=None)
    access = access_token_model()._default_manager.filter(user=user, expires__gt=now)
    for rows, scope in (
        (refresh, Coalesce("access_token__scope", Value(""), output_field=TextField())),
        (access.exclude(application=None), F("scope")),
    ):
        yield from (
            rows.exclude(application__in=covered)
            .order_by()
            .values("application", held=scope)
            .annotate(first=Min("created"), newest=Max("created"), last=Max("updated"))
            .values_list("application", "held", "first", "newest", "last")
            .order_by("-last")[:MOST_OLDER]
        )


def _consents(user: Any) -> Any:
    used = (
        Authorization.objects.filter(user=OuterRef("user"), application=OuterRef("application"))
        .order_by()
        .values("application")
        .annotate(last=Max("last_used_at"))
        .values("last")
    )
    return (
        Consent.objects.filter(user=user)
        .select_related("application__idp_policy")
        .annotate(idp_used=Coalesce(Subquery(used, output_field=DateTimeField()), "last_used_at"))
    )


def _app(consent: Any, scopes: frozenset[str], now: datetime) -> ConnectedApp:
    uses = [moment for moment in (consent.idp_used, consent.last_used_at) if moment]
    return ConnectedApp(
        id=consent.public_id,
        application=consent.application,
        consent=consent,
        scopes=scopes if consent.is_live(now) else frozenset(),
        since=consent.created_at,
        last_used=max(uses, default=None),
        expires_at=consent.expires_at if consent.is_live(now) else None,
    )


def _older_app(user: Any, application: Any, held: _Held) -> ConnectedApp:
    digest = salted_hmac("idp.connected_app", f"{user.pk}:{application.pk}", algorithm="sha256")
    return ConnectedApp(
        id=uuid.UUID(bytes=digest.digest()[:16], version=4),
        application=application,
        consent=None,
        scopes=held.scopes,
        since=held.since,
        last_used=held.used,
    )
