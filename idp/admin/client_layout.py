"""Which fields the form of a client has for its kind, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from idp.admin.field import GRANT_TYPES
from idp.domain.client import KINDS, Kind, RedirectUse

if TYPE_CHECKING:
    from django.forms import Field

AUTH_METHODS = {
    "none": _("None: it keeps no secret"),
    "client_secret_basic": _("Secret in the Authorization header"),
    "client_secret_post": _("Secret in the form"),
    "private_key_jwt": _("Signature with its own key (RFC 7523)"),
}

GROUPS = (
    (None, ("kind", "client_name", "client_id", "environment", "owner"), ()),
    (_("Addresses"), ("redirect_uris", "allowed_origins", "post_logout_redirect_uris"), ()),
    (_("What it may ask for"), ("scopes",), ()),
    (_("Trust"), ("verified", "first_party", "consent_mode", "consent_lifetime"), ()),
    (
        _("For people"),
        ("contacts", "client_uri", "logo_uri", "policy_uri", "tos_uri"),
        ("collapse",),
    ),
    (
        _("Authentication"),
        (
            "token_endpoint_auth_method",
            "jwks",
            "jwks_uri",
            "token_endpoint_auth_signing_alg",
        ),
        ("collapse",),
    ),
    (
        _("Sign-in"),
        (
            "subject_type",
            "sector_identifier_uri",
            "default_max_age",
            "id_token_signed_response_alg",
            "userinfo_signed_response_alg",
            "backchannel_logout_uri",
            "backchannel_logout_session_required",
        ),
        ("collapse",),
    ),
    (
        _("Protocol"),
        (
            "grant_types",
            "require_pushed_authorization_requests",
            "nonce_instead_of_pkce",
            "access_token_format",
            "access_token_lifetime",
            "refresh_token_lifetime",
            "refresh_token_idle_lifetime",
            "localhost_port",
            "software_id",
        ),
        ("collapse",),
    ),
)

_WITH_REDIRECTS = (
    "redirect_uris",
    "post_logout_redirect_uris",
    "require_pushed_authorization_requests",
    "default_max_age",
)
_WITH_USERS = (
    "consent_mode",
    "consent_lifetime",
    "client_uri",
    "logo_uri",
    "policy_uri",
    "tos_uri",
    "subject_type",
    "sector_identifier_uri",
    "id_token_signed_response_alg",
    "userinfo_signed_response_alg",
    "backchannel_logout_uri",
    "backchannel_logout_session_required",
    "refresh_token_lifetime",
    "refresh_token_idle_lifetime",
)
_WITH_KEYS = ("jwks", "jwks_uri", "token_endpoint_auth_signing_alg")


def fieldsets(fields: dict[str, Field]) -> list[tuple[Any, dict[str, Any]]]:
    """Return the fields in groups; those that few clients need are folded."""
    found = []
    for title, names, classes in GROUPS:
        present = [name for name in names if name in fields]
        if present:
            found.append((title, {"fields": present, "classes": classes}))
    return found


def fit(fields: dict[str, Any], kind: Kind, *, existing: bool) -> None:
    """Take out what the kind leaves no choice about, and offer only what it may choose.

    Args:
        fields: of one form; changed in place.
        kind: what the client is.
        existing: whether it is registered already.
    """
    rules = KINDS[kind]
    gone = {"client_id", "owner"} if existing else set()
    if rules.redirect_uris == RedirectUse.FORBIDDEN:
        gone |= {*_WITH_REDIRECTS, "consent_mode", "consent_lifetime"}
    else:
        fields["redirect_uris"].help_text = redirect_help(kind)
    if kind is Kind.SERVICE:
        gone |= set(_WITH_USERS)
    if rules.pkce_required or rules.redirect_uris == RedirectUse.FORBIDDEN:
        gone.add("nonce_instead_of_pkce")
    if kind not in {Kind.SPA, Kind.WEB}:
        gone.add("allowed_origins")
    if kind not in {Kind.NATIVE, Kind.AGENT}:
        gone.add("localhost_port")
    if "private_key_jwt" not in rules.auth_methods:
        gone |= set(_WITH_KEYS)
    gone |= _narrow(fields, kind)
    for name in gone:
        del fields[name]


def _narrow(fields: dict[str, Any], kind: Kind) -> set[str]:
    rules = KINDS[kind]
    methods = [(name, AUTH_METHODS[name]) for name in rules.auth_methods if name in AUTH_METHODS]
    types = [pair for pair in GRANT_TYPES if pair[0] in rules.allowed_grant_types]
    fields["token_endpoint_auth_method"].choices = methods
    fields["grant_types"].choices = types
    few = {"token_endpoint_auth_method"} if len(methods) < 2 else set()
    return few | ({"grant_types"} if len(types) < 2 else set())


def redirect_help(kind: str) -> Any:
    """Return what redirect URIs of a kind look like."""
    return {
        Kind.WEB: _("https, exact. http on 127.0.0.1 only in development (RFC 9700 §2.1)."),
        Kind.SPA: _(
            "https, exact; the origin of each must be among the allowed origins below (RFC 9700 "
            "§2.1)."
        ),
        Kind.NATIVE: _(
            "A claimed https address, http://127.0.0.1/… with any port, or a private-use scheme "
            "such as "
            "com.example.app:/callback (RFC 8252 §7)."
        ),
        Kind.AGENT: _(
            "As for an app on a device: https, http://127.0.0.1/… with any port, or a private-use "
            "scheme."
        ),
    }.get(Kind(kind), "")


KIND_WORDS = (
    (Kind.WEB, _("Web app"), _("Runs on a server, keeps a secret, users sign in.")),
    (Kind.SPA, _("Single-page app"), _("Runs in the browser alone, keeps no secret.")),
    (Kind.NATIVE, _("Mobile or desktop app"), _("Installed on the user's device.")),
    (Kind.SERVICE, _("Service without a user"), _("A job or server that acts in its own name.")),
    (Kind.DEVICE, _("TV or device"), _("Has no browser; the user signs in on a phone.")),
    (Kind.AGENT, _("AI agent (MCP)"), _("An assistant or tool that acts for a user.")),
)
