"""Authorization requests that a client pushes ahead of the browser (RFC 9126)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from idp.models import AuthorizationRequest
from idp.services.authorization_request import digest_of
from idp.services.sender import mark_of
from idp.services.waiting_room import make_room

PREFIX = "urn:ietf:params:oauth:request_uri:"
LIFETIME = timedelta(seconds=90)
"""How long the browser has to arrive; what it finds then waits as long as any other request."""
MOST_WAITING = 5_000
"""Pushed requests of one client that wait at the same time. Of a client that anybody can pose as,
the oldest of the network that holds most of them make room where there are so many."""


class TooManyRequests(RuntimeError):
    """So many requests of a client wait that no other can."""


def push_request(
    *, application: Any, parameters: Mapping[str, Any], now: datetime, address: str = ""
) -> str:
    """Keep a validated request for the browser that will come, and return its reference.

    Args:
        application: the authenticated client's row; nobody else's browser finds the request.
        parameters: the validated parameters.
        now: the time.
        address: where the request of a client came from that proves nothing; empty for one that
            proved itself, whose places only itself can take, and where nobody knows.

    Returns:
        The ``request_uri``: 256 random bits, of which the digest alone is kept.

    Raises:
        TooManyRequests: too many requests of a client wait already that no address is known of.

    Source: RFC 9126 §§2.2, 7.1, 7.2.
    """
    _make_room(application, address, now)
    reference = f"{PREFIX}{secrets.token_urlsafe(32)}"
    AuthorizationRequest.objects.create(
        nonce_digest=digest_of(reference),
        application=application,
        browser_digest="",
        parameters=dict(parameters),
        document=None,
        pushed=True,
        sender=mark_of(address),
        created_at=now,
        expires_at=now + LIFETIME,
    )
    return reference


def find_pushed(reference: str, application: Any) -> AuthorizationRequest | None:
    """Return the request that a client pushed under a reference, used and expired ones included."""
    return AuthorizationRequest.objects.filter(
        nonce_digest=digest_of(reference), application=application, pushed=True
    ).first()


def _make_room(application: Any, address: str, now: datetime) -> None:
    waiting = AuthorizationRequest.objects.filter(
        application=application, pushed=True, used_at=None, expires_at__gt=now
    )
    if address:
        # What a browser opened already is on somebody's screen, and takes no place any more.
        make_room(waiting.filter(followers=None), MOST_WAITING)
    elif waiting[:MOST_WAITING].count() >= MOST_WAITING:
        raise TooManyRequests
