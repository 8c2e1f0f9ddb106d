"""A client as an operator describes it, under the names of RFC 7591 wherever one exists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, cast

from idp.domain.client import DEVICE_CODE, KINDS, Kind, KindRules
from idp.domain.client_name import stored_skeleton
from idp.services.change import FieldChange
from idp.services.client_scope import Choice

POLICY_FIELDS = (
    "kind",
    "environment",
    "first_party",
    "verified",
    "consent_mode",
    "consent_lifetime",
    "access_token_lifetime",
    "refresh_token_lifetime",
    "refresh_token_idle_lifetime",
    "id_token_signed_response_alg",
    "userinfo_signed_response_alg",
    "token_endpoint_auth_signing_alg",
    "jwks",
    "jwks_uri",
    "subject_type",
    "sector_identifier_uri",
    "default_max_age",
    "require_pushed_authorization_requests",
    "nonce_instead_of_pkce",
    "access_token_format",
    "backchannel_logout_uri",
    "backchannel_logout_session_required",
    "localhost_port",
    "client_uri",
    "logo_uri",
    "policy_uri",
    "tos_uri",
    "software_id",
)
"""Fields of a specification that stand in the policy row under the same name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSpec:
    """What a client is to be, under the names of RFC 7591 wherever one exists.

    Attributes:
        client_id: identifier on the wire; empty for a new one.
        client_name: its name for people.
        kind, environment: as in ``idp.domain.client``.
        first_party, verified: how far the site trusts it.
        grant_types: None for what the kind implies.
        token_endpoint_auth_method: None for what the kind implies.
        redirect_uris, post_logout_redirect_uris, allowed_origins: as entered.
        scopes: name to how the client holds it.
        consent_mode: a ``ClientPolicy.ConsentMode``.
        consent_lifetime, access_token_lifetime, refresh_token_lifetime,
            refresh_token_idle_lifetime: upper bounds; None for no opinion.
        id_token_signed_response_alg: empty for RS256.
        userinfo_signed_response_alg: empty for plain JSON.
        token_endpoint_auth_signing_alg: of client assertions; empty for any that is supported.
        jwks, jwks_uri: the client's public keys (RFC 7517), by value or by address.
        subject_type: empty for the same everywhere, or ``pairwise``.
        sector_identifier_uri: what pairwise clients of one sector share.
        default_max_age: seconds, where a request does not say ``max_age``.
        require_pushed_authorization_requests: whether only pushed requests count (RFC 9126 §6).
        nonce_instead_of_pkce: whether its requests may do without PKCE (OAuth 2.1 §7.5.1).
        access_token_format: a ``ClientPolicy.TokenFormat``.
        backchannel_logout_uri, backchannel_logout_session_required: where logout tokens go.
        localhost_port: whether any port of ``localhost`` matches (native clients and agents).
        client_uri, logo_uri, policy_uri, tos_uri: links about the client.
        contacts: addresses of the people behind it.
        software_id: which software it runs.
        owner: the user that it belongs to, or None; a change leaves it alone.
    """

    client_id: str = ""
    client_name: str = ""
    kind: str = "web"
    environment: str = "production"
    first_party: bool = False
    verified: bool = False
    grant_types: frozenset[str] | None = None
    token_endpoint_auth_method: str | None = None
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    scopes: Mapping[str, Choice] = field(default_factory=lambda: MappingProxyType({}))
    consent_mode: str = ""
    consent_lifetime: timedelta | None = None
    access_token_lifetime: timedelta | None = None
    refresh_token_lifetime: timedelta | None = None
    refresh_token_idle_lifetime: timedelta | None = None
    id_token_signed_response_alg: str = ""
    userinfo_signed_response_alg: str = ""
    token_endpoint_auth_signing_alg: str = ""
    jwks: Mapping[str, Any] | None = None
    jwks_uri: str = ""
    subject_type: str = ""
    sector_identifier_uri: str = ""
    default_max_age: int | None = None
    require_pushed_authorization_requests: bool = False
    nonce_instead_of_pkce: bool = False
    access_token_format: str = ""
    backchannel_logout_uri: str = ""
    backchannel_logout_session_required: bool = False
    localhost_port: bool = False
    client_uri: str = ""
    logo_uri: str = ""
    policy_uri: str = ""
    tos_uri: str = ""
    contacts: tuple[str, ...] = ()
    software_id: str = ""
    owner: Any = None

    @property
    def granted_types(self) -> frozenset[str]:
        """Return the grant types, those that the kind implies included."""
        rules = _rules(self.kind)
        implied = rules.grant_types if rules else frozenset()
        return implied if self.grant_types is None else self.grant_types

    @property
    def auth_method(self) -> str:
        """Return the token endpoint authentication method, given or implied."""
        rules = _rules(self.kind)
        return self.token_endpoint_auth_method or (rules.default_auth_method if rules else "")

    def settled(self) -> ClientSpec:
        """Return the same with everything said that the kind implies."""
        return replace(
            self, grant_types=self.granted_types, token_endpoint_auth_method=self.auth_method
        )

    @property
    def public(self) -> bool:
        """Return whether the client keeps no secret (RFC 6749 §2.1)."""
        return self.auth_method == "none"

    @property
    def keeps_secret(self) -> bool:
        """Return whether it authenticates with a secret that both sides know."""
        return self.auth_method in ("client_secret_basic", "client_secret_post")

    @property
    def toolkit_flow(self) -> str:
        """Return the one flow by which the toolkit's row names what the client does."""
        types = self.granted_types
        if "authorization_code" in types:
            return "authorization-code"
        return DEVICE_CODE if DEVICE_CODE in types else "client-credentials"


def differences(before: ClientSpec, after: ClientSpec) -> list[FieldChange]:
    """Return what a change means in full; who owns a client and its id are not for it to say."""
    old, new = before.settled(), after.settled()
    names = [each.name for each in fields(ClientSpec) if each.name not in ("client_id", "owner")]
    return [
        FieldChange(name, getattr(old, name), getattr(new, name))
        for name in names
        if getattr(old, name) != getattr(new, name)
    ]


def policy_values(spec: ClientSpec) -> dict[str, Any]:
    """Return the fields of the policy row that a description stands for."""
    return {
        **{name: getattr(spec, name) for name in POLICY_FIELDS},
        "grant_types": sorted(spec.granted_types),
        "token_endpoint_auth_method": spec.auth_method,
        "contacts": list(spec.contacts),
        "name_skeleton": stored_skeleton(spec.client_name),
    }


def _rules(kind: str) -> KindRules | None:
    return KINDS.get(cast("Kind", kind))
