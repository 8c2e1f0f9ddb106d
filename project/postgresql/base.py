"""Hands out pooled connections that were looked at, and asks only those that may have ended.

Without any check each connection fails one request after PostgreSQL was restarted. Django's check
is a round trip, which is a tenth of what a token request costs. A connection that was at work just
now and has nothing to say is alive: whoever ends one says so, or closes its socket.
"""

from __future__ import annotations

from select import select
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.db.backends.postgresql import base
from django.utils.asyncio import async_unsafe
from psycopg_pool import ConnectionPool, PoolTimeout

TRUSTED_SECONDS = 0.5
"""How long after it was handed out last a connection that says nothing is handed out unasked. Only
within this time is a partner missed that vanished without a word."""

# Owned by this module: when each connection was handed out last.
_used: WeakKeyDictionary[psycopg.Connection[Any], float] = WeakKeyDictionary()


class DatabaseWrapper(base.DatabaseWrapper):
    """A database whose pool hands out connections that live."""

    @async_unsafe
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection, from the pool where there is one.

        Raises:
            OperationalError: none could be had in the time that the pool allows.
        """
        start = monotonic()
        connection = super().get_new_connection(conn_params)
        if self.pool is None:
            return connection
        # At most as often as there are connections to replace, however fast they end.
        for _dead in range(self.pool.max_size):
            if self._is_kept(connection):
                break
            if monotonic() - start > self.pool.timeout:
                raise PoolTimeout("every connection had ended")
            connection = super().get_new_connection(conn_params)
        _used[connection] = monotonic()
        return connection

    def _is_kept(self, connection: psycopg.Connection[Any]) -> bool:
        """Return whether a connection lives; in the place of any other the pool makes a new one."""
        alive = False
        try:
            alive = _is_alive(connection)
        finally:
            if not alive:  # or whoever asked was interrupted
                connection.close()
                self.pool.putconn(connection)
        return alive


def _is_alive(connection: psycopg.Connection[Any]) -> bool:
    last = _used.get(connection)
    if last is not None and monotonic() - last < TRUSTED_SECONDS and _is_silent(connection):
        return True
    try:
        ConnectionPool.check_connection(connection)
    except psycopg.Error:
        return False
    return True


def _is_silent(connection: psycopg.Connection[Any]) -> bool:
    """Return whether nothing waits to be read, not even the end of the connection."""
    try:
        return not select([connection], [], [], 0)[0]
    except (ValueError, OSError, psycopg.Error):
        return False  # closed, or a number that cannot be watched in this way
