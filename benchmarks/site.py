"""Prepares a site in a database of its own, serves it as the demo is served, and ends it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import psycopg

from benchmarks import cpu
from benchmarks.endpoint import Stock
from benchmarks.load import Connections
from tests.postgres import SUPERUSER, Server
from tools.demo import environment

if TYPE_CHECKING:
    from benchmarks.race import Plan

STARTS_WITHIN = 60
"""Seconds."""

CHAINS = 8
"""Refresh tokens of each client that are exchanged beside each other."""


@dataclass(frozen=True)
class Site:
    """One of the two: ``ours`` or ``plain``."""

    name: str


@dataclass(frozen=True)
class Served:
    """A site that answers.

    Attributes:
        name: of the site.
        pid: process that every process of its server descends from.
        connections: to its port.
        stock: what was prepared.
        statements: key of an endpoint to how many statements it costs.
    """

    name: str
    pid: int
    connections: Connections
    stock: Stock
    statements: dict[str, int]


@contextmanager
def serve(site: Site, database: Server, plan: Plan) -> Iterator[Served]:
    """Prepare and serve a site; nothing of it is left at the end."""
    _create_database(database, site.name)
    port = _free_port()
    surroundings = _environment(site, database, port)
    prepared = _prepare(surroundings, plan.codes)
    process = _start(port, surroundings)
    try:
        _wait(port, process)
        served = _served(site, port, process, prepared)
        yield served
    finally:
        _stop(process)


def _served(
    site: Site, port: int, process: subprocess.Popen[bytes], prepared: dict[str, Any]
) -> Served:
    stock = Stock({name: tuple(pair) for name, pair in prepared["clients"].items()})
    for client, codes in prepared["codes"].items():
        queue: SimpleQueue[str] = SimpleQueue()
        for code in codes:
            queue.put(code)
        stock.codes[client] = queue
    connections = Connections(port)
    for client in stock.codes:
        for _chain in range(CHAINS):
            body = connections.send(stock.exchange(client))
            stock.keep(client, body)
            if client == "web":
                # Introspected and presented by its own call; a refresh would end it.
                stock.access_token = stock.access_token or json.loads(body)["access_token"]
    _set_aside(stock)
    return Served(site.name, process.pid, connections, stock, prepared["statements"])


def _set_aside(stock: Stock) -> None:
    """Take out the refresh token that belongs to the access token of the run."""
    stock.refresh_tokens["web"].get_nowait()


def _create_database(database: Server, name: str) -> None:
    with psycopg.connect(database.url(), autocommit=True, user=SUPERUSER) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[call-overload]


def _environment(site: Site, database: Server, port: int) -> dict[str, str]:
    kept = {
        name: text
        for name, text in os.environ.items()
        if name in {"HOME", "LANG", "LC_ALL", "PATH", "PYTHONPATH", "TMPDIR", "VIRTUAL_ENV"}
    }
    return environment("127.0.0.1", port, {**kept, "DATABASE_URL": database.url(site.name)}) | {
        "DJANGO_SETTINGS_MODULE": f"benchmarks.{site.name}.settings",
        "LOG_LEVEL": "ERROR",
        # DOT's own transport check, which a loopback address without TLS would fail.
        "OAUTHLIB_INSECURE_TRANSPORT": "1",
    }


def _prepare(surroundings: dict[str, str], codes: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.prepare", str(codes)],
        env=surroundings,
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        raise RuntimeError("the site could not be prepared; see above")
    prepared: dict[str, Any] = json.loads(done.stdout)
    return prepared


def _start(port: int, surroundings: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            os.path.join(os.path.dirname(sys.executable), "granian"),
            *("--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
            *("--workers", "1", "--blocking-threads", "8", "--no-ws", "--no-log"),
            *("--workers-kill-timeout", "5"),
            "project.wsgi:application",
        ],
        env=surroundings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    url = f"http://127.0.0.1:{port}/healthz"
    deadline = time.monotonic() + STARTS_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(url, timeout=5).close()
            return
        time.sleep(0.1)
    raise RuntimeError("the site does not start; see above")


def _stop(process: subprocess.Popen[bytes]) -> None:
    workers = cpu.descendants(process.pid)
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pid in workers:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
