"""What all tests share."""

from __future__ import annotations

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
    """The database as the migrations leave it, which tests that commit are put back to."""
    if connection.vendor == "postgresql":
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


ON_POSTGRESQL = (
    "admin",
    "clients",
    "dropin/test_own_models.py",
    "dropin/test_own_classes.py",
    "project/test_health.py",
)
"""The desk, and whole systems: tested on the database of production alone, which is migrated. The
demo is one on SQLite."""

ONCE = (
    "domain",
    "dot/test_gate.py",
    "management/manifest/test_parse.py",
    *(f"project/test_{name}.py" for name in ("database", "demo", "environment", "logs", "mail")),
    "templatetags",
    "test_docs.py",
    "test_locale.py",
    "test_packaging.py",
    *(
        f"views/test_{name}.py"
        for name in (
            "access_token_jwt",
            "authorization_errors",
            "claims",
            "client_assertion",
            "client_throttle",
            "discovery_scope",
            "id_token",
            "logout",
            "metadata_document",
            "pushed_request",
            "redirect_uri_http",
            "registration",
            "resource",
            "sign_in_kept_back",
            "sign_in_strength",
            "token_garbage",
            "toolkit_pages",
            "userinfo",
        )
    ),
)
"""What a database does not touch; the letter of the protocol, which real clients, hostile requests
and the hot paths ask of PostgreSQL too; and the demo. ``make matrix`` runs all of it on both."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take out what needs PostgreSQL when the tests run on SQLite, and say so."""
    for item in items:
        path = item.path.relative_to(Path(__file__).parent).as_posix()
        if path.startswith(ONCE):
            item.add_marker("once")
        elif path.startswith(ON_POSTGRESQL):
            item.add_marker("postgres")
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
