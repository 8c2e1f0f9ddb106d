"""The secrets of a client as they ride along with the client's own row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject

from idp.models import ClientSecret
from idp.models.expression import JsonRows, json_time

_ROW = JSONObject(
    id="id",
    salt="salt",
    digest="digest",
    slow_hash="slow_hash",
    expires_at="expires_at",
    revoked_at="revoked_at",
    last_used_at="last_used_at",
)


def secret_rows(application: str) -> Subquery:
    """Return the secrets of a client as one JSON value, for a query that reads more besides.

    Args:
        application: name of the outer query's reference to the client.
    """
    secrets = ClientSecret.objects.filter(application=OuterRef(application)).order_by()
    return Subquery(secrets.values("application").annotate(rows=JsonRows(_ROW)).values("rows"))


class HeldSecret(NamedTuple):
    """One secret as far as a comparison needs it.

    Attributes:
        pk: of its row.
        salt: of its digest.
        digest: see ``digest_of``; empty where there is none.
        slow_hash: instead of a digest, for a secret that we did not make.
        expires_at: when it stops working, or None.
        revoked_at: when it was ended, or None.
        last_used_at: when it last proved its client, give or take an hour, or None.
    """

    pk: Any
    salt: str
    digest: str
    slow_hash: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


def secrets_from(rows: Iterable[Mapping[str, Any]]) -> list[HeldSecret]:
    """Return what ``secret_rows`` read."""
    return [
        HeldSecret(
            row["id"],
            row["salt"],
            row["digest"],
            row["slow_hash"],
            json_time(row["expires_at"]),
            json_time(row["revoked_at"]),
            json_time(row["last_used_at"]),
        )
        for row in rows
    ]
