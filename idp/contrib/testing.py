"""Help for the tests of a host site: how a test may empty the ledger, which nothing else can.

With pytest, one line in the outermost ``conftest.py`` is enough::

    pytest_plugins = ["idp.contrib.testing"]

With Django's own runner, call ``let_tests_flush()`` once, for example in the module of a
``TEST_RUNNER``. A single place that flushes by itself uses ``with allow_flush(): ...``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any


@contextmanager
def allow_flush(*aliases: str) -> Iterator[None]:
    """Let ``flush``, DELETE and TRUNCATE pass inside the block; the triggers are back after it.

    Args:
        *aliases: of databases; none for all.
    """
    from django.db import connections

    from idp.models.append_only import without_triggers

    with ExitStack() as stack:
        for alias in aliases or connections:
            stack.enter_context(without_triggers(connections[alias]))
        yield


def let_tests_flush() -> None:
    """Make every ``TransactionTestCase`` able to empty the database after a test."""
    from django.test import TransactionTestCase

    teardown: Any = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]
    if getattr(teardown, "lets_ledger_flush", False):
        return

    @wraps(teardown)
    def flush(case: TransactionTestCase) -> None:
        with allow_flush(*case._databases_names(include_mirrors=False)):  # type: ignore[attr-defined]
            teardown(case)

    flush.lets_ledger_flush = True  # type: ignore[attr-defined]
    TransactionTestCase._fixture_teardown = flush  # type: ignore[attr-defined]


def pytest_configure(config: Any) -> None:
    """Do so for a run of pytest that names this module as a plugin."""
    del config
    let_tests_flush()
