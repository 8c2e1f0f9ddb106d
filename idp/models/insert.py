"""New rows, stored by a statement that is compiled once for each model and database."""

from __future__ import annotations

from typing import Any, cast

from django.db import connections, router, transaction
from django.db.models import AutoField, Model
from django.db.models.signals import post_save, pre_save
from django.db.models.sql import InsertQuery

from idp.models.prepared import may_prepare, preparing


def insert(row: Model) -> None:
    """Store a new row as ``row.save()`` would, and give it its key.

    Where a model has ways of its own, somebody listens to it, or its database gives no keys back,
    ``row.save()`` it is. What the row refers to must be stored already.
    """
    alias = router.db_for_write(type(row), instance=row)
    plan = _plan_of(row, alias)
    if plan is None:
        row.save(using=alias)
        return
    with transaction.mark_for_rollback_on_error(using=alias):
        plan.run(row)
    row._state.db, row._state.adding = alias, False


_Plans = dict[tuple[type[Model], str], "_Plan | None"]
_PLANS: _Plans = {}


def _plan_of(row: Model, alias: str) -> _Plan | None:
    """Return how rows of a model are stored, or None for one that stores itself."""
    model = type(row)
    if row.pk is not None or pre_save.has_listeners(model) or post_save.has_listeners(model):
        return None
    key = (model, alias)
    if key not in _PLANS:
        _PLANS[key] = _Plan(row, alias) if _is_plain(model, alias) else None
    return _PLANS[key]


def _is_plain(model: type[Model], alias: str) -> bool:
    """Return whether a model is one table, numbered by its database and saved by Django alone."""
    options, connection = model._meta, connections[alias]
    return (
        (model.save, model.save_base) == (Model.save, Model.save_base)
        and not (options.parents or options.proxy)
        and list(options.db_returning_fields) == [options.pk]
        and isinstance(options.pk, AutoField)
        and not any(map(_asks_the_database, options.local_concrete_fields))
        and connection.vendor in {"postgresql", "sqlite"}
        and connection.features.can_return_columns_from_insert
    )


def _asks_the_database(field: Any) -> bool:
    """Return whether a value is more than a value in the statement."""
    written = ("get_placeholder", "get_placeholder_sql")
    return field.has_db_default() or any(hasattr(field, name) for name in written)


class _Plan:
    """What compiling the insertion of one row gave; the values of each row are its own."""

    def __init__(self, row: Model, alias: str) -> None:
        self._alias = alias
        self._key = cast("Any", row._meta.pk).attname
        self._fields = [
            field
            for field in row._meta.local_concrete_fields
            if not field.primary_key and not field.generated
        ]
        query = InsertQuery(type(row))
        query.insert_values(self._fields, [row])
        compiler = query.get_compiler(using=alias)
        compiler.returning_fields = row._meta.db_returning_fields
        [(self._sql, _params)] = compiler.as_sql()
        self._numbered = self._sql
        for number in range(1, len(self._fields) + 1):
            self._numbered = self._numbered.replace("%s", f"${number}", 1)

    def run(self, row: Any) -> None:
        connection = connections[self._alias]
        values = [
            field.get_db_prep_save(field.pre_save(row, add=True), connection)
            for field in self._fields
        ]
        # Where statements are logged, Django's own cursor, which knows what it sent.
        by_server = may_prepare(connection) and not connection.queries_logged
        sql = self._numbered if by_server else self._sql
        with preparing(connection) if by_server else connection.cursor() as cursor:
            cursor.execute(sql, values)
            setattr(row, self._key, cursor.fetchone()[0])
