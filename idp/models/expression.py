"""Expressions that each database spells in its own way.

Rows of a subquery as one JSON array, so that a client and what hangs on it are one statement; and
words of a list that is stored as text; and one of many keys.
"""

from __future__ import annotations

import string
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, connections
from django.db.models import Aggregate, BooleanField, F, Func, JSONField, Q, TextField, Value
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


class Words(Func):
    """The words of columns that hold space-separated lists, as PostgreSQL keeps them indexed.

    The text of the expression is the one of the index, or the index is not used.
    """

    template = "string_to_array(%(expressions)s, ' ')"
    arg_joiner = " || ' ' || "
    output_field = TextField()


def holding_word(word: str, *columns: str) -> Q:
    """Return the condition that one of some columns of space-separated lists holds a word.

    PostgreSQL answers by index; other databases look at every row.
    """
    if connection.vendor == "postgresql":
        return Q(_HoldsWord(Words(*columns), Value(word)))
    found = Q()
    for column in columns:
        found |= Q(**{column: word})
        for lookup in ("startswith", "contains", "endswith"):
            text = {"startswith": f"{word} ", "contains": f" {word} ", "endswith": f" {word}"}
            found |= Q(**{f"{column}__{lookup}": text[lookup]})
    return found


class _HoldsWord(Func):
    """Whether an array of words holds one."""

    template = "%(expressions)s]::text[]"
    arg_joiner = " @> ARRAY["
    output_field = BooleanField()
    conditional = True


def among(model: Any, name: str, keys: Iterable[Any]) -> Q:
    """Return the condition that a field has one of many values.

    PostgreSQL gets them as one array: a statement with thousands of parameters takes this process
    longer to write than the server to run.

    Args:
        model: whose field.
        name: of the field, or ``pk``.
        keys: the values.
    """
    if connection.vendor != "postgresql":
        return Q(**{f"{name}__in": list(keys)})
    field = model._meta.pk if name == "pk" else model._meta.get_field(name)
    return Q(_Among(F(name), Value(_array(field, list(keys)))))


def _array(field: Any, keys: list[Any]) -> Any:
    """Return keys as one value for PostgreSQL: where they are plain, the very text of the array.

    Whatever is done here is done once a key, millions of times in a purge. So where the field takes
    the first key as it is, it takes the others of the same type.
    """
    real = connections[connection.alias]
    types = {type(key) for key in keys}
    if len(types) != 1 or field.get_db_prep_value(keys[0], real) is not keys[0]:
        return [field.get_db_prep_value(key, real) for key in keys]
    text = ",".join(keys if types == {str} else map(str, keys))
    strange = (
        text.encode("utf-8", "surrogatepass").translate(None, _PLAIN) or "null" in text.lower()
    )
    if strange or text.count(",") != len(keys) - 1 or not all(keys):
        return keys
    return f"{{{text}}}"


_PLAIN = f"{string.ascii_letters}{string.digits}-,".encode()


class _Among(Func):
    """Whether a value is in an array."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()
    conditional = True
