"""How the site sends mail, from one URL."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import django

TIMEOUT = 10
"""Seconds."""


BACKENDS = "django.core.mail.backends"
HAS_MAILERS = django.VERSION >= (6, 1)
"""Newer versions of Django name several mailers; the older settings warn there."""


def from_url(url: str, *, mailers: bool = HAS_MAILERS) -> dict[str, Any]:
    """Return Django's settings of mail.

    Args:
        url: ``console://``, or ``smtp://user:password@host:port`` with ``?tls=1`` for STARTTLS,
            ``?ssl=1`` for TLS from the start, and ``&from=noreply@example.com``.
        mailers: whether to answer with ``MAILERS`` instead of the older names.

    Raises:
        ValueError: another scheme.
    """
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    sender = {"DEFAULT_FROM_EMAIL": query["from"]} if "from" in query else {}
    if parts.scheme not in {"console", "smtp"}:
        raise ValueError("EMAIL_URL begins with neither smtp:// nor console://")
    backend = f"{BACKENDS}.{parts.scheme}.EmailBackend"
    options: dict[str, Any] = {}
    if parts.scheme == "smtp":
        options = {
            "host": parts.hostname or "localhost",
            "port": parts.port or 25,
            "username": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "use_tls": query.get("tls") == "1",
            "use_ssl": query.get("ssl") == "1",
            "timeout": TIMEOUT,
        }
    if mailers:
        return {"MAILERS": {"default": {"BACKEND": backend, "OPTIONS": options}}, **sender}
    older = {_OLDER[name]: value for name, value in options.items()}
    return {"EMAIL_BACKEND": backend, **older, **sender}


_OLDER = {
    "host": "EMAIL_HOST",
    "port": "EMAIL_PORT",
    "username": "EMAIL_HOST_USER",
    "password": "EMAIL_HOST_PASSWORD",
    "use_tls": "EMAIL_USE_TLS",
    "use_ssl": "EMAIL_USE_SSL",
    "timeout": "EMAIL_TIMEOUT",
}
