"""A client that describes itself, as a specification that the same rules judge as any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from idp.domain.catalogue import Catalogue
from idp.domain.client import Kind
from idp.domain.registration import (
    Described,
    grant_types_of,
    kind_of,
    name_of,
    origins_of,
)
from idp.domain.registration_scope import registrable
from idp.services.client_scope import Choice
from idp.services.client_spec import ClientSpec

NATIVE_KINDS = frozenset({Kind.NATIVE, Kind.AGENT, Kind.DEVICE})

# Names that stand in a specification under the same name, and what their absence means.
_PLAIN: Mapping[str, Any] = {
    "redirect_uris": (),
    "post_logout_redirect_uris": (),
    "client_uri": "",
    "logo_uri": "",
    "policy_uri": "",
    "tos_uri": "",
    "contacts": (),
    "software_id": "",
    "token_endpoint_auth_signing_alg": "",
    "jwks": None,
    "jwks_uri": "",
    "id_token_signed_response_alg": "",
    "userinfo_signed_response_alg": "",
    "sector_identifier_uri": "",
    "default_max_age": None,
    "require_pushed_authorization_requests": False,
    "backchannel_logout_uri": "",
    "backchannel_logout_session_required": False,
}

_SHOWN = ("client_name", "client_uri", "logo_uri", "policy_uri", "tos_uri", "redirect_uris")


def specification(
    described: Described,
    catalogue: Catalogue,
    *,
    before: ClientSpec | None = None,
    by: Any = None,
    default_method: str = "client_secret_basic",
) -> ClientSpec:
    """Return what a client is to be by its own description.

    What only an operator decides stays as it is; a client that changes itself is no longer the one
    that the site vouched for.

    Args:
        described: the description.
        catalogue: what judges its scopes.
        before: what it is now, if it exists.
        by: the user of the site who registers it, or None.
        default_method: how it authenticates where it does not say (RFC 7591 §2).

    Raises:
        BadValue: see ``idp.domain.registration``.
    """
    in_own_name = by is not None or (
        before is not None and "client_credentials" in before.granted_types
    )
    grant_types = grant_types_of(described, in_own_name=in_own_name)
    method = described.get("token_endpoint_auth_method", default_method)
    kind = kind_of(described, grant_types, method)
    subject_type = described.get("subject_type", "")
    spec = replace(
        before or ClientSpec(owner=by),
        kind=kind,
        client_name=name_of(described),
        grant_types=grant_types,
        token_endpoint_auth_method=method,
        subject_type="" if subject_type == "public" else subject_type,
        allowed_origins=origins_of(described) if kind is Kind.SPA else (),
        scopes=_scopes(described, catalogue, before, answered_for=by is not None),
        **{name: described.get(name, absent) for name, absent in _PLAIN.items()},
    )
    if before and _same_party(before, spec):
        return spec
    return replace(spec, verified=False, nonce_instead_of_pkce=False)


def _same_party(before: ClientSpec, after: ClientSpec) -> bool:
    """Return whether people still see the party that the site may have vouched for."""
    return all(getattr(before, name) == getattr(after, name) for name in _SHOWN)


def metadata(spec: ClientSpec, held: frozenset[str]) -> dict[str, Any]:
    """Return a client as it is registered, under the names of RFC 7591 (§3.2.1).

    Args:
        spec: what it is.
        held: the scopes that it may ask for now.
    """
    code = "authorization_code" in spec.granted_types
    kept = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in ((name, getattr(spec, name)) for name in _PLAIN)
        if value != _PLAIN[name]
    }
    return {
        "client_id": spec.client_id,
        "client_name": spec.client_name,
        "application_type": "native" if spec.kind in NATIVE_KINDS else "web",
        "grant_types": sorted(spec.granted_types),
        "response_types": ["code"] if code else [],
        "redirect_uris": list(spec.redirect_uris),
        "token_endpoint_auth_method": spec.auth_method,
        "subject_type": spec.subject_type or "public",
        "scope": " ".join(sorted(held)),
        **{name: value for name, value in kept.items() if name != "redirect_uris"},
    }


def _scopes(
    described: Described, catalogue: Catalogue, before: ClientSpec | None, *, answered_for: bool
) -> dict[str, Choice]:
    """Return the scopes that are registered: those named are required, all others optional."""
    named = described.values.get("scope")
    found = registrable(named, catalogue, answered_for=answered_for)
    choice = Choice("optional" if named is None else "required")
    chosen = {name: Choice() if name == "openid" else choice for name in found}
    # What an operator gave it beyond that, a change of itself does not take away.
    held = before.scopes if before else {}
    kept = {name: held[name] for name in held if named is None or name in named}
    return {**chosen, **kept}
