"""The table of kinds of client: grant types, authentication, redirect URIs, PKCE, rotation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


class Kind(StrEnum):
    """What a client is."""

    WEB = "web"
    SPA = "spa"
    NATIVE = "native"
    SERVICE = "service"
    DEVICE = "device"
    AGENT = "agent"


class RedirectUse(StrEnum):
    """Whether a kind of client has redirect URIs."""

    REQUIRED = "required"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class KindRules:
    """What a kind of client may and must do.

    Attributes:
        grant_types: what the kind implies where a client names none.
        allowed_grant_types: all that it may have.
        auth_methods: ``token_endpoint_auth_method`` values that it may use.
        default_auth_method: the one where a client names none.
        redirect_uris: whether the authorization code grant needs redirect URIs, or the kind has
            no use for any.
        pkce_required: whether no operator can let the kind off PKCE.
        rotate_refresh_tokens: whether refresh tokens change at each use by default.
    """

    grant_types: frozenset[str]
    allowed_grant_types: frozenset[str]
    auth_methods: tuple[str, ...]
    default_auth_method: str
    redirect_uris: RedirectUse
    pkce_required: bool
    rotate_refresh_tokens: bool

    @property
    def public(self) -> bool:
        """Return whether the kind keeps no secret by default (RFC 6749 §2.1)."""
        return self.default_auth_method == "none"


_CODE = frozenset({"authorization_code", "refresh_token"})
_DEVICE = frozenset({DEVICE_CODE, "refresh_token"})
_SERVICE = frozenset({"client_credentials"})
_SECRET = ("client_secret_basic", "client_secret_post", "private_key_jwt")

# PKCE is required of everybody. Only a web app can be let off one by one, because its secret and
# its nonce then protect it (RFC 9700 §2.1.1); what it sends is checked all the same.
KINDS: Mapping[Kind, KindRules] = MappingProxyType(
    {
        Kind.WEB: KindRules(
            _CODE, _CODE | _SERVICE | _DEVICE, _SECRET, _SECRET[0], RedirectUse.REQUIRED,
            pkce_required=False, rotate_refresh_tokens=False,
        ),
        Kind.SPA: KindRules(
            _CODE, _CODE, ("none",), "none", RedirectUse.REQUIRED,
            pkce_required=True, rotate_refresh_tokens=True,
        ),
        Kind.NATIVE: KindRules(
            _CODE, _CODE | _DEVICE, ("none",), "none", RedirectUse.REQUIRED,
            pkce_required=True, rotate_refresh_tokens=True,
        ),
        Kind.SERVICE: KindRules(
            _SERVICE, _SERVICE, _SECRET, _SECRET[0], RedirectUse.FORBIDDEN,
            pkce_required=False, rotate_refresh_tokens=False,
        ),
        Kind.DEVICE: KindRules(
            _DEVICE, _DEVICE, ("none", *_SECRET), "none", RedirectUse.FORBIDDEN,
            pkce_required=False, rotate_refresh_tokens=True,
        ),
        Kind.AGENT: KindRules(
            _CODE, _CODE | _SERVICE | _DEVICE, ("none", *_SECRET), "none", RedirectUse.REQUIRED,
            pkce_required=True, rotate_refresh_tokens=True,
        ),
    }
)  # fmt: skip
