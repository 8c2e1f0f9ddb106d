"""Whose access is taken back, and how much it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from idp.conf import access_token_model, refresh_token_model
from idp.models import Authorization, Consent, ConsentScope, IssuedToken
from idp.models.expression import holding_word
from idp.services.consent_unused import unused_since


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


def reach(target: Target, now: datetime, limit: int | None = None) -> Reach:
    """Return what would be taken back, to be shown before it is.

    Args:
        target: whose access.
        now: the time.
        limit: up to which to count each kind, and then of a scope's tokens those alone that have an
            authorization, which is indexed by its words; None to the end.
    """
    if target.unused_since is not None:
        return _reach_of_unused(target, now)
    acts = authorizations_of(target, now)
    return Reach(
        consents=consents_of(target, now)[:limit].count(),
        authorizations=acts[:limit].count(),
        tokens=_tokens(target, acts, now, limit),
    )


def _tokens(target: Target, acts: QuerySet[Authorization], now: datetime, limit: int | None) -> int:
    if limit:
        # By the acts, which are few beside the expired tokens that nobody purged yet.
        recorded = _recorded(acts[:limit], now)[:limit].count()
        if target.scope or recorded == limit:
            return recorded
    access, refresh = access_of(target, now), refresh_of(target)
    if target.scope:
        refresh = refresh.filter(access_token__scope__contains=target.scope)
    return access[:limit].count() + refresh[:limit].count()


def _reach_of_unused(target: Target, now: datetime) -> Reach:
    consents = consents_of(target, now)
    acts = Authorization.objects.filter(consent__in=consents.values("pk")).live(now)
    return Reach(consents.count(), acts.count(), _recorded(acts, now).count())


def _recorded(acts: QuerySet[Authorization], now: datetime) -> QuerySet[IssuedToken]:
    """Return the live tokens of acts of authorization."""
    tokens = IssuedToken.objects.filter(authorization__in=acts.values("pk"), used_at=None)
    return tokens.exclude(expires_at__lte=now)


def consents_of(target: Target, now: datetime, after: int = 0) -> QuerySet[Consent]:
    """Return the consents that hold; what was decided or given after ``now`` is not among them.

    Args:
        target: whose.
        now: the time.
        after: only those with a greater key.
    """
    rows = Consent.objects.filter(**target.limits(), pk__gt=after).live(now)
    if target.unused_since is not None:
        rows = unused_since(target.unused_since, now).filter(**target.limits(), pk__gt=after)
    if not target.scope:
        return rows.filter(decided_at__lte=now)
    # The key stands on both sides of the join: the last batch then costs no more than the first.
    granted = ConsentScope.objects.filter(
        scope=target.scope, state=ConsentScope.State.GRANTED, since__lte=now, consent__gt=after
    )
    return rows.filter(pk__in=granted.order_by().values("consent"))


def authorizations_of(target: Target, now: datetime) -> QuerySet[Authorization]:
    """Return the live acts of authorization."""
    rows = Authorization.objects.filter(**target.limits()).live(now)
    return rows.filter(holding_word(target.scope, "scopes")) if target.scope else rows


def access_of(target: Target, now: datetime) -> QuerySet[Any]:
    """Return the toolkit's live access tokens."""
    rows: QuerySet[Any] = access_token_model()._default_manager.filter(
        **target.limits(), expires__gt=now
    )
    # Scopes are one text: a longer name that holds this one counts here, but is never touched.
    return rows.filter(scope__contains=target.scope) if target.scope else rows


def refresh_of(target: Target) -> QuerySet[Any]:
    """Return the toolkit's refresh tokens that are not revoked."""
    rows: QuerySet[Any] = refresh_token_model()._default_manager.filter(
        **target.limits(), revoked=None
    )
    return rows
