"""From a cache URL to Django's settings."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured


def from_url(url: str) -> dict[str, Any]:
    """Return the entry of Django's ``CACHES`` for a URL.

    Args:
        url: ``locmem://`` (each process for itself), ``redis://host:port/db`` or ``rediss://``.

    Raises:
        ImproperlyConfigured: the URL names neither.
    """
    scheme = urlsplit(url).scheme
    if scheme == "locmem":
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    if scheme in {"redis", "rediss", "unix"}:
        return {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": url,
            "KEY_PREFIX": "idp",
        }
    # The URL may hold a password, so the message does not repeat it.
    raise ImproperlyConfigured("CACHE_URL is neither locmem:// nor redis://host:port/db")
