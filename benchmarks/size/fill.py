"""Rows by the million: ``INSERT … SELECT`` over a series, with each model's own defaults."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models
from psycopg import sql


@contextmanager
def told(what: str) -> Iterator[None]:
    """Say what is being made, and how long it took."""
    sys.stderr.write(f"{what} … ")
    sys.stderr.flush()
    start = time.perf_counter()
    yield
    sys.stderr.write(f"{time.perf_counter() - start:.1f} s\n")


def fill(model: Any, rows: str, /, **columns: str) -> None:
    """Insert a row for each row of a source.

    Args:
        model: whose table.
        rows: what stands behind ``FROM``.
        columns: expressions of SQL by the names of columns; the others get the field's default.
    """
    names, values = [], []
    for field in model._meta.concrete_fields:
        value = columns.pop(field.attname, None) or _default(field)
        if value is not None:
            names.append(connection.ops.quote_name(field.column))
            values.append(value)
    if columns:
        raise ValueError(f"no such columns: {sorted(columns)}")
    run(
        f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) "  # noqa: S608
        f"SELECT {', '.join(values)} FROM {rows}"
    )
    key = model._meta.pk
    if isinstance(key, models.AutoField):
        run(
            f"SELECT setval(pg_get_serial_sequence('{model._meta.db_table}', '{key.column}'), "  # noqa: S608
            f"coalesce(max({key.column}), 1)) FROM {model._meta.db_table}"
        )


def run(statement: str) -> None:
    """Run a statement without parameters, with the percent signs that are in it."""
    with connection.cursor() as cursor:
        cursor.execute(statement)


def series(count: int, start: int = 1) -> str:
    """Return a source of ``count`` numbers ``n``."""
    return f"generate_series({start}, {start + count - 1}) AS n"


def _default(field: Any) -> str | None:
    if field.primary_key and isinstance(field, models.AutoField):
        return None
    if isinstance(field, models.UUIDField) and field.has_default():
        return "gen_random_uuid()"
    if isinstance(field, models.DateTimeField) and not field.null:
        return "now()"
    if field.has_default():
        value = field.get_default()
    elif field.null:
        return None
    else:
        value = ""
    if isinstance(field, models.JSONField):
        value = json.dumps(value)
    return sql.Literal(value).as_string(None)
