"""Reads signed tokens as a client does: with the published keys, and no others."""

from __future__ import annotations

import warnings
from typing import Any

from django.test import Client as Browser
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import KeySet

ALGORITHMS = ["RS256", "ES256", "EdDSA"]


def read_token(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of a token."""
    keys = KeySet.import_key_set(Browser().get("/o/.well-known/jwks.json").json())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # of EdDSA's name
        token = jwt.decode(text, keys, algorithms=ALGORITHMS)
    return token.header, token.claims


def id_token(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the claims of the ID token in an answer."""
    return read_token(answer["id_token"])[1]
