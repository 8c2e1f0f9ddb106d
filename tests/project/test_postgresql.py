"""Pooled connections that ended meanwhile are replaced before a request meets them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.db.utils import ConnectionHandler, OperationalError

from project.postgresql import base
from tests.postgres import SUPERUSER

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

Pooled = Callable[[int], ConnectionHandler]


@pytest.fixture
def pooled() -> Iterator[Pooled]:
    """The test's database with a pool of some size, under a name that nobody else uses."""
    made = []

    def make(size: int) -> ConnectionHandler:
        pool = {"min_size": size, "max_size": size, "timeout": 3}
        known = connection.settings_dict
        settings = {**known, "OPTIONS": {**known["OPTIONS"], "pool": pool}}
        made.append(ConnectionHandler({"default": settings, "pooled": settings}))
        return made[-1]

    yield make
    for databases in made:
        databases["pooled"].close()
        databases["pooled"].close_pool()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The connections that were asked whether they live."""
    connections: list[Any] = []
    ask = base.ConnectionPool.check_connection

    def noting(one: Any) -> None:
        connections.append(one)
        ask(one)

    monkeypatch.setattr(base.ConnectionPool, "check_connection", staticmethod(noting))
    return connections


def use(databases: ConnectionHandler, statement: str = "SELECT 1") -> int:
    """Return the process of PostgreSQL that ran a statement, and give the connection back."""
    wrapper = databases["pooled"]
    try:
        with wrapper.cursor() as cursor:
            cursor.execute(statement)
            return int(wrapper.connection.info.backend_pid)
    finally:
        wrapper.close()


def use_at_once(databases: ConnectionHandler, number: int) -> set[int]:
    """Return the processes that several threads used, each while all the others did."""
    met, used = threading.Barrier(number, timeout=20), set()

    def work() -> None:
        wrapper = databases["pooled"]
        with wrapper.cursor() as cursor:
            cursor.execute("SELECT 1")
            met.wait()
            used.add(wrapper.connection.info.backend_pid)
        wrapper.close()

    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return used


def outside(statement: str, *values: Any) -> None:
    """Run a statement on a connection of another program."""
    known = connection.settings_dict
    with psycopg.connect(
        host=known["HOST"],
        port=known["PORT"] or None,
        user=SUPERUSER,
        dbname=known["NAME"],
        autocommit=True,
    ) as other:
        other.execute(statement, values)


def test_a_connection_that_was_at_work_just_now_is_not_asked(pooled, asked, monkeypatch):
    databases, now = pooled(1), 100.0
    monkeypatch.setattr(base, "monotonic", lambda: now)
    first = use(databases)
    assert len(asked) == 1

    now += base.TRUSTED_SECONDS - 0.01
    assert use(databases) == first
    assert len(asked) == 1

    now += base.TRUSTED_SECONDS
    assert use(databases) == first
    assert len(asked) == 2


def test_nobody_meets_a_connection_that_was_ended(pooled):
    databases = pooled(4)
    for _round in range(3):
        before = use_at_once(databases, 4)
        assert len(before) == 4
        for pid in before:
            outside("SELECT pg_terminate_backend(%s, 5000)", pid)
        assert use_at_once(databases, 4).isdisjoint(before)


def test_one_that_has_something_to_say_is_asked_and_kept(pooled, asked, monkeypatch):
    databases = pooled(1)
    monkeypatch.setattr(base, "monotonic", lambda: 100.0)
    pid = use(databases, "LISTEN news")
    outside("NOTIFY news")
    assert use(databases) == pid
    assert len(asked) == 2
    assert use(databases) == pid
    assert len(asked) == 2


def test_where_every_connection_ends_at_once_the_last_word_is_the_statement_s(pooled, monkeypatch):
    databases, looked_at = pooled(2), []
    monkeypatch.setattr(base, "_is_alive", looked_at.append)
    use(databases)
    assert [found.closed for found in looked_at] == [True, True]


def test_nobody_waits_longer_than_the_pool_allows(pooled, monkeypatch):
    databases, clock, looked_at = pooled(4), iter(range(0, 1000, 2)), []
    monkeypatch.setattr(base, "monotonic", lambda: next(clock))
    monkeypatch.setattr(base, "_is_alive", looked_at.append)
    with pytest.raises(OperationalError, match="every connection had ended"):
        use(databases)
    assert len(looked_at) == 2


def test_who_is_interrupted_while_asking_leaves_no_gap_in_the_pool(pooled, monkeypatch):
    databases = pooled(1)
    use(databases)

    def interrupted(_connection):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(base, "_is_alive", interrupted)
        with pytest.raises(KeyboardInterrupt):
            use(databases)
    assert use(databases)


def test_a_database_that_went_away_is_an_operational_error(pooled, monkeypatch):
    databases = pooled(1)
    pid = use(databases)
    pool = databases["pooled"].pool
    monkeypatch.setattr(pool, "kwargs", {**pool.kwargs, "port": "1"})
    monkeypatch.setattr(pool, "timeout", 0.5)
    outside("SELECT pg_terminate_backend(%s, 5000)", pid)
    with pytest.raises(OperationalError):
        use(databases)


def test_without_a_pool_each_connection_is_new(pooled, asked):
    databases = pooled(1)
    databases.settings["pooled"]["OPTIONS"].pop("pool")
    assert use(databases) != use(databases)
    assert asked == []
