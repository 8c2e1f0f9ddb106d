"""Consents for the tokens of a site that was there before consents were recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from idp.conf import access_token_model, application_model, refresh_token_model
from idp.domain.consent import Duration, EventKind
from idp.models import Consent
from idp.services.client import client_of
from idp.services.consent_change import Cause
from idp.services.consent_expiry import consent_end
from idp.services.consent_scope import write_scopes

if TYPE_CHECKING:
    from idp.services.client import Client

REASON = "backfill"


@dataclass(frozen=True, slots=True)
class Imported:
    """A consent that was, or would be, made from tokens.

    Attributes:
        user_id: who allowed.
        application_id: whom.
        scopes: what the live tokens hold together.
        since: when the oldest of them was issued.
    """

    user_id: Any
    application_id: Any
    scopes: frozenset[str]
    since: datetime


def count_missing(now: datetime) -> int:
    """Return how many pairs of user and client hold live tokens and have no consent row."""
    return _pairs(now).count()


def backfill_consents(*, now: datetime, dry_run: bool = False) -> Iterator[Imported]:
    """Make a consent for each pair of user and client that holds live tokens and has none.

    Each pair is a transaction of its own, and a pair that has a consent, even one that was
    revoked, is passed over: after an interruption, a second run goes on where the first stopped.

    Args:
        now: the time.
        dry_run: only yield what would be made.
    """
    client_by_key = lru_cache(maxsize=64)(_client)
    for user_id, application_id in _pairs(now).iterator(chunk_size=500):
        found = _from_tokens(user_id, application_id, now)
        if found is not None and (dry_run or _import(found, client_by_key(application_id), now)):
            yield found


def _pairs(now: datetime) -> QuerySet[Any]:
    """Return the pairs as ``(user, application)``, in a fixed order."""
    rows = [
        _live(model, now)
        .exclude(user=None)
        .exclude(application=None)
        .filter(
            ~Exists(
                Consent.objects.filter(user=OuterRef("user"), application=OuterRef("application"))
            )
        )
        .order_by()
        .values_list("user_id", "application_id")
        for model in (access_token_model(), refresh_token_model())
    ]
    pairs: QuerySet[Any] = rows[0].union(rows[1]).order_by("user_id", "application_id")
    return pairs


def _live(model: Any, now: datetime) -> Any:
    rows = model._default_manager.all()
    return (
        rows.filter(expires__gt=now) if model is access_token_model() else rows.filter(revoked=None)
    )


def _from_tokens(user_id: Any, application_id: Any, now: datetime) -> Imported | None:
    """Return what the live tokens of a pair say; None where none of them tells a scope.

    A refresh token has no scope of its own: the one of its access token counts.
    """
    pair = {"user_id": user_id, "application_id": application_id}
    access = _live(access_token_model(), now).filter(**pair)
    refresh = _live(refresh_token_model(), now).filter(**pair).exclude(access_token=None)
    held = [
        *access.values_list("scope", "created"),
        *refresh.values_list("access_token__scope", "created"),
    ]
    scopes = frozenset[str]().union(*(text.split() for text, _created in held))
    if not scopes:
        return None
    return Imported(user_id, application_id, scopes, min(created for _text, created in held))


@transaction.atomic
def _import(found: Imported, client: Client, now: datetime) -> bool:
    """Make the consent; False when somebody decided in the meantime."""
    user = get_user_model()._default_manager.get(pk=found.user_id)
    ends = consent_end(
        client=client,
        user=user,
        granted=found.scopes,
        duration=Duration.UNTIL_REVOKED,
        now=now,
    )
    consent, made = Consent.objects.get_or_create(
        user_id=found.user_id,
        application_id=found.application_id,
        defaults={
            "imported": True,
            "created_at": found.since,
            "decided_at": found.since,
            "expires_at": ends,
        },
    )
    if not made:
        return False
    write_scopes(
        consent,
        granted=found.scopes,
        declined=frozenset(),
        known=frozenset(),
        client=client,
        document=None,
        snapshot_digest="",
        now=found.since,
    )
    cause = Cause(actor="system", at=now, reason=REASON)
    cause.write(
        EventKind.IMPORTED,
        user,
        client.application,
        after=found.scopes,
        duration=consent.duration,
        expires_at=ends,
    )
    return True


def _client(application_id: Any) -> Client:
    return client_of(application_model()._default_manager.get(pk=application_id))
