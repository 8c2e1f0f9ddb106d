"""The text of a client's secret: made, recognised and compared, with no row changed."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from typing import Any

from django.contrib.auth.hashers import check_password, get_hashers, identify_hasher, make_password

from idp.models import ClientSecret

PREFIX = "idps_"

# Stands where a hash by Django's format has its salt.
_UNUSABLE = "idpunusable"

# Owned by this module: proofs that a slow hash was checked with success, so that it is computed
# once a process. Keyed by a random key of the process; holds neither secrets nor their digests.
_proved: dict[bytes, None] = {}
_proof_key = secrets.token_bytes(32)
MAX_PROVED = 1024


def generate() -> str:
    """Return a new secret: 256 random bits with a prefix and a checksum that scanners recognise."""
    body = PREFIX + secrets.token_urlsafe(32)
    return body + _checksum(body)


def is_well_formed(text: str) -> bool:
    """Return whether a text is a secret that ``generate`` made, by prefix, length and checksum."""
    return (
        len(text) == len(PREFIX) + 49
        and text.startswith(PREFIX)
        and (_checksum(text[:-6]) == text[-6:])
    )


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


def same_secret(row: ClientSecret, value: str) -> bool:
    """Return whether a row was made from this value, whether it still works or not."""
    return bool(row.digest) and hmac.compare_digest(digest_of(row.salt, value), row.digest)


def matches(application: Any, row: ClientSecret, presented: str) -> bool:
    """Return whether a presented secret is that of a row, or of the column that it stands for."""
    if not row.digest:
        return has_toolkit_secret(application) and matches_toolkit(application, presented)
    return same_secret(row, presented)


def matches_toolkit(application: Any, presented: str) -> bool:
    """Return whether a presented secret is the one in the toolkit's own column, hashed or plain."""
    stored: str = application.client_secret
    try:
        identify_hasher(stored)
    except ValueError:
        return hmac.compare_digest(stored.encode(), presented.encode())
    proof = hmac.digest(_proof_key, f"{stored}\0{presented}".encode(), "sha256")
    if proof in _proved:
        return True
    if not check_password(presented, stored):
        return False
    while len(_proved) >= MAX_PROVED:
        _proved.pop(next(iter(_proved)), None)
    _proved[proof] = None
    return True


def digest_of(salt: str, secret: str) -> str:
    """Return the salted SHA-256 of a secret in hexadecimal: enough for 256 random bits."""
    return hashlib.sha256(f"{salt}{secret}".encode()).hexdigest()


def _checksum(body: str) -> str:
    digest = hashlib.sha256(body.encode("utf-8", "surrogatepass")).digest()
    return urlsafe_b64encode(digest)[:6].decode("ascii")
