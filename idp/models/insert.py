"""New rows, stored by a statement that is written once for each model and database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.db import connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import AutoField, BigAutoField, Manager, Model, SmallAutoField
from django.db.models.signals import post_save, pre_save

from idp.models.prepared import prepares_now, preparing


def insert(row: Model) -> None:
    """Store a new row as ``row.save()`` would, and give it its key.

    Where a model has ways of its own, somebody listens to it, or a value is for the database to
    find, ``row.save()`` it is. What the row refers to must be stored already.
    """
    alias = router.db_for_write(type(row), instance=row)
    plan, connection = _plan_of(row, alias), connections[alias]
    values = plan.values(row, connection) if plan is not None else None
    if plan is None or values is None:
        row.save(using=alias)
        return
    with transaction.mark_for_rollback_on_error(using=alias):
        plan.run(row, values, connection)
    row._state.db, row._state.adding = alias, False


_Plans = dict[tuple[type[Model], str], "_Plan | None"]
_PLANS: _Plans = {}


def _plan_of(row: Model, alias: str) -> _Plan | None:
    """Return how rows of a model are stored, or None for one that stores itself."""
    model = type(row)
    if row.pk is not None or "save" in vars(row):
        return None
    if pre_save.has_listeners(model) or post_save.has_listeners(model):
        return None
    key = (model, alias)
    if key not in _PLANS:
        _PLANS[key] = _Plan(model, alias) if _is_plain(model, alias) else None
    return _PLANS[key]


_STEPS = ("save", "save_base", "_save_parents", "_save_table", "_do_insert")
_NUMBERS = (AutoField, BigAutoField, SmallAutoField)


def _is_plain(model: type[Model], alias: str) -> bool:
    """Return whether a model is one table, numbered by its database and saved by Django alone."""
    options = model._meta
    return (
        all(getattr(model, step) is getattr(Model, step) for step in _STEPS)
        and type(model._base_manager) is Manager
        and not (options.parents or options.proxy or options.order_with_respect_to)
        and not any(map(_is_written_apart, options.local_concrete_fields))
        and type(options.pk) in _NUMBERS
        and list(options.db_returning_fields) == [options.pk]
        and connections[alias].vendor in {"postgresql", "sqlite"}
        and connections[alias].features.can_return_columns_from_insert
    )


class _Plan:
    """The statement that stores one row, and how its values are found."""

    def __init__(self, model: type[Model], alias: str) -> None:
        self._key = cast("Any", model._meta.pk)
        self._fields = [
            field
            for field in model._meta.local_concrete_fields
            if not field.primary_key and not field.generated
        ]
        quote = connections[alias].ops.quote_name
        columns = ", ".join(quote(cast("str", field.column)) for field in self._fields)
        # Names of tables and columns alone; values never come near it.
        into = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES "  # noqa: S608
        back = f" RETURNING {quote(self._key.column)}"
        numbers = ", ".join(f"${number}" for number in range(1, len(self._fields) + 1))
        places = ", ".join(["%s"] * len(self._fields))
        self._numbered = f"{into}({numbers}){back}"
        self._placed = f"{into.replace('%', '%%')}({places}){back.replace('%', '%%')}"

    def values(self, row: Model, connection: BaseDatabaseWrapper) -> list[Any] | None:
        """Return what goes into the columns, or None where the database is to find a value."""
        found = []
        for field in self._fields:
            value = field.pre_save(row, add=True)
            if hasattr(value, "resolve_expression"):
                return None
            found.append(field.get_db_prep_save(value, connection))
        return found

    def run(self, row: Model, values: Sequence[Any], connection: BaseDatabaseWrapper) -> None:
        """Store a row, and set its key."""
        by_server = prepares_now(connection)
        sql = self._numbered if by_server else self._placed
        with preparing(connection) if by_server else connection.cursor() as cursor:
            cursor.execute(sql, values)
            setattr(row, self._key.attname, cursor.fetchone()[0])


def _is_written_apart(field: Any) -> bool:
    """Return whether a field's value stands in the statement in a way of its own."""
    return any(hasattr(field, name) for name in ("get_placeholder", "get_placeholder_sql"))
