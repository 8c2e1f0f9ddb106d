"""The text of a client's secret: made, recognised and compared, with no row changed."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from base64 import urlsafe_b64encode
from typing import Any

from django.contrib.auth.hashers import check_password, get_hashers, identify_hasher, make_password

from idp.domain import credential
from idp.models import ClientSecret
from idp.services.client_secret_read import HeldSecret

Secret = ClientSecret | HeldSecret
"""One secret, as its row or as it rides along with its client."""

# Stands where a hash by Django's format has its salt.
_UNUSABLE = "idpunusable"

# Owned by this module: proofs that a slow hash was checked with success, so that it is computed
# once a process. Keyed by a random key of the process; holds neither secrets nor their digests.
_proved: dict[bytes, None] = {}
_proof_key = secrets.token_bytes(32)
MAX_PROVED = 1024

MAX_SLOW = 2
"""Slow hashes that a process computes at once; each takes a processor for a third of a second."""
SLOW_WAIT_SECONDS = 1.0
_slow = threading.BoundedSemaphore(MAX_SLOW)


class TooBusy(Exception):
    """More slow hashes are asked for than this process computes at once; nothing was decided."""


def generate() -> str:
    """Return a new secret: 256 random bits with a prefix and a checksum that scanners recognise."""
    return credential.generate(credential.SECRET)


def is_well_formed(text: str) -> bool:
    """Return whether a text is a secret that ``generate`` made, by prefix, length and checksum."""
    return credential.is_well_formed(text, credential.SECRET)


def unusable_secret() -> str:
    """Return a value for the toolkit's own column that no secret matches.

    It has the form of a hash that the site knows, so that the toolkit neither hashes it again,
    which is slow, nor takes it for a plain secret should the site leave this app.
    """
    noise = urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii")
    for hasher in get_hashers():
        algorithm = hasher.algorithm or ""
        if algorithm.startswith("pbkdf2_"):
            return f"{algorithm}$1${_UNUSABLE}${noise}"
        if algorithm == "md5":
            return f"md5${_UNUSABLE}${noise}"
    return make_password(noise)


def has_toolkit_secret(application: Any) -> bool:
    """Return whether the toolkit's own column of a client holds a secret that could match."""
    stored: str = application.client_secret or ""
    return bool(stored) and f"${_UNUSABLE}$" not in stored


def kept_as(value: str) -> dict[str, str]:
    """Return the columns in which a secret is kept.

    One that we made has 256 random bits, for which a salted digest is enough. What somebody chose
    or brought along may be guessed, so that each guess has to be dear.
    """
    if is_well_formed(value):
        salt = secrets.token_hex(16)
        return {"salt": salt, "digest": digest_of(salt, value), "slow_hash": ""}
    return {"salt": "", "digest": "", "slow_hash": make_password(value)}


def stands_for_toolkit(row: Secret) -> bool:
    """Return whether a row holds nothing itself, but stands for the toolkit's own column."""
    return not row.digest and not row.slow_hash


def has_digest(row: Secret, value: str) -> bool:
    """Return whether the digest of a row is that of a value; no slow hash is computed."""
    return bool(row.digest) and hmac.compare_digest(digest_of(row.salt, value), row.digest)


def same_secret(row: Secret, value: str) -> bool:
    """Return whether a row was made from this value, whether it still works or not.

    Raises:
        TooBusy: see ``matches_slowly``.
    """
    return has_digest(row, value) or (bool(row.slow_hash) and _proven(value, row.slow_hash))


def matches_slowly(application: Any, row: Secret, presented: str) -> bool:
    """Return whether the slow hash of a row, or of the column that it stands for, is of a secret.

    Raises:
        TooBusy: enough slow hashes are being computed.
    """
    if stands_for_toolkit(row):
        return has_toolkit_secret(application) and matches_toolkit(application, presented)
    return bool(row.slow_hash) and _proven(presented, row.slow_hash)


def matches_toolkit(application: Any, presented: str) -> bool:
    """Return whether a presented secret is the one in the toolkit's own column, hashed or plain.

    A secret that we generated never stands there, and costs no slow hash.

    Raises:
        TooBusy: the hash is slow, and enough of them are being computed.
    """
    stored: str = application.client_secret
    try:
        identify_hasher(stored)
    except ValueError:
        return hmac.compare_digest(stored.encode(), presented.encode())
    return _proven(presented, stored)


def _proven(presented: str, stored: str) -> bool:
    """Return whether a slow hash is of a secret; computed once a process where it is.

    A secret that we made has none, so that it costs nothing.

    Raises:
        TooBusy: enough slow hashes are being computed.
    """
    if is_well_formed(presented):
        return False
    proof = hmac.digest(_proof_key, f"{stored}\0{presented}".encode(), "sha256")
    if proof in _proved:
        return True
    if not _check_slowly(presented, stored):
        return False
    while len(_proved) >= MAX_PROVED:
        _proved.pop(next(iter(_proved)), None)
    _proved[proof] = None
    return True


def digest_of(salt: str, secret: str) -> str:
    """Return the salted SHA-256 of a secret in hexadecimal: enough for 256 random bits."""
    return hashlib.sha256(f"{salt}{secret}".encode()).hexdigest()


def _check_slowly(presented: str, stored: str) -> bool:
    if not _slow.acquire(timeout=SLOW_WAIT_SECONDS):
        raise TooBusy
    try:
        return check_password(presented, stored)
    finally:
        _slow.release()
