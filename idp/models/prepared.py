"""Queries that are built and compiled once, and then run with other values.

The reads of every request are wide: building and compiling one costs more than the database takes
to answer it. What comes out is what the queryset itself would give, but for objects that it was
reached from, and for Django 6.1's ways of fetching what is left out.

PostgreSQL plans such a read longer than it runs it. Where the site allows prepared statements
(``OPTIONS["prepare_threshold"]`` of its database, which is Django's own switch for them), the
statement is prepared once a connection and from then on only executed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar, cast

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DEFERRED, Model, QuerySet

Row = TypeVar("Row", bound=Model)


class Prepared(Generic[Row]):
    """A query by one or more texts, compiled at first use for each database.

    Args:
        build: called with as many placeholders as the query has values; returns the queryset. The
            placeholders are compared with columns of text; everything else is constant.
        values: how many.
    """

    def __init__(self, build: Callable[..., QuerySet[Row]], values: int = 1) -> None:
        self._build = build
        self._slots = [f"\ue000{number}\ue000" for number in range(values)]
        self._model: type[Model] | None = None
        self._plans: dict[str, _Plan] = {}

    def first(self, *values: str) -> Row | None:
        """Return the first row, or None."""
        found = self.rows(*values)
        return found[0] if found else None

    def rows(self, *values: str) -> list[Row]:
        """Return the rows.

        Args:
            values: in the order of the placeholders.
        """
        given = dict(zip(self._slots, values, strict=True))
        return cast("list[Row]", self._plan().rows(given))

    def _plan(self) -> _Plan:
        if self._model is None:
            self._model = self._build(*self._slots).model
        alias = router.db_for_read(self._model)
        plan = self._plans.get(alias)
        if plan is None:
            plan = _Plan(self._build(*self._slots).using(alias), self._slots)
            self._plans[alias] = plan
        return plan


class _Plan:
    """What compiling a queryset for one database gave."""

    def __init__(self, queryset: QuerySet[Any], slots: Sequence[str]) -> None:
        self._alias = queryset.db
        compiler: Any = queryset.query.get_compiler(using=queryset.db)
        self._sql, params = compiler.as_sql()
        self._params = tuple(params)
        self._build = _Builder(compiler)
        self._written_out = ""  # the same statement for the server to keep planned
        if may_prepare(connections[self._alias]):
            self._write_out(slots)

    def _write_out(self, slots: Sequence[str]) -> None:
        """Put every constant into the statement, so that only the slots are left to bind."""
        with connections[self._alias].cursor() as cursor:
            self._written_out = cast("Any", cursor.cursor).mogrify(self._sql, self._params)
        for number, slot in enumerate(slots, start=1):
            self._written_out = self._written_out.replace(f"'{slot}'", f"${number}")

    def rows(self, given: dict[str, str]) -> list[Any]:
        """Return the rows, with the values in the places of the slots."""
        connection = connections[self._alias]
        if self._written_out and prepares_now(connection):
            cursor, sql = preparing(connection), self._written_out
            params = tuple(given.values())
        else:
            cursor, sql = connection.cursor(), self._sql
            params = tuple(
                given.get(param, param) if isinstance(param, str) else param
                for param in self._params
            )
        with cursor:
            cursor.execute(sql, params)
            found = cursor.fetchall()
        return [self._build(row, connection) for row in found]


class _Builder:
    """Makes models from rows, in the way that iterating over the queryset would."""

    def __init__(self, compiler: Any) -> None:
        columns = [column for column, _sql, _alias in compiler.select]
        self._converters = tuple(compiler.get_converters(columns).items())
        self._annotations = tuple(compiler.annotation_col_map.items())
        self._parts = _Part(compiler.klass_info, columns, compiler.using)

    def __call__(self, read: Sequence[Any], connection: BaseDatabaseWrapper) -> Any:
        """Return the model of a row."""
        row = list(read)
        for place, (converters, column) in self._converters:
            for convert in converters:
                row[place] = convert(row[place], column, connection)
        made = self._parts.made_of(row)
        for name, place in self._annotations:
            setattr(made, name, row[place])
        return made


class _Part:
    """A model in a row, and those that are joined to it."""

    def __init__(self, info: Mapping[str, Any], columns: Sequence[Any], alias: str) -> None:
        self._model, self._alias = info["model"], alias
        place_of = {columns[place].target.attname: place for place in info["select_fields"]}
        options = self._model._meta
        # A model's own order, which is not the row's for one that inherits columns.
        fields = [field.attname for field in options.concrete_fields]
        self._names = [name for name in fields if name in place_of]
        # Gaps are for Django alone, which would look for them at each row. A model's own way of
        # being made gets what the queryset gives it.
        own = cast("Any", self._model.from_db).__func__ is not cast("Any", Model.from_db).__func__
        self._places = [place_of.get(name) for name in (self._names if own else fields)]
        self._key = place_of[options.pk_fields[0].attname]
        self._joined = [
            (_Part(other, columns, alias), other["local_setter"], other["remote_setter"])
            for other in info.get("related_klass_infos", ())
        ]

    def made_of(self, row: Sequence[Any]) -> Any:
        """Return the model, or None where the join found none."""
        if row[self._key] is None:
            return None
        values = [DEFERRED if place is None else row[place] for place in self._places]
        made = self._model.from_db(self._alias, self._names, values)
        for part, tell_one, tell_other in self._joined:
            other = part.made_of(row)
            tell_one(made, other)
            if other is not None:
                tell_other(other, made)
        return made


def may_prepare(connection: BaseDatabaseWrapper) -> bool:
    """Return whether the site allows prepared statements.

    Not every pooler bears them, and a site whose database wrapper makes cursors in its own way, to
    choose a schema for instance, needs its own cursors.
    """
    options = connection.settings_dict["OPTIONS"]
    if connection.vendor != "postgresql" or options.get("prepare_threshold") is None:
        return False
    from idp.models.prepared_cursor import makes_cursors_as_django_does

    return makes_cursors_as_django_does(connection)


def prepares_now(connection: BaseDatabaseWrapper) -> bool:
    """Return whether to prepare now: what is logged, Django's own cursor has to send."""
    return not connection.queries_logged and may_prepare(connection)


def preparing(connection: Any) -> Any:
    """Return a cursor whose statements the server keeps planned, with values ``$1`` and so on."""
    from idp.models.prepared_cursor import PreparedCursor

    connection.close_if_health_check_failed()
    connection.ensure_connection()
    return connection.make_cursor(PreparedCursor(connection.connection))
