"""Removing in batches what has lost its meaning; what people decided is never among it.

A batch is a transaction of its own, finds its rows by primary key and locks those alone, so that
the site goes on meanwhile. Nothing is lost by stopping in the middle: the next run goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from idp.models import ClientSecret
from idp.services.client_secret import close_toolkit_secret
from idp.services.client_secret_value import has_toolkit_secret
from idp.services.consent_sweep import due_consents, expire_due
from idp.services.key import promote_keys
from idp.services.purge_kind import KINDS, Kind
from idp.services.removal import look_up_by_index

BATCH = 5_000

EXPIRED_CONSENTS = "consents that ran out"
EARLIER_SECRETS = "earlier secrets"


def due(now: datetime) -> dict[str, int]:
    """Return how many rows of each kind a purge would remove or write off, at the most."""
    counts = {kind.name: kind.rows(now).count() for kind in KINDS}
    return {
        EXPIRED_CONSENTS: due_consents(now).count(),
        **counts,
        EARLIER_SECRETS: len(_ended_earlier_secrets(now)),
    }


def purge(now: datetime) -> Iterator[tuple[str, int]]:
    """Remove what is due, and yield the kind and size of each batch.

    Keys move to the state that their age allows, and consents that ran out are written off, which
    only lets the ledger say what holds already.
    """
    promote_keys(now)
    before = 0
    for done in expire_due(now):
        yield EXPIRED_CONSENTS, done - before
        before = done
    for kind in KINDS:
        for count in _purge_kind(kind, now):
            yield kind.name, count
    for secret in _ended_earlier_secrets(now):
        close_toolkit_secret(secret.application)
        yield EARLIER_SECRETS, 1


def _purge_kind(kind: Kind, now: datetime) -> Iterator[int]:
    """Walk along the primary key once, so that rows which stay are passed but once."""
    rows = kind.rows(now).order_by("pk").values_list("pk", flat=True)
    keys = list(rows[:BATCH])
    while keys:
        with transaction.atomic():
            look_up_by_index()
            count = kind.remove(keys)
        yield count
        keys = list(rows.filter(pk__gt=keys[-1])[:BATCH])


def _ended_earlier_secrets(now: datetime) -> list[ClientSecret]:
    """Return the rows whose end leaves a secret in the toolkit's own column without meaning."""
    ended = ClientSecret.objects.filter(Q(revoked_at__lte=now) | Q(expires_at__lte=now), digest="")
    return [row for row in ended.select_related("application") if _is_closable(row.application)]


def _is_closable(application: Any) -> bool:
    return application.algorithm != "HS256" and has_toolkit_secret(application)
