"""What all tests share."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from pytest_django import DjangoDbBlocker

from idp.services.catalogue import forget_catalogues
from idp.services.key import forget_public_keys
from idp.services.origin_list import forget_origins
from idp.services.subject_identifier import forget_salt
from tests import flush

pytest_plugins = ["idp.contrib.testing"]

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The database as it is made, which tests that commit are put back to."""
    with django_db_blocker.unblock():
        flush.remember()
    flush.install()


@pytest.fixture
def now() -> datetime:
    """A moment to pass to whatever takes ``now``."""
    return NOON


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    """The clock, stopped at ``now``; ``clock.shift(seconds)`` and ``clock.move_to(moment)``."""
    with time_machine.travel(NOON, tick=False) as coordinates:
        yield coordinates


@pytest.fixture(autouse=True)
def _empty_caches() -> None:
    """What lives outside the database, and outlasts a test's rollback, starts empty."""
    cache.clear()
    forget_public_keys()
    forget_origins()
    forget_catalogues()
    forget_salt()


FIRST = (
    "admin",
    "domain",
    "dot/test_gate.py",
    "management",
    *(f"project/test_{name}.py" for name in ("database", "demo", "environment", "logs", "mail")),
    "services",
    "templatetags",
    "test_docs.py",
    "test_locale.py",
    "test_packaging.py",
    "views",
)
"""What a database does not touch, the demo, the letter of the protocol, and the desk. Real clients,
hostile requests, the hot paths and the browser's walks over the desk ask it of PostgreSQL too."""

SECOND = (
    "admin/test_pages.py",
    "clients",
    "dropin/test_own_models.py",
    "dropin/test_own_classes.py",
    "views/test_connected_app.py",
    "views/test_fuzz.py",
)
"""Every list and page of the desk, and whole systems: the database of production."""

BOTH = (
    "services/test_consent.py",
    "services/test_ledger",
    "services/test_purge.py",
    "services/test_task",
    "views/test_code_flow.py",
    "views/test_device.py",
    "views/test_introspection.py",
    "views/test_revocation.py",
    "views/test_statement_budget.py",
    "views/test_withdrawal",
)
"""What leans on statements that differ from one database to another."""


def _part_of(path: str) -> str | None:
    """Return which part of ``make test`` runs the tests of a file, when it is one alone.

    ``make matrix`` runs them all on both databases.
    """
    if path.startswith(BOTH):
        return None
    # The longest beginning decides: a file can differ from its folder.
    found = [
        (len(start), part)
        for part, starts in (("first", FIRST), ("second", SECOND))
        for start in starts
        if path.startswith(start)
    ]
    return max(found)[1] if found else None


LONG = (
    "browser/test_gallery.py",
    "dropin",
    "test_packaging.py",
    "views/test_hostile",
)
"""What takes longest, and is begun first: nobody then waits for it at the end."""


@pytest.hookimpl(trylast=True, specname="pytest_collection_modifyitems")
def pytest_put_long_ones_first(items: list[pytest.Item]) -> None:
    """Order the tests after they were shuffled."""
    items.sort(key=lambda item: not _place(item).startswith(LONG))


def _place(item: pytest.Item) -> str:
    return item.path.relative_to(Path(__file__).parent).as_posix()


def pytest_collection_finish() -> None:
    """Let the collector of garbage rest: what is imported stays, and a test leaves little."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 1_000)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Say which part runs what, and take out what needs PostgreSQL when the tests run on SQLite."""
    for item in items:
        part = _part_of(_place(item))
        if part and not item.get_closest_marker("postgres"):
            item.add_marker(part)
    if connection.vendor == "postgresql":
        return
    needing = [item for item in items if item.get_closest_marker("postgres")]
    if needing:
        items[:] = [item for item in items if item not in needing]
        config.hook.pytest_deselected(items=needing)
        config.stash[LEFT_OUT] = len(needing)


LEFT_OUT = pytest.StashKey[int]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was left out, and how to run it."""
    count = terminalreporter.config.stash.get(LEFT_OUT, 0)
    if count:
        terminalreporter.write_line(
            f"{count} tests need PostgreSQL and did not run: "
            "python -m tests.postgres python -m pytest -m postgres",
            yellow=True,
        )
