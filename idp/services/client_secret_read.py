"""The secrets of a client as they ride along with the client's own row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

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


def secrets_from(rows: Iterable[Mapping[str, Any]], application: Any) -> list[ClientSecret]:
    """Return rows of ``secret_rows`` as models that hold what a comparison needs, and no more."""
    return [
        ClientSecret(
            id=row["id"],
            application=application,
            salt=row["salt"],
            digest=row["digest"],
            slow_hash=row["slow_hash"],
            expires_at=json_time(row["expires_at"]),
            revoked_at=json_time(row["revoked_at"]),
            last_used_at=json_time(row["last_used_at"]),
        )
        for row in rows
    ]
