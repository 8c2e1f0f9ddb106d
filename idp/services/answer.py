"""The answer to a refresh, kept so that only the refresh token itself can read it again.

A client that lost the answer asks again with the same token; it gets the same answer, not a replay
alarm. Whoever holds the database but not the token cannot read it.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12


def seal(answer: str, token: str) -> bytes:
    """Return an answer encrypted under a key derived from a token.

    Source: RFC 5869; NIST SP 800-38D.
    """
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(_key(token)).encrypt(nonce, answer.encode("utf-8"), None)


def unseal(sealed: bytes, token: str) -> str | None:
    """Return the answer, or None when the token is not the one it was sealed with."""
    nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return AESGCM(_key(token)).decrypt(nonce, body, None).decode("utf-8")
    except (InvalidTag, ValueError):
        return None


def _key(token: str) -> bytes:
    derive = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"idp.refresh-answer")
    return derive.derive(token.encode("utf-8"))
