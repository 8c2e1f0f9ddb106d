"""Queries that are built and compiled once, and then run with other values.

The reads of every request are wide: building and compiling one costs more than the database takes
to answer it. What comes out is what the queryset itself would give.

PostgreSQL plans such a read longer than it runs it. Where the site allows prepared statements
(``OPTIONS["prepare_threshold"]`` of its database, which is Django's own switch for them), the
statement is prepared once a connection and from then on only executed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar, cast

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable

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
        return next(self.rows(*values), None)

    def rows(self, *values: str) -> Iterator[Row]:
        """Return the rows, read when the first one is asked for.

        Args:
            values: in the order of the placeholders.
        """
        given = dict(zip(self._slots, values, strict=True))
        return iter(ModelIterable(cast("QuerySet[Row]", self._plan().bound(given))))

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
        self.queryset = queryset
        self.compiler = queryset.query.get_compiler(using=queryset.db)
        self.sql, params = self.compiler.as_sql()
        self.params: Sequence[Any] = tuple(params)
        self.converters = self.compiler.get_converters(
            [column[0] for column in self.compiler.select]
        )
        self.is_composite = self.compiler.has_composite_fields(
            [column[0] for column in self.compiler.select]
        )
        self.written_out = ""  # the same statement for the server to keep planned
        if may_prepare(connections[queryset.db]):
            self._write_out(slots)

    def _write_out(self, slots: Sequence[str]) -> None:
        """Put every constant into the statement, so that only the slots are left to bind."""
        connection = connections[self.queryset.db]
        with connection.cursor() as cursor:
            self.written_out = cast("Any", cursor.cursor).mogrify(self.sql, self.params)
        for number, slot in enumerate(slots, start=1):
            self.written_out = self.written_out.replace(f"'{slot}'", f"${number}")

    def bound(self, given: dict[str, str]) -> _Bound:
        """Return something like the queryset, with the values in the places of the slots."""
        compiler = copy.copy(self.compiler)
        compiler.get_converters = lambda _expressions: self.converters
        compiler.has_composite_fields = lambda _expressions: self.is_composite
        connection = connections[self.queryset.db]
        # Where statements are logged, Django's own cursor, which knows what it sent.
        if self.written_out and not connection.queries_logged:
            compiler.connection = _Preparing(connection)
            sql, params = self.written_out, tuple(given.values())
        else:
            compiler.connection = connection
            sql = self.sql
            params = tuple(
                given.get(param, param) if isinstance(param, str) else param
                for param in self.params
            )
        compiler.as_sql = lambda *_args, **_kwargs: (sql, params)
        return _Bound(self.queryset, compiler)


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


def preparing(connection: Any) -> Any:
    """Return a cursor whose statements the server keeps planned, with values ``$1`` and so on."""
    from idp.models.prepared_cursor import PreparedCursor

    connection.close_if_health_check_failed()
    connection.ensure_connection()
    return connection.make_cursor(PreparedCursor(connection.connection))


class _Preparing:
    """Stands in for a connection to PostgreSQL, with cursors that bind on the server's side."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def cursor(self) -> Any:
        """Return such a cursor."""
        return preparing(self._connection)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class _Bound:
    """Stands in for a queryset and for its query, with a compiler that has done its work."""

    def __init__(self, queryset: QuerySet[Any], compiler: Any) -> None:
        self._queryset = queryset
        self._compiler = compiler

    @property
    def query(self) -> _Bound:
        return self

    def get_compiler(self, *_args: Any, **_kwargs: Any) -> Any:
        """Return the compiler."""
        return self._compiler

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queryset, name)
