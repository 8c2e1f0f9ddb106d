"""How the site sends mail, from one URL."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TIMEOUT = 10
"""Seconds."""


def from_url(url: str) -> dict[str, Any]:
    """Return Django's settings of mail.

    Args:
        url: ``console://``, or ``smtp://user:password@host:port`` with ``?tls=1`` for STARTTLS,
            ``?ssl=1`` for TLS from the start, and ``&from=noreply@example.com``.

    Raises:
        ValueError: another scheme.
    """
    parts = urlsplit(url)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    sender = {"DEFAULT_FROM_EMAIL": query["from"]} if "from" in query else {}
    if parts.scheme == "console":
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend", **sender}
    if parts.scheme != "smtp":
        raise ValueError("EMAIL_URL begins with neither smtp:// nor console://")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname or "localhost",
        "EMAIL_PORT": parts.port or 25,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": query.get("tls") == "1",
        "EMAIL_USE_SSL": query.get("ssl") == "1",
        "EMAIL_TIMEOUT": TIMEOUT,
        **sender,
    }
