"""The cursor of prepared statements; psycopg is there when this is imported."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import Any, cast

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.base import DatabaseWrapper
from psycopg import RawCursor
from psycopg.errors import DatatypeMismatch, FeatureNotSupported, UndefinedFunction
from psycopg.pq import TransactionStatus

_OUTDATED = (FeatureNotSupported, DatatypeMismatch, UndefinedFunction)
"""What PostgreSQL says of a plan whose results or values have types that its tables had before."""

_WAYS = ("cursor", "_cursor", "create_cursor", "make_cursor", "ensure_connection")


def makes_cursors_as_django_does(connection: BaseDatabaseWrapper) -> bool:
    """Return whether a connection and its class leave the making of cursors to Django."""
    own = cast("Hashable", type(connection))
    return vars(connection).keys().isdisjoint(_WAYS) and _leaves_them(own)


@lru_cache(maxsize=8)
def _leaves_them(own: Hashable) -> bool:
    return all(getattr(own, way) is getattr(DatabaseWrapper, way) for way in _WAYS)


class PreparedCursor(RawCursor[Any]):
    """Plans a statement anew whose columns have changed their types since it was prepared.

    Otherwise a process that outlives a migration would fail at each such statement until it ends.
    """

    def execute(self, *args: Any, **kwargs: Any) -> PreparedCursor:
        """Execute a statement.

        Raises:
            FeatureNotSupported, DatatypeMismatch, UndefinedFunction: the old plan fits no more, and
                a transaction is open, whose end makes room for the next one.
        """
        try:
            return super().execute(*args, **kwargs)
        except _OUTDATED:
            if self.connection.info.transaction_status != TransactionStatus.IDLE:
                raise
        # There is nothing to roll back; it is how the driver is told to forget what it prepared.
        self.connection.execute("ROLLBACK")
        return super().execute(*args, **kwargs)
