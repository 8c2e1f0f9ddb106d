"""The PostgreSQL that holds the site: named by the environment, or one of our own that may stay."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.postgres import VARIABLE, running

KEPT = Path("var/size-postgresql")
SETTINGS = {
    "max_wal_size": "4GB",
    "maintenance_work_mem": "256MB",
    "shared_buffers": "512MB",
    "autovacuum": "off",  # the measurement decides when
}


@contextmanager
def database(*, keep: bool) -> Iterator[None]:
    """Set Django up on a database of its own, migrated.

    Args:
        keep: whether our own server's folder stays, so that the next run finds the rows.
    """
    if os.environ.get(VARIABLE):
        _set_up()
        yield
        return
    with running(SETTINGS, folder=KEPT.resolve() if keep else None) as server:
        os.environ[VARIABLE] = server.url()
        _set_up()
        try:
            yield
        finally:
            from django.db import connection

            connection.close()
            if hasattr(connection, "close_pool"):
                connection.close_pool()


def _set_up() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
