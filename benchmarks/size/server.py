"""The PostgreSQL that holds the site: named by the environment, or one of our own that may stay."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.postgres import VARIABLE, running

KEPT = Path("var/size-postgresql")
SETTINGS = {
    "max_wal_size": "4GB",
    "maintenance_work_mem": "256MB",
    "shared_buffers": "512MB",
    "autovacuum": "off",  # the measurement decides when
}


IN_MEMORY = 0.3
"""Up to this scale the rows have room in memory; a whole site takes ten gigabytes of a disk."""


@contextmanager
def database(*, keep: bool, scale: float) -> Iterator[None]:
    """Set Django up on a database of its own, migrated.

    Args:
        keep: whether our own server's folder stays, so that the next run finds the rows.
        scale: size of the site, which decides where the rows are.
    """
    if os.environ.get(VARIABLE):
        _set_up()
        yield
        return
    with _folder(keep=keep, scale=scale) as folder, running(SETTINGS, folder=folder) as server:
        os.environ[VARIABLE] = server.url()
        _set_up()
        try:
            yield
        finally:
            from django.db import connection

            connection.close()
            if hasattr(connection, "close_pool"):
                connection.close_pool()


@contextmanager
def _folder(*, keep: bool, scale: float) -> Iterator[Path | None]:
    """Give the place of the rows; None for wherever there is room for a while."""
    KEPT.parent.mkdir(exist_ok=True)
    if keep:
        yield KEPT.resolve()
    elif scale <= IN_MEMORY:
        yield None
    else:
        with TemporaryDirectory(prefix="size-", dir=KEPT.parent) as name:
            yield Path(name).resolve()


def _set_up() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
