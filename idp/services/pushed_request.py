"""Authorization requests that a client pushes ahead of the browser (RFC 9126)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from idp.domain.address import network
from idp.models import AuthorizationRequest
from idp.services.authorization_request import TooManyRequests, digest_of
from idp.services.throttle import count, counter

PREFIX = "urn:ietf:params:oauth:request_uri:"
LIFETIME = timedelta(seconds=90)
"""How long the browser has to arrive; what it finds then waits as long as any other request."""
MOST_WAITING = 5_000
"""Pushed requests of one client that wait at the same time."""
MOST_OF_ADDRESS = 500
"""Of a client that anybody can pose as, those that one address may push within ``LIFETIME``; so
nobody takes all its places alone."""


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
        TooManyRequests: too many requests of this client, or of the address, wait already.

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
    if address and _count(application, address, now) > MOST_OF_ADDRESS:
        raise TooManyRequests
    waiting = AuthorizationRequest.objects.filter(
        application=application, pushed=True, used_at=None, expires_at__gt=now
    )
    if waiting[:MOST_WAITING].count() >= MOST_WAITING:
        raise TooManyRequests


def _count(application: Any, address: str, now: datetime) -> int:
    """Count a request of an address for a client; return how many there were lately."""
    seconds = int(LIFETIME.total_seconds())
    who = (str(application.pk), network(address))
    return count(
        counter("pushed_request", *who, seconds=seconds, now=now), seconds=seconds, now=now
    )
