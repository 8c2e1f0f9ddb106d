"""How secrets on the wire look: a prefix that scanners know, 256 random bits, and a checksum."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets

_RANDOM_BYTES = 32
_CHECKSUM_LENGTH = 6
_SHAPE = re.compile(r"([a-z]{3,8})_([A-Za-z0-9_-]{43})([A-Za-z0-9_-]{6})")


def generate(prefix: str) -> str:
    """Return ``prefix_`` + 43 random base64url characters + 6 characters of checksum."""
    return assemble(prefix, secrets.token_bytes(_RANDOM_BYTES))


def assemble(prefix: str, random: bytes) -> str:
    """Return the credential of 32 random bytes."""
    body = base64.urlsafe_b64encode(random).decode("ascii").rstrip("=")
    return f"{prefix}_{body}{_checksum(prefix, body)}"


def is_well_formed(text: str, prefix: str) -> bool:
    """Return whether a text could be such a credential; garbage needs no database read."""
    found = _SHAPE.fullmatch(text)
    if found is None or found[1] != prefix:
        return False
    return secrets.compare_digest(found[3], _checksum(prefix, found[2]))


def _checksum(prefix: str, body: str) -> str:
    digest = hashlib.sha256(f"{prefix}_{body}".encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii")[:_CHECKSUM_LENGTH]
