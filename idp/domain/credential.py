"""How secrets on the wire look: a prefix that scanners know, 256 random bits, and a checksum."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets

ACCESS = "idpa"
REFRESH = "idpr"
CODE = "idpc"
SECRET = "idps"  # noqa: S105
DEVICE = "idpd"
REGISTRATION = "idpreg"
PREFIXES = frozenset({ACCESS, REFRESH, CODE, SECRET, DEVICE, REGISTRATION})
"""Every prefix of ours, none of which another credential on the same site may have."""

MAX_CHARACTERS = 16_000

_RANDOM_BYTES = 32
_CHECKSUM_LENGTH = 6
_SHAPE = re.compile(r"([a-z]{3,8})_([A-Za-z0-9_-]{43})([A-Za-z0-9_-]{6})")
_VISIBLE = re.compile(r"[\x21-\x7e]+")


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


def may_be(text: str, *prefixes: str) -> bool:
    """Return whether a text could be a token of these kinds; what could not is not looked up.

    A text with a prefix of ours must be well formed, and of one of the kinds. Any other text may be
    a token from before these prefixes, a JWT, or of a site's own making: all that is known of it is
    that tokens are visible ASCII characters without a space (RFC 6749 A.12, RFC 6750 §2.1).

    Args:
        text: as presented.
        prefixes: of the kinds that are accepted.
    """
    if len(text) > MAX_CHARACTERS or not _VISIBLE.fullmatch(text):
        return False
    prefix = text.partition("_")[0]
    if prefix not in PREFIXES:
        return True
    return prefix in prefixes and is_well_formed(text, prefix)


def _checksum(prefix: str, body: str) -> str:
    digest = hashlib.sha256(f"{prefix}_{body}".encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii")[:_CHECKSUM_LENGTH]
