"""Removing many rows by statement, as Django would remove them one by one.

Django reads every row that hangs on what is deleted. Here the database is told what becomes of
them instead, unless somebody listens to each deletion.
"""

from __future__ import annotations

from typing import Any

from django.db import models, transaction
from django.db.models.deletion import get_candidate_relations_to_delete
from django.db.models.signals import post_delete, pre_delete

DEEPEST = 4


def delete_rows(rows: models.QuerySet[Any]) -> int:
    """Delete rows with what must go with them; return how many of these rows went.

    Args:
        rows: which; best found by a list of keys, since the condition runs once a relation.
    """
    if not is_plain(rows.model):
        return rows.delete()[1].get(rows.model._meta.label, 0)
    with transaction.atomic():
        return _delete(rows.order_by())


def is_plain(model: Any, depth: int = 0) -> bool:
    """Return whether statements alone can delete rows of a model: nobody listens or protects."""
    if depth == DEEPEST or pre_delete.has_listeners(model) or post_delete.has_listeners(model):
        return False
    if any(hasattr(field, "bulk_related_objects") for field in model._meta.private_fields):
        return False
    return not model._meta.parents and all(
        relation.on_delete in {models.SET_NULL, models.DO_NOTHING}
        or (relation.on_delete is models.CASCADE and is_plain(relation.related_model, depth + 1))
        for relation in _relations(model)
    )


def _delete(rows: models.QuerySet[Any]) -> int:
    for relation in _relations(rows.model):
        hanging: Any = relation.related_model._base_manager.using(rows.db).filter(
            **{f"{relation.field.name}__in": rows}
        )
        if relation.on_delete is models.SET_NULL:
            hanging.update(**{relation.field.name: None})
        elif relation.on_delete is models.CASCADE:
            _delete(hanging)
    # Django's own single statement, which ``delete`` would only use for rows without relations.
    gone: int = rows._raw_delete(rows.db)
    return gone


def _relations(model: Any) -> list[Any]:
    return list(get_candidate_relations_to_delete(model._meta))
