"""Rows of a subquery as one JSON array, so that a client and what hangs on it are one statement."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Aggregate, JSONField
from django.utils import timezone
from django.utils.dateparse import parse_datetime


class JsonRows(Aggregate):
    """Collect a JSON value of every row into one array, on each database by its own name."""

    function = "JSON_ARRAYAGG"
    output_field = JSONField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Return the expression as SQLite spells it."""
        return self.as_sql(compiler, connection, function="JSON_GROUP_ARRAY", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Return the expression as PostgreSQL spells it."""
        return self.as_sql(compiler, connection, function="JSONB_AGG", **context)


def json_time(text: str | None) -> datetime | None:
    """Return a time from a JSON value; SQLite writes it there without a zone."""
    value = parse_datetime(text) if text else None
    if value is not None and timezone.is_naive(value):
        return timezone.make_aware(value, connection.timezone)
    return value
