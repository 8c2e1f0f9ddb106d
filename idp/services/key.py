"""Signing keys: made on first use, kept encrypted, announced before they sign."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from idp.conf import idp_settings
from idp.models import SigningKey
from idp.services.event import record_event
from idp.services.key_seal import seal

ANNOUNCEMENT = timedelta(seconds=300)
"""How long a key is published before it signs: longer than a process keeps its key set, and a
client that asked at the last moment keeps that for as long again."""

PUBLIC_CACHE_SECONDS = 60
SIGNING_CACHE_SECONDS = 10
ALGORITHMS = ("RS256", "ES256", "EdDSA")

# Owned by this module: algorithm and use to the time of reading, monotonic, and the active key.
_at_hand: dict[tuple[str, str], tuple[float, SigningKey]] = {}


def signing_key(
    algorithm: str = "RS256", use: str = SigningKey.Use.TOKENS, now: datetime | None = None
) -> SigningKey:
    """Return the active key of an algorithm and use, made when there is none.

    Raises:
        ValueError: the algorithm is not one of ``ALGORITHMS``.
    """
    at = now or timezone.now()
    rows = {
        key.state: key
        for key in SigningKey.objects.filter(
            algorithm=algorithm,
            use=use,
            state__in=(SigningKey.State.ACTIVE, SigningKey.State.ANNOUNCED),
        ).order_by("-created_at")
    }
    successor = rows.get(SigningKey.State.ANNOUNCED)
    if successor is not None and successor.created_at <= at - ANNOUNCEMENT:
        promote_keys(at)
        return successor
    return rows.get(SigningKey.State.ACTIVE) or _adopt_or_create(algorithm, use, at)


def signing_key_at_hand(algorithm: str, use: str = SigningKey.Use.TOKENS) -> SigningKey:
    """Return the active key as this process read it, at most ten seconds ago.

    An older key that still signs for that long is published far longer. A key is remembered once
    its transaction is committed: one that is rolled back was never published.
    """
    kept = _at_hand.get((algorithm, use))
    if kept is not None and time.monotonic() - kept[0] < SIGNING_CACHE_SECONDS:
        return kept[1]
    key = signing_key(algorithm, use)
    read_at = time.monotonic()
    transaction.on_commit(lambda: _at_hand.update({(algorithm, use): (read_at, key)}))
    return key


def public_key_set(use: str = SigningKey.Use.TOKENS) -> dict[str, list[dict[str, Any]]]:
    """Return the published JSON Web Key Set, at most 60 seconds old (RFC 7517 §5)."""
    return _public_key_set(use, int(time.monotonic() // PUBLIC_CACHE_SECONDS))


def forget_public_keys() -> None:
    """Drop this process's copies of keys."""
    _public_key_set.cache_clear()
    _at_hand.clear()


def list_keys() -> Sequence[SigningKey]:
    """Return every key, newest first."""
    return list(SigningKey.objects.all())


@transaction.atomic
def rotate_key(
    algorithm: str = "RS256",
    *,
    use: str = SigningKey.Use.TOKENS,
    now: datetime | None = None,
    by: str = "",
    reason: str = "",
) -> SigningKey:
    """Announce a successor of the active key for a reason, and return it.

    The successor signs once ``promote_keys`` finds it announced long enough; the old key stays
    published until the last token that it signed is dead.
    """
    at = now or timezone.now()
    announced = SigningKey.objects.filter(
        algorithm=algorithm, use=use, state=SigningKey.State.ANNOUNCED
    )
    waiting = announced.first()
    if waiting is not None:
        return waiting
    try:
        with transaction.atomic():
            key = _create(algorithm, use, SigningKey.State.ANNOUNCED, at)
    except IntegrityError:  # somebody else was faster
        return announced.get()
    transaction.on_commit(forget_public_keys)
    detail = {"kid": key.kid, "by": by, "reason": reason}
    record_event("key.announced", severity="info", detail=detail, distinct=key.kid, now=at)
    return key


def rotate_old_key(
    algorithm: str, *, older_than: timedelta, now: datetime, by: str = ""
) -> SigningKey | None:
    """Announce a successor of a key that has signed tokens for long; return it, or None.

    None is also the answer where no key of the algorithm signs yet. Run from a schedule, it
    rotates each key at the age that the site chose.
    """
    active = SigningKey.objects.filter(
        algorithm=algorithm, use=SigningKey.Use.TOKENS, state=SigningKey.State.ACTIVE
    ).first()
    if active is None or (active.activated_at or active.created_at) > now - older_than:
        return None
    return rotate_key(algorithm, now=now, by=by)


def longest_token() -> timedelta:
    """Return how long a token that a key signed may live, with a day for clocks that differ."""
    site = getattr(settings, "OAUTH2_PROVIDER", {})
    id_token = timedelta(seconds=site.get("ID_TOKEN_EXPIRE_SECONDS", 36_000))
    return timedelta(days=1) + max(id_token, idp_settings.access_token_lifetime)


@transaction.atomic
def promote_keys(now: datetime | None = None) -> int:
    """Move every key to the state that its age allows at ``now``; return how many moved."""
    at = now or timezone.now()
    moved = 0
    ripe = SigningKey.objects.select_for_update().filter(
        state=SigningKey.State.ANNOUNCED, created_at__lte=at - ANNOUNCEMENT
    )
    for key in ripe:
        SigningKey.objects.filter(
            algorithm=key.algorithm, use=key.use, state=SigningKey.State.ACTIVE
        ).update(state=SigningKey.State.RETIRING, retiring_at=at)
        SigningKey.objects.filter(pk=key.pk).update(state=SigningKey.State.ACTIVE, activated_at=at)
        moved += 1
    moved += SigningKey.objects.filter(
        state=SigningKey.State.RETIRING,
        use=SigningKey.Use.TOKENS,
        retiring_at__lte=at - longest_token(),
    ).update(state=SigningKey.State.RETIRED, retired_at=at)
    if moved:
        transaction.on_commit(forget_public_keys)
    return moved


class KeyInUse(ValueError):
    """The key signs, or is to be published for ever."""


@transaction.atomic
def retire_key(key: SigningKey, *, by: str = "", reason: str = "", now: datetime) -> None:
    """Take a key out of the published set before its last token is dead: those tokens fail.

    For a key that somebody may have stolen. One that signs is rotated first; keys of receipts stay.

    Args:
        key: which; announced or retiring.
        by: name of the operator.
        reason: why.
        now: the time.

    Raises:
        KeyInUse: the key signs, signs receipts, or is retired already.
    """
    states = (SigningKey.State.ANNOUNCED, SigningKey.State.RETIRING)
    rows = SigningKey.objects.filter(pk=key.pk, use=SigningKey.Use.TOKENS, state__in=states)
    if not rows.update(state=SigningKey.State.RETIRED, retired_at=now):
        raise KeyInUse(key.kid)
    transaction.on_commit(forget_public_keys)
    detail = {"kid": key.kid, "by": by, "reason": reason}
    record_event("key.retired", severity="info", detail=detail, distinct=key.kid, now=now)


@lru_cache(maxsize=8)
def _public_key_set(use: str, _minute: int) -> dict[str, list[dict[str, Any]]]:
    published = SigningKey.objects.filter(use=use)
    if use != SigningKey.Use.TOKENS:
        return {"keys": [key.public_jwk for key in published]}
    live = published.exclude(state=SigningKey.State.RETIRED)
    keys = list(live)
    # Every algorithm has its key from the first reading on: one that signed as soon as it was made
    # would be unknown to whoever read the set a moment before.
    missing = [name for name in ALGORITHMS if name not in {key.algorithm for key in keys}]
    for name in missing:
        signing_key(name)
    return {"keys": [key.public_jwk for key in (live.all() if missing else keys)]}


def _adopt_or_create(algorithm: str, use: str, at: datetime) -> SigningKey:
    """Make the first key of its kind; of two processes that try, the database lets one win."""
    try:
        with transaction.atomic():
            if algorithm == "RS256" and use == SigningKey.Use.TOKENS and _site_pem():
                return adopt_site_keys(at)
            key = _create(algorithm, use, SigningKey.State.ACTIVE, at)
            transaction.on_commit(forget_public_keys)
            return key
    except IntegrityError:
        return SigningKey.objects.get(algorithm=algorithm, use=use, state=SigningKey.State.ACTIVE)


def adopt_site_keys(now: datetime) -> SigningKey:
    """Take over the RSA keys of the site's ``OAUTH2_PROVIDER`` setting, key ids unchanged."""
    site = getattr(settings, "OAUTH2_PROVIDER", {})
    for pem in site.get("OIDC_RSA_PRIVATE_KEYS_INACTIVE", []):
        _adopt(pem, SigningKey.State.RETIRING, now)
    return _adopt(_site_pem(), SigningKey.State.ACTIVE, now)


def _adopt(pem: str, state: str, now: datetime) -> SigningKey:
    return _store(_from_pem(pem), "RS256", SigningKey.Use.TOKENS, state, now, "settings")


@lru_cache(maxsize=8)
def _from_pem(pem: str) -> RSAKey:
    return RSAKey.import_key(pem)


def _site_pem() -> str:
    pem: str = getattr(settings, "OAUTH2_PROVIDER", {}).get("OIDC_RSA_PRIVATE_KEY", "")
    return pem


def _create(algorithm: str, use: str, state: str, at: datetime) -> SigningKey:
    return _store(_generate(algorithm), algorithm, use, state, at, "generated")


def _generate(algorithm: str) -> Key:
    match algorithm:
        case "RS256":
            return RSAKey.generate_key(2048)
        case "ES256":
            return ECKey.generate_key("P-256")
        case "EdDSA":
            return OKPKey.generate_key("Ed25519")
    raise ValueError(f"no signing key of algorithm {algorithm!r}")


def _store(key: Key, algorithm: str, use: str, state: str, at: datetime, source: str) -> SigningKey:
    kid = key.thumbprint()
    sealed, encryption_key_id = seal(key)
    public = {name: value for name, value in key.as_dict(private=False).items() if name != "kid"}
    row, _created = SigningKey.objects.get_or_create(
        kid=kid,
        defaults={
            "algorithm": algorithm,
            "use": use,
            "state": state,
            "public_jwk": {**public, "kid": kid, "use": "sig", "alg": algorithm},
            "private_key": sealed,
            "encryption_key_id": encryption_key_id,
            "source": source,
            "created_at": at,
            "activated_at": at if state == SigningKey.State.ACTIVE else None,
            "retiring_at": at if state == SigningKey.State.RETIRING else None,
        },
    )
    return row
