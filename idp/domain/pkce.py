"""Proof Key for Code Exchange: what a code challenge looks like, and who may do without one.

Every authorization request needs one. A relying party that cannot send it, keeps a secret, and
always sends a nonce can be let off by an operator: then the ID token proves to it that a code
belongs to its own request, which is what a challenge does against a code that somebody injects.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from idp.domain.client_kind import KINDS, Kind
from idp.domain.decision import Reason, Severity

if TYPE_CHECKING:
    from collections.abc import Collection

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


def fault(challenge: str, method: str) -> Reason | None:
    """Return what is wrong with a code challenge, or with its lack; None for a good one.

    Source: RFC 7636 §§4.2, 4.3, 4.4.1; RFC 9700 §2.1.1.
    """
    if not challenge:
        return _reason("code_challenge_missing")
    if method != "S256":
        return _reason("code_challenge_method")
    return None if _CHALLENGE.fullmatch(challenge) else _reason("code_challenge")


def without_challenge(*, let_off: bool, public: bool, scope: str, nonce: str) -> Reason | None:
    """Return why a request without a code challenge is refused, or None where its nonce stands in.

    Args:
        let_off: whether an operator lets the client do without.
        public: whether the client keeps no secret.
        scope: of the request, or of the grant, as on the wire.
        nonce: of the request, or empty.

    Source: OAuth 2.1 §7.5.1; RFC 9700 §§2.1.1, 4.5.3.2.
    """
    if not let_off or public:
        return _reason("code_challenge_missing")
    if "openid" not in scope.split() or not nonce:
        return _reason("nonce_missing")
    return None


def inspect_client(kind: str, method: str, grant_types: Collection[str]) -> Reason | None:
    """Return why a client may not be let off, or None.

    Args:
        kind: a ``Kind``.
        method: its ``token_endpoint_auth_method``.
        grant_types: as on the wire.
    """
    rules = KINDS[Kind(kind)]
    lets_off = not rules.pkce_required and "authorization_code" in grant_types
    return None if lets_off and method != "none" else _reason("pkce_needed")


def _reason(code: str) -> Reason:
    text, reference = _TEXTS[code]
    return Reason(code, Severity.ERROR, text, reference)


_TEXTS = MappingProxyType(
    {
        "code_challenge_missing": (
            "PKCE is required: send “code_challenge” with the method S256.",
            "RFC 7636 §4.4.1",
        ),
        "code_challenge_method": (
            "The code challenge method must be “S256”; “plain” protects nothing.",
            "RFC 9700 §2.1.1",
        ),
        "code_challenge": (
            "An S256 code challenge is 43 characters of base64url without padding.",
            "RFC 7636 §4.2",
        ),
        "nonce_missing": (
            "Without PKCE, the client needs the scope “openid” and a “nonce” in every request.",
            "OAuth 2.1 §7.5.1",
        ),
        "pkce_needed": (
            "Only a web app that keeps a secret and signs people in can do without PKCE.",
            "OAuth 2.1 §7.5.1",
        ),
    }
)
