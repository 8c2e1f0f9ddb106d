"""Transactions that are tried again when the database lets another one win."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from django.db import OperationalError, connections, transaction

Result = TypeVar("Result")

ATTEMPTS = 3
_RETRIED = frozenset({"40001", "40P01"})


def in_transaction(work: Callable[[], Result], using: str = "default") -> Result:
    """Run work in one transaction; try again after a serialization failure or a deadlock.

    Args:
        work: called with nothing; has no effect outside the database.
        using: alias of the database.

    Raises:
        OperationalError: the last attempt failed as well, or the cause was another, or what was to
            follow the commit failed.
    """
    nested = connections[using].in_atomic_block
    committed: list[int] = []
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic(using=using):
                # First of all that follows the commit, so that nothing is done twice.
                transaction.on_commit(partial(committed.append, attempt), using=using)
                return work()
        except OperationalError as error:
            state = getattr(error.__cause__, "sqlstate", None)
            if committed or nested or state not in _RETRIED or attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")
