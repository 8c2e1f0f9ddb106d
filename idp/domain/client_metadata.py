"""What a client says of its keys, its user identifiers and its logout: what may be combined."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from idp.domain.decision import Reason, Severity
from idp.domain.outbound import judge
from idp.domain.subject import SectorMissing, sector

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

LONGEST_MAX_AGE = 10 * 366 * 86_400
"""Seconds; a sign-in never stays good for longer."""

SIGNED = "private_key_jwt"
"""The authentication method that uses the client's keys (RFC 7523 §2.2)."""

Finding = tuple[str, Reason]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What is judged together, under the names of RFC 7591 and OpenID registration.

    Attributes:
        jwks: a JWK Set by value, or None.
        jwks_uri: its address, or empty.
        token_endpoint_auth_method: as on the wire.
        token_endpoint_auth_signing_alg: empty for any that is supported.
        subject_type: empty (public) or ``pairwise``.
        sector_identifier_uri: or empty.
        redirect_uris: as registered.
        default_max_age: seconds, or None.
        backchannel_logout_uri: or empty.
        backchannel_logout_session_required: whether logout tokens must name the session.
    """

    jwks: Any = None
    jwks_uri: str = ""
    token_endpoint_auth_method: str = ""
    token_endpoint_auth_signing_alg: str = ""
    subject_type: str = ""
    sector_identifier_uri: str = ""
    redirect_uris: Collection[str] = ()
    default_max_age: int | None = None
    backchannel_logout_uri: str = ""
    backchannel_logout_session_required: bool = False


def inspect_metadata(metadata: Metadata, *, allowed_hosts: Collection[str] = ()) -> list[Finding]:
    """Return what is wrong, as pairs of the name concerned and the reason; empty is fine.

    Args:
        metadata: what the client says. The keys themselves are judged elsewhere.
        allowed_hosts: ``host:port`` texts that the provider may ask although they are private.

    Source: RFC 7591 §2; OpenID Connect Core §8.1; Back-Channel Logout 1.0 §2.2.
    """
    return [
        *_key_findings(metadata),
        *_sector_findings(metadata),
        *_logout_findings(metadata),
        *_age_findings(metadata.default_max_age),
        *_address_findings(metadata, allowed_hosts),
    ]


def _key_findings(metadata: Metadata) -> Iterator[Finding]:
    keys = metadata.jwks is not None or bool(metadata.jwks_uri)
    signs = metadata.token_endpoint_auth_method == SIGNED
    if metadata.jwks is not None and metadata.jwks_uri:
        yield "jwks_uri", _error("keys_twice", "RFC 7591 §2")
    if keys and not signs:
        yield (
            "jwks" if metadata.jwks is not None else "jwks_uri",
            _warning("keys_without_use", "RFC 7591 §2"),
        )
    if metadata.token_endpoint_auth_signing_alg and not signs:
        yield (
            "token_endpoint_auth_signing_alg",
            _warning("signature_without_use", "OpenID Connect Registration §2"),
        )


def _sector_findings(metadata: Metadata) -> Iterator[Finding]:
    if metadata.subject_type != "pairwise":
        if metadata.sector_identifier_uri:
            reason = _warning("sector_without_pairwise", "OpenID Connect Core §8.1")
            yield "sector_identifier_uri", reason
        return
    try:
        sector(metadata.redirect_uris, metadata.sector_identifier_uri)
    except SectorMissing:
        yield "sector_identifier_uri", _error("sector_missing", "OpenID Connect Core §8.1")


def _logout_findings(metadata: Metadata) -> Iterator[Finding]:
    if metadata.backchannel_logout_session_required and not metadata.backchannel_logout_uri:
        yield (
            "backchannel_logout_session_required",
            _warning("logout_address_missing", "OpenID Connect Back-Channel Logout §2.2"),
        )


def _age_findings(seconds: int | None) -> Iterator[Finding]:
    if seconds is not None and not 0 <= seconds <= LONGEST_MAX_AGE:
        yield "default_max_age", _error("bad_max_age", "OpenID Connect Registration §2")


def _address_findings(metadata: Metadata, allowed_hosts: Collection[str]) -> Iterator[Finding]:
    """Refuse addresses that the provider would never ask, so that they do not fail in silence."""
    for key in ("jwks_uri", "sector_identifier_uri", "backchannel_logout_uri"):
        address = getattr(metadata, key)
        if not address:
            continue
        found = judge(address, allowed_hosts)
        if isinstance(found, Reason):
            yield key, found


def _error(code: str, reference: str) -> Reason:
    return Reason(code, Severity.ERROR, _TEXTS[code], reference)


def _warning(code: str, reference: str) -> Reason:
    return Reason(code, Severity.WARNING, _TEXTS[code], reference)


_TEXTS = MappingProxyType(
    {
        "keys_twice": "A client gives its public keys or their address, not both.",
        "keys_without_use": "The keys have no effect: only private_key_jwt uses them.",
        "signature_without_use": (
            "The signature has no effect: only private_key_jwt signs client assertions."
        ),
        "sector_without_pairwise": (
            "The sector has no effect: only the subject type pairwise uses it."
        ),
        "sector_missing": (
            "A pairwise client with redirect URIs on several hosts needs a sector identifier."
        ),
        "logout_address_missing": (
            "No logout token is sent without an address for back-channel logout."
        ),
        "bad_max_age": "The longest age of a sign-in is 0 up to ten years, in seconds.",
    }
)
