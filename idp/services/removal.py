"""Removing many rows by statement, as Django would remove them one by one.

Django reads every row that hangs on what is deleted. Here the database is told what becomes of
them instead, unless somebody listens to each deletion. It is told by lists of keys: a condition
within another lets it read whole tables to find a handful.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection, models, transaction
from django.db.models.deletion import get_candidate_relations_to_delete
from django.db.models.signals import post_delete, pre_delete

from idp.models.expression import among

BATCH = 5_000
DEEPEST = 4


def delete_rows(rows: models.QuerySet[Any]) -> int:
    """Delete rows with what must go with them; return how many of these rows went.

    Args:
        rows: which; their keys are read first, unless nothing can hang on them.
    """
    if not is_plain(rows.model):
        return rows.delete()[1].get(rows.model._meta.label, 0)
    with transaction.atomic():
        return _delete(rows.order_by())


def delete_keys(model: Any, keys: Sequence[Any]) -> int:
    """Delete rows by their primary keys, with what must go with them; return how many went."""
    rows = model._base_manager.filter(among(model, "pk", keys))
    if not is_plain(model):
        return delete_rows(rows)
    with transaction.atomic():
        return _delete_keys(model, keys, rows.db)


def look_up_by_index() -> None:
    """Let the present transaction find rows by index alone, where its lists of keys are long.

    PostgreSQL holds thousands of keys for so much work that it reads a table of a million rows
    from end to end instead, for every batch again.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")


def is_plain(model: Any, depth: int = 0) -> bool:
    """Return whether statements alone can delete rows of a model: nobody listens or protects."""
    if depth == DEEPEST or pre_delete.has_listeners(model) or post_delete.has_listeners(model):
        return False
    if any(hasattr(field, "bulk_related_objects") for field in model._meta.private_fields):
        return False
    return not model._meta.parents and all(_is_plain(row, depth) for row in _relations(model))


def _is_plain(relation: Any, depth: int) -> bool:
    if relation.on_delete is models.DO_NOTHING:
        return True
    if not relation.field.target_field.primary_key:
        return False
    cascades = relation.on_delete is models.CASCADE
    return relation.on_delete is models.SET_NULL or (
        cascades and (_is_own(relation) or is_plain(relation.related_model, depth + 1))
    )


def _is_own(relation: Any) -> bool:
    """Return whether rows of a model go with other rows of the same model."""
    return relation.related_model is relation.model and relation.on_delete is models.CASCADE


def _delete(rows: models.QuerySet[Any]) -> int:
    if not _relations(rows.model):
        return _raw_delete(rows)
    return _delete_keys(rows.model, list(rows.values_list("pk", flat=True)), rows.db)


def _delete_keys(model: Any, keys: Sequence[Any], database: str) -> int:
    relations = _relations(model)
    for relation in filter(_is_own, relations):
        keys = _with_followers(relation, keys, database)
    gone = 0
    for start in range(0, len(keys), BATCH):
        part = keys[start : start + BATCH]
        for relation in relations:
            if not _is_own(relation):
                _let_go(relation, part, database)
        gone += _raw_delete(model._base_manager.using(database).filter(among(model, "pk", part)))
    return gone


def _with_followers(relation: Any, keys: Sequence[Any], database: str) -> list[Any]:
    """Return keys behind those of the rows that go with them, whose own followers stand before."""
    model, name = relation.related_model, relation.field.name
    known, newest = dict.fromkeys(keys), list(keys)
    while newest:
        found: list[Any] = []
        for start in range(0, len(newest), BATCH):
            among_them = among(model, name, newest[start : start + BATCH])
            rows = model._base_manager.using(database).filter(among_them)
            found += rows.values_list("pk", flat=True)
        newest = [key for key in found if key not in known]
        known |= dict.fromkeys(newest)
    return list(reversed(known))


def _let_go(relation: Any, keys: Sequence[Any], database: str) -> None:
    """Do with what hangs on rows by one relation what its model says."""
    model, name = relation.related_model, relation.field.name
    hanging: Any = model._base_manager.using(database).filter(among(model, name, keys))
    if relation.on_delete is models.SET_NULL:
        hanging.update(**{name: None})
    elif relation.on_delete is models.CASCADE:
        _delete(hanging.order_by())


def _raw_delete(rows: Any) -> int:
    """Run Django's own single statement, which ``delete`` only uses for rows without relations."""
    gone: int = rows._raw_delete(rows.db)
    return gone


def _relations(model: Any) -> list[Any]:
    return list(get_candidate_relations_to_delete(model._meta))
