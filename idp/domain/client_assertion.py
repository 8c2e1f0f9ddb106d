"""Assertions by which a client authenticates with its own key: read, and judged by their claims.

The signature is checked elsewhere, with the keys of the client that the claims name.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from idp.domain.decision import Reason, Severity
from idp.domain.jwk import ALGORITHMS, MAX_KID

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
"""The one value of ``client_assertion_type`` (RFC 7523 §2.2)."""

MAX_AHEAD = timedelta(minutes=60)
"""How far ahead ``exp`` may lie: as far as widespread client libraries put it by default. Until
then a ``jti`` is remembered, so that a longer one would only fill the table."""

SKEW = timedelta(seconds=30)
"""How much the clocks of client and provider may differ."""

MAX_CHARACTERS = 16_000
MAX_JTI = 255

_TYPES = frozenset({"jwt", "client-authentication+jwt"})


@dataclass(frozen=True, slots=True)
class Assertion:
    """A client assertion that was taken apart; nothing in it is proven yet.

    Attributes:
        text: as sent.
        algorithm: one of ``ALGORITHMS``.
        kid: key id, or None.
        claims: as decoded.
    """

    text: str
    algorithm: str
    kid: str | None
    claims: Mapping[str, Any]

    @property
    def client_id(self) -> str:
        """Return which client it claims to come from, or an empty text."""
        subject = self.claims.get("sub")
        return subject if isinstance(subject, str) else ""

    @property
    def jti(self) -> str:
        """Return what distinguishes it from others of the client; judged to be a text."""
        return str(self.claims["jti"])

    @property
    def usable_until(self) -> datetime:
        """Return from when on it is refused for its age; judged to be near."""
        return datetime.fromtimestamp(self.claims["exp"], UTC) + SKEW


def read(text: str) -> Assertion | Reason:
    """Take an assertion apart, or return why it is none.

    Args:
        text: ``client_assertion`` as sent.

    Source: RFC 7515 §5.2; RFC 7519 §7.2; RFC 8725 §§3.1, 3.2.
    """
    parts = text.split(".")
    if len(text) > MAX_CHARACTERS or len(parts) != 3 or not parts[2]:
        return _fault("assertion_unreadable")
    try:
        header, claims = _object(parts[0]), _object(parts[1])
    except (ValueError, RecursionError):
        return _fault("assertion_unreadable")
    algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if algorithm not in ALGORITHMS:
        return _fault("assertion_algorithm", algorithms=", ".join(ALGORITHMS))
    if "crit" in header or "b64" in header or "zip" in header:
        return _fault("assertion_header")
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in _TYPES:
        return _fault("assertion_header")
    if kid is not None and not (isinstance(kid, str) and len(kid) <= MAX_KID):
        return _fault("assertion_header")
    return Assertion(text, str(algorithm), kid, claims)


def judge(
    assertion: Assertion, *, client_id: str, audiences: Collection[str], now: datetime
) -> Reason | None:
    """Return why the claims do not authenticate a client, or None.

    Args:
        assertion: as read.
        client_id: the parameter of the request, empty where it has none.
        audiences: identifiers of this provider. Each value of ``aud`` must be one: an assertion
            that somebody else takes for his own too, he can present here.
        now: the time.

    Source: RFC 7523 §3; RFC 7521 §4.2; OpenID Connect Core §9.
    """
    claims = assertion.claims
    if not assertion.client_id or claims.get("iss") != assertion.client_id:
        return _fault("assertion_subject")
    if client_id not in ("", assertion.client_id):
        return _fault("assertion_other_client")
    named = claims.get("aud")
    audience = [named] if isinstance(named, str) else named
    if not isinstance(audience, list) or not audience:
        return _fault("assertion_audience")
    if not all(isinstance(value, str) and value in audiences for value in audience):
        return _fault("assertion_audience")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= MAX_JTI:
        return _fault("assertion_jti", limit=MAX_JTI)
    return _time_fault(claims, now)


def _time_fault(claims: Mapping[str, Any], now: datetime) -> Reason | None:
    seconds, skew = now.timestamp(), SKEW.total_seconds()
    expires: Any = claims.get("exp")
    if not _is_date(expires):
        return _fault("assertion_exp_missing")
    if expires + skew <= seconds:
        return _fault("assertion_expired")
    if expires > seconds + MAX_AHEAD.total_seconds() + skew:
        return _fault("assertion_too_long", minutes=int(MAX_AHEAD.total_seconds() // 60))
    for name in ("iat", "nbf"):
        value = claims.get(name, seconds)
        if not _is_date(value) or value > seconds + skew:
            return _fault("assertion_not_yet", name=name)
    return None


def _is_date(value: Any) -> bool:
    """Return whether a value is a NumericDate (RFC 7519 §2)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _object(part: str) -> dict[str, Any]:
    """Return the JSON object of one part.

    Raises:
        ValueError: it is none, or names a member twice (RFC 7519 §4).
    """
    try:
        raw = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
        found = json.loads(raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse)
    except binascii.Error as error:
        raise ValueError from error
    if not isinstance(found, dict):
        raise ValueError
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _refuse(_constant: str) -> Any:
    raise ValueError


def _fault(code: str, **params: object) -> Reason:
    return Reason(code, Severity.ERROR, _TEXTS[code], "RFC 7523 §3", params)


_TEXTS = MappingProxyType(
    {
        "assertion_unreadable": "The client assertion is not a signed JWT.",
        "assertion_algorithm": "A client assertion is signed with one of %(algorithms)s.",
        "assertion_header": "The header of the client assertion asks for something unknown.",
        "assertion_subject": "Of the client assertion, iss and sub are not both the client id.",
        "assertion_other_client": "The client assertion is not of the client that client_id names.",
        "assertion_audience": "The aud of the client assertion is not this provider.",
        "assertion_jti": "The client assertion has no jti of 1 to %(limit)s characters.",
        "assertion_exp_missing": "The client assertion has no exp.",
        "assertion_expired": "The client assertion has expired.",
        "assertion_too_long": "The exp of the client assertion is over %(minutes)s minutes ahead.",
        "assertion_not_yet": "%(name)s of the client assertion is not in the past.",
    }
)
