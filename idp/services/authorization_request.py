"""Validated authorization requests that wait for a sign-in or a decision; each is used once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from idp.domain import credential
from idp.models import AuthorizationRequest, SignIn
from idp.services.event import record_event
from idp.services.sender import mark_of
from idp.services.waiting_room import BATCH, drop_oldest, make_room

LIFETIME = timedelta(minutes=15)
MOST_ANONYMOUS = 10_000
"""Requests of people who are not signed in that wait at the same time. Where there are so many, the
oldest of the network that holds most of them make room."""
REPEAT = timedelta(seconds=60)
"""How long a decision that was sent twice gets the same answer again."""


DECISIONS = frozenset({"allow", "deny"})


class _Taken(Exception):
    """The page was answered before; what was taken for it is given back."""


def digest_of(text: str) -> str:
    """Return the digest under which a nonce or a browser's cookie is stored."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def keep_request(
    *,
    application: Any,
    user: Any,
    browser: str,
    parameters: Mapping[str, Any],
    document: Mapping[str, Any] | None,
    sign_in: SignIn | None,
    now: datetime,
    origin: AuthorizationRequest | None = None,
    address: str = "",
) -> str:
    """Keep a validated request and return the nonce that finds it again.

    Args:
        application: the client's row.
        user: who is to decide, or None while nobody is signed in.
        browser: value of the browser's cookie; only the same browser finds the request.
        parameters: the validated parameters.
        document: what the page shows, or None for a request that waits for a sign-in.
        sign_in: the sign-in that came with the request, or None.
        now: the time.
        origin: the pushed request that a browser brought, or None.
        address: where the browser of somebody who is not signed in is, as far as that is known.
    """
    if user is None:
        _make_room(now)
    nonce = secrets.token_urlsafe(32)
    AuthorizationRequest.objects.create(
        nonce_digest=digest_of(nonce),
        application=application,
        user=user,
        browser_digest=digest_of(browser),
        parameters=dict(parameters),
        document=document,
        sign_in=sign_in,
        origin=origin,
        sender=mark_of(address),
        created_at=now,
        expires_at=now + LIFETIME,
    )
    return nonce


def find_request(nonce: str, browser: str) -> AuthorizationRequest | None:
    """Return the request of a nonce, for the browser that it was kept for; else None."""
    row = (
        AuthorizationRequest.objects.select_related("application", "sign_in", "origin")
        .filter(nonce_digest=digest_of(nonce))
        .first()
    )
    if row is None or not hmac.compare_digest(row.browser_digest, digest_of(browser)):
        return None
    return row


def was_answered(row: AuthorizationRequest) -> bool:
    """Return whether a request was used, or the pushed one behind it by another page."""
    return row.used_at is not None or (row.origin is not None and row.origin.used_at is not None)


def claim_request(row: AuthorizationRequest, decision: str, now: datetime) -> bool:
    """Take the one use of a request; of two clicks at once, one gets it.

    A decision uses up the pushed request behind it as well, so that of two tabs that opened the
    same one, the first to be answered is the only one. Its time to arrive in a browser is over by
    then, and does not count.

    Source: RFC 9126 §4.
    """
    if row.origin_id is None or decision not in DECISIONS:
        return bool(_unused(row.pk).filter(expires_at__gt=now).update(**_use(decision, now)))
    try:
        with transaction.atomic():
            if not _unused(row.origin_id).update(**_use(decision, now)):
                return False
            if not _unused(row.pk).filter(expires_at__gt=now).update(**_use(decision, now)):
                raise _Taken
    except _Taken:
        return False
    return True


def code_of(nonce: str) -> str:
    """Return the authorization code of a request: 256 bits that only the page's nonce leads to.

    A decision that is sent twice gets the same code again, although no code is stored anywhere.
    """
    key = hashlib.sha256(b"idp.authorization-code" + settings.SECRET_KEY.encode()).digest()
    return credential.assemble(credential.CODE, hmac.digest(key, nonce.encode(), "sha256"))


def _unused(key: Any) -> QuerySet[AuthorizationRequest]:
    return AuthorizationRequest.objects.filter(pk=key, used_at=None)


def _use(decision: str, now: datetime) -> dict[str, Any]:
    return {"used_at": now, "decision": decision}


def _make_room(now: datetime) -> None:
    waiting = AuthorizationRequest.objects.filter(user=None, pushed=False)
    if waiting[:MOST_ANONYMOUS].count() < MOST_ANONYMOUS:
        return
    if drop_oldest(waiting.filter(expires_at__lte=now), BATCH):
        return
    if make_room(waiting, MOST_ANONYMOUS):
        record_event("authorization.too_many", now=now)
