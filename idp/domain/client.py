"""Kinds of client: what each may and must do, and what a registration may combine."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from idp.domain.client_kind import (
    DEVICE_CODE,
    KINDS,
    Kind,
    KindRules,
    RedirectUse,
)
from idp.domain.client_name import inspect_name
from idp.domain.decision import Reason, Severity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from idp.domain.party import ClientFacts

__all__ = [
    "DEVICE_CODE",
    "KINDS",
    "Environment",
    "Kind",
    "KindRules",
    "RedirectUse",
    "Standing",
    "inspect_client",
    "inspect_name",
    "standing",
]

CONSENT_MODES = frozenset({"", "always", "implicit"})


class Environment(StrEnum):
    """Where a client runs."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"


class Standing(StrEnum):
    """How far the site trusts a client, from the least to the most."""

    DISABLED = "disabled"
    UNVERIFIED = "unverified"
    VERIFIED = "verified"
    FIRST_PARTY = "first_party"


def standing(client: ClientFacts) -> Standing:
    """Return how far the site trusts a client."""
    if not client.active:
        return Standing.DISABLED
    if client.first_party:
        return Standing.FIRST_PARTY
    return Standing.VERIFIED if client.verified else Standing.UNVERIFIED


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
    """Return what is wrong with a combination of registered facts; an empty list is fine.

    Args:
        kind: a ``Kind``.
        environment: an ``Environment``.
        grant_types: as on the wire; None means what the kind implies.
        token_endpoint_auth_method: as on the wire; None means the kind's default.
        redirect_uris: as registered; each is judged by itself elsewhere.
        first_party: whether the client belongs to the site itself.
        consent_mode: ``always``, ``implicit``, or empty for what the scopes' policies say.
        has_keys: whether ``jwks`` or ``jwks_uri`` is registered.

    Source: RFC 7591 §2; RFC 6749 §2.1; RFC 9700 §2.
    """
    if kind not in KINDS:
        return [_error("unknown_kind", "RFC 7591 §2", kind=kind)]
    rules = KINDS[Kind(kind)]
    grants = rules.grant_types if grant_types is None else frozenset(grant_types)
    method = token_endpoint_auth_method or rules.default_auth_method
    return [
        *_method_findings(rules, method, kind, has_keys=has_keys),
        *_grant_findings(rules, grants, method, kind),
        *_redirect_findings(rules, grants, redirect_uris, kind),
        *_consent_findings(environment, consent_mode, first_party=first_party),
    ]


def _method_findings(
    rules: KindRules, method: str, kind: str, *, has_keys: bool
) -> Iterator[Reason]:
    if method not in rules.auth_methods:
        yield _error("auth_method_not_allowed", "RFC 7591 §2", method=method, kind=kind)
    elif method == "private_key_jwt" and not has_keys:
        yield _error("keys_missing", "RFC 7523 §3", method=method)


def _grant_findings(
    rules: KindRules, grants: frozenset[str], method: str, kind: str
) -> Iterator[Reason]:
    if not grants:
        yield _error("grant_types_missing", "RFC 7591 §2")
    for grant in sorted(grants - rules.allowed_grant_types):
        insecure = _INSECURE.get(grant)
        if insecure:
            yield _error("insecure_grant_type", insecure, grant_type=grant)
        else:
            reference = "RFC 7591 §2"
            yield _error("grant_type_not_for_kind", reference, grant_type=grant, kind=kind)
    if "client_credentials" in grants and method == "none":
        yield _error("client_credentials_without_secret", "RFC 6749 §4.4")
    if grants and grants <= {"refresh_token", "client_credentials"} and "refresh_token" in grants:
        yield _error("refresh_token_without_source", "RFC 6749 §1.5")


def _redirect_findings(
    rules: KindRules, grants: frozenset[str], uris: Collection[str], kind: str
) -> Iterator[Reason]:
    if rules.redirect_uris is RedirectUse.FORBIDDEN:
        if uris:
            yield _error("redirect_uris_not_for_kind", "RFC 7591 §2", kind=kind)
    elif "authorization_code" in grants and not uris:
        yield _error("redirect_uris_missing", "RFC 6749 §3.1.2.2")


def _consent_findings(environment: str, mode: str, *, first_party: bool) -> Iterator[Reason]:
    if environment not in set(Environment):
        yield _error("unknown_environment", "RFC 7591 §2", environment=environment)
    if mode not in CONSENT_MODES:
        yield _error("unknown_consent_mode", "RFC 6749 §10.2", mode=mode)
    if mode == "implicit" and not first_party:
        yield _error("implicit_consent_for_third_party", "RFC 6749 §10.2")
    if mode == "implicit" and environment != Environment.PRODUCTION:
        yield _error("implicit_consent_in_development", "RFC 6749 §10.2")


def _error(code: str, reference: str, **params: str) -> Reason:
    return Reason(code, Severity.ERROR, _TEXTS[code], reference, MappingProxyType(params))


_INSECURE = MappingProxyType({"implicit": "RFC 9700 §2.1.2", "password": "RFC 9700 §2.4"})
_TEXTS = MappingProxyType(
    {
        "unknown_kind": "There is no kind of client “%(kind)s”.",
        "unknown_environment": "There is no environment “%(environment)s”.",
        "unknown_consent_mode": "There is no consent mode “%(mode)s”.",
        "auth_method_not_allowed": (
            "A client of the kind “%(kind)s” cannot authenticate with %(method)s."
        ),
        "keys_missing": "%(method)s needs the client's public keys (jwks or jwks_uri).",
        "grant_types_missing": "A client needs at least one grant type.",
        "insecure_grant_type": "The grant type %(grant_type)s is no longer safe to use.",
        "grant_type_not_for_kind": (
            "A client of the kind “%(kind)s” cannot use the grant type %(grant_type)s."
        ),
        "client_credentials_without_secret": (
            "A client that cannot keep a secret cannot use client_credentials."
        ),
        "refresh_token_without_source": (
            "The grant type refresh_token needs another one that issues refresh tokens."
        ),
        "redirect_uris_not_for_kind": "A client of the kind “%(kind)s” has no redirect URIs.",
        "redirect_uris_missing": "The grant type authorization_code needs a redirect URI.",
        "implicit_consent_for_third_party": (
            "Only the site's own clients can go without asking the user."
        ),
        "implicit_consent_in_development": (
            "A client in development always asks the user, also one of the site's own."
        ),
    }
)
