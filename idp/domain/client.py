"""Kinds of client: what each may and must do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from idp.domain.decision import Reason

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


class Kind(StrEnum):
    """What a client is."""

    WEB = "web"
    SPA = "spa"
    NATIVE = "native"
    SERVICE = "service"
    DEVICE = "device"
    AGENT = "agent"


class Environment(StrEnum):
    """What a client is for."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"


class Standing(StrEnum):
    """How far the site trusts a client."""

    DISABLED = "disabled"
    UNVERIFIED = "unverified"
    VERIFIED = "verified"
    FIRST_PARTY = "first_party"


class RedirectUse(StrEnum):
    """Whether a kind of client has redirect URIs."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class KindRules:
    """What a kind of client may and must do.

    Attributes:
        grant_types: what the kind implies where a client names none.
        allowed_grant_types: all that it may have.
        auth_methods: ``token_endpoint_auth_method`` values that it may use.
        default_auth_method: the one where a client names none.
        public: whether the default method is ``none`` (RFC 6749 §2.1).
        redirect_uris: whether redirect URIs are required, optional or forbidden.
        pkce_required: whether every authorization request needs PKCE whatever the method.
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
        """Return whether the kind keeps no secret by default."""
        return self.default_auth_method == "none"


_CODE = frozenset({"authorization_code", "refresh_token"})
_DEVICE = frozenset({DEVICE_CODE, "refresh_token"})
_SERVICE = frozenset({"client_credentials"})
_SECRET = ("client_secret_basic", "client_secret_post", "private_key_jwt")

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


def inspect_client(
    *,
    kind: str,
    environment: str = Environment.PRODUCTION,
    grant_types: Collection[str] | None = None,
    token_endpoint_auth_method: str | None = None,
    redirect_uris: Collection[str] = (),
    first_party: bool = False,
    consent_mode: str = "",
    has_keys: bool = False,
) -> list[Reason]:
    """Return what is wrong with a combination of registered facts."""
    raise NotImplementedError


def inspect_name(name: str, site_name: str, *, first_party: bool = False) -> list[Reason]:
    """Return what is wrong with a client's name."""
    raise NotImplementedError
