"""From a database URL to Django's settings, with what the provider needs from each database."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

POOL_DEFAULTS = {"min_size": 1, "max_size": 8, "timeout": 10}
"""Connections a process keeps and may open, and the seconds a request waits for one."""

PREPARE_THRESHOLD = 2
"""How often a connection runs a statement before PostgreSQL keeps it planned."""


def from_url(url: str) -> dict[str, Any]:
    """Return the entry of Django's ``DATABASES`` for a URL.

    Args:
        url: ``sqlite:///relative``, ``sqlite:////absolute`` or
            ``postgresql://user:password@host:port/name``. A host that is the folder of a socket is
            percent-encoded. The query holds libpq's parameters (``sslmode=require``), the pool's
            (``pool_min_size``, ``pool_max_size``, ``pool_timeout``) and ``prepare_threshold``,
            which is ``off`` behind a pooler that does not bear prepared statements.

    Raises:
        ImproperlyConfigured: the URL names neither database, or cannot be read.
    """
    try:
        parts = urlsplit(url)
        if parts.scheme == "sqlite" and not parts.netloc and len(parts.path) > 1:
            return _sqlite(Path(unquote(parts.path[1:])))
        if parts.scheme in {"postgres", "postgresql"} and len(parts.path) > 1:
            return _postgresql(url)
    except ValueError:
        pass
    # The URL may hold a password, so the message does not repeat it.
    raise ImproperlyConfigured(
        "DATABASE_URL is neither sqlite:///path nor postgresql://user:password@host:port/name"
    )


def _sqlite(path: Path) -> dict[str, Any]:
    """Return settings under which writers wait for each other rather than fail.

    A deferred transaction that reads and then writes fails at once when another has written in
    between, whatever the time-out; an immediate one queues at its start. Django turns foreign keys
    on by itself.
    """
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }


def _postgresql(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    options: dict[str, Any] = {}
    pool: dict[str, int] = dict(POOL_DEFAULTS)
    threshold: int | None = PREPARE_THRESHOLD
    for name, value in parse_qsl(parts.query, strict_parsing=bool(parts.query)):
        if name.startswith("pool_"):
            pool[name.removeprefix("pool_")] = int(value)
        elif name == "prepare_threshold":
            threshold = None if value == "off" else int(value)
        else:
            options[name] = value
    return {
        "ENGINE": "project.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or _host(parts.netloc),
        "PORT": str(parts.port or ""),
        "CONN_HEALTH_CHECKS": False,  # the engine looks after them, at less cost
        "OPTIONS": {**options, "pool": pool, "prepare_threshold": threshold},
    }


def _host(netloc: str) -> str:
    """Return the host in its own case: ``urlsplit`` lowers it, and a socket's folder has one."""
    host = netloc.rpartition("@")[2]
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return unquote(host.partition(":")[0])
