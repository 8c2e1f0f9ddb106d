"""Places of requests that outsiders leave behind: the newcomer finds one, whoever fills them.

Where all are taken, the oldest of the network that holds most of them go. So nobody is locked out
by others, and who fills the places only loses the own ones. What is dropped is a tenth of what the
network holds and a hundred at most: a flood from one network costs statements once in a hundred
requests, and a network with few waiting loses few. Where no network holds much of all places, the
oldest of everybody go, ten at once.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Count, Min, QuerySet
from django.db.models.functions import Left
from django.db.models.lookups import Exact

from idp.services.removal import delete_keys
from idp.services.sender import DEPTH, PART

BATCH = 100
MUCH = 100
"""A network holds much from this part of all places on: a hundredth."""


def make_room(rows: QuerySet[Any], most: int) -> int:
    """Drop the oldest of the fullest network where rows take all places; return how many went.

    The fullest is looked for among the widest networks, so that whoever has many narrow ones wins
    nothing; and within it where one address holds most of it, so that its neighbours lose nothing.

    Args:
        rows: what waits, with ``sender`` and ``created_at``.
        most: how many places there are.
    """
    if rows[:most].count() < most:
        return 0
    held = 0
    for depth in range(1, DEPTH + 1):
        beginning, number = _fullest(rows, depth)
        if depth == 1 and number * MUCH < most:
            return drop_oldest(rows, BATCH // 10)
        if 2 * number <= held:
            break
        held, rows = number, rows.filter(Exact(Left("sender", depth * PART), beginning))
    return drop_oldest(rows, min(BATCH, max(1, held // 10)))


def _fullest(rows: QuerySet[Any], depth: int) -> tuple[str, int]:
    """Return how the marks of the fullest network begin, and how many it holds.

    Of equals it is the one whose oldest waits longest.
    """
    each = rows.order_by().values(network=Left("sender", depth * PART))
    counted = each.annotate(held=Count("pk"), oldest=Min("created_at"))
    found = counted.order_by("-held", "oldest").values_list("network", "held").first()
    return found or ("", 0)


@transaction.atomic
def drop_oldest(rows: QuerySet[Any], number: int) -> int:
    """Drop a number of the oldest rows, but for those that are locked; return how many went.

    Args:
        rows: which, with ``created_at``.
        number: how many at most.
    """
    # Who drops at the same time takes others, and neither waits for the other.
    oldest = rows.order_by("created_at", "pk").select_for_update(skip_locked=True, of=("self",))
    keys = list(oldest.values_list("pk", flat=True)[:number])
    return delete_keys(rows.model, keys)
