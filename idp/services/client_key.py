"""The public keys of clients, by value or fetched from the client's address through the guard.

A fetched set is used for ten minutes, and for an hour where its address does not answer. It is
fetched at most once a minute whoever asks how often. Few requests of a process wait for addresses
of clients at once; one more is refused, so that a slow address cannot take all of a site's workers.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.core.cache import cache

from idp.domain.decision import Reason, Severity
from idp.domain.jwk import MAX_CHARACTERS, inspect_jwks
from idp.services.event import record_event
from idp.services.outbound import OutboundError, fetch

if TYPE_CHECKING:
    from idp.models import ClientPolicy

FRESH_SECONDS = 600
KEPT_SECONDS = 3600
FETCH_EVERY_SECONDS = 60
TIMEOUT_SECONDS = 3.0
MOST_WAITING = 4

_NO_KEYS = Reason(
    "not_a_set", Severity.ERROR, "The address does not answer with a JWK Set.", "RFC 7517 §5"
)
_waiting = threading.BoundedSemaphore(MOST_WAITING)


def key_sets(policy: ClientPolicy) -> Iterator[Any]:
    """Yield the client's keys; once more, newly fetched, for whoever does not find his among them.

    Args:
        policy: of the client.
    """
    if policy.jwks is not None:
        yield policy.jwks
    elif policy.jwks_uri:
        yield from _fetched(policy)


def _fetched(policy: ClientPolicy) -> Iterator[Any]:
    name = _name(policy.jwks_uri)
    read_at, keys = cache.get(name, (0.0, None))
    if keys is not None and time.time() - read_at < FRESH_SECONDS:
        yield keys
    newer = _refetch(policy, name)
    if newer is not None:
        yield newer
    elif keys is not None:
        yield keys


def _refetch(policy: ClientPolicy, name: str) -> Any:
    """Return a newer set, fetched here or by somebody else meanwhile; None where there is none."""
    if not _waiting.acquire(blocking=False):
        return None
    try:
        if cache.add(f"{name}.asked", "busy", FETCH_EVERY_SECONDS):
            keys = _ask(policy)
            if keys is not None:
                cache.set(name, (time.time(), keys), KEPT_SECONDS)
            cache.set(f"{name}.asked", "done", FETCH_EVERY_SECONDS)
            return keys
        return _wait(name)
    finally:
        _waiting.release()


def _wait(name: str) -> Any:
    """Return what another request is fetching, once it is there."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    waited = False
    while cache.get(f"{name}.asked") == "busy" and time.monotonic() < deadline:
        waited = True
        time.sleep(0.05)
    return cache.get(name, (0.0, None))[1] if waited else None


def _ask(policy: ClientPolicy) -> Any:
    """Return the set at the client's address, or None; the reason is told to the operator."""
    try:
        answer = fetch(
            policy.jwks_uri,
            accept="application/jwk-set+json, application/json",
            limit_bytes=MAX_CHARACTERS,
            timeout_seconds=TIMEOUT_SECONDS,
        )
        keys = json.loads(answer.body) if answer.status == 200 else None
        reasons = [reason for reason in inspect_jwks(keys) if reason.is_error]
    except OutboundError as error:
        keys, reasons = None, [error.reason]
    except (ValueError, RecursionError):
        keys, reasons = None, [_NO_KEYS]
    if not reasons:
        return keys
    record_event("client.keys_unavailable", client_id=policy.application.client_id, reasons=reasons)
    return None


def _name(address: str) -> str:
    return f"idp.client_key.{hashlib.sha256(address.encode()).hexdigest()}"
