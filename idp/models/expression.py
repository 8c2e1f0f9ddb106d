"""Rows of a subquery as one JSON array, so that a client and what hangs on it are one statement."""

from __future__ import annotations

from typing import Any

from django.db.models import Aggregate, JSONField


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
