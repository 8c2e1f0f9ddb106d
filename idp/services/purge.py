"""Removing in batches what has lost its meaning; what people decided is never among it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Model, Q, QuerySet

from idp.conf import access_token_model, grant_model, id_token_model, refresh_token_model
from idp.models import AuthorizationRequest, ClientSecret, IssuedToken, SecurityEvent
from idp.services.client_secret import close_toolkit_secret
from idp.services.client_secret_value import has_toolkit_secret

BATCH = 1000
EVENTS_KEPT = timedelta(days=365)
TOKENS_KEPT = timedelta(days=1)


def _requests(now: datetime) -> QuerySet[Any]:
    return AuthorizationRequest.objects.filter(expires_at__lte=now)


def _issued_tokens(now: datetime) -> QuerySet[Any]:
    return IssuedToken.objects.filter(expires_at__lte=now - TOKENS_KEPT)


def _events(now: datetime) -> QuerySet[Any]:
    return SecurityEvent.objects.filter(last_at__lte=now - EVENTS_KEPT)


def _codes(now: datetime) -> QuerySet[Any]:
    rows: QuerySet[Any] = grant_model()._default_manager.filter(expires__lte=now)
    return rows


def _access_tokens(now: datetime) -> QuerySet[Any]:
    """Leave those that a live refresh token still points to, as the toolkit's own clean-up does."""
    live = refresh_token_model()._default_manager.filter(revoked=None, access_token__isnull=False)
    rows: QuerySet[Any] = access_token_model()._default_manager.filter(
        expires__lte=now - TOKENS_KEPT
    )
    return rows.exclude(pk__in=live.values("access_token_id"))


def _id_tokens(now: datetime) -> QuerySet[Any]:
    used = access_token_model()._default_manager.filter(id_token__isnull=False)
    rows: QuerySet[Any] = id_token_model()._default_manager.filter(expires__lte=now - TOKENS_KEPT)
    return rows.exclude(pk__in=used.values("id_token_id"))


KINDS: Mapping[str, Callable[[datetime], QuerySet[Any]]] = {
    "authorization requests": _requests,
    "authorization codes": _codes,
    "issued tokens": _issued_tokens,
    "access tokens": _access_tokens,
    "ID tokens": _id_tokens,
    "events": _events,
}
"""What is removed: a word for it, and the rows that are due."""


def due(now: datetime) -> dict[str, int]:
    """Return how many rows of each kind a purge would remove."""
    counts = {name: rows(now).count() for name, rows in KINDS.items()}
    return {**counts, "earlier secrets": len(_ended_earlier_secrets(now))}


def purge(now: datetime) -> Iterator[tuple[str, int]]:
    """Remove what is due, one batch a transaction, and yield each batch's kind and size.

    Nothing is lost by stopping in the middle.
    """
    for name, rows in KINDS.items():
        while count := _delete_batch(rows(now)):
            yield name, count
    for secret in _ended_earlier_secrets(now):
        close_toolkit_secret(secret.application)
        yield "earlier secrets", 1


@transaction.atomic
def _delete_batch(rows: QuerySet[Any]) -> int:
    model: type[Model] = rows.model
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    if keys:
        model._default_manager.filter(pk__in=keys).delete()
    return len(keys)


def _ended_earlier_secrets(now: datetime) -> list[ClientSecret]:
    """Return the rows whose end leaves a secret in the toolkit's own column without meaning."""
    ended = ClientSecret.objects.filter(Q(revoked_at__lte=now) | Q(expires_at__lte=now), digest="")
    return [row for row in ended.select_related("application") if _is_closable(row.application)]


def _is_closable(application: Any) -> bool:
    return application.algorithm != "HS256" and has_toolkit_secret(application)
