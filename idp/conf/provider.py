"""The ``OAUTH2_PROVIDER`` setting that wires the provider into the toolkit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HARDENED: Mapping[str, Any] = {
    "IDP_HARDENED": True,
    "SCOPES": {"openid": "OpenID Connect"},
    "DEFAULT_SCOPES": [],
    "ACCESS_TOKEN_EXPIRE_SECONDS": 600,
    "ID_TOKEN_EXPIRE_SECONDS": 600,
    "REFRESH_TOKEN_EXPIRE_SECONDS": 2_592_000,
    "AUTHORIZATION_CODE_EXPIRE_SECONDS": 60,
    "ROTATE_REFRESH_TOKEN": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 0,
    "PKCE_REQUIRED": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    "ALLOW_URI_WILDCARDS": False,
    "OIDC_ENABLED": True,
    "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
    "OIDC_RESPONSE_TYPES_SUPPORTED": ["code"],
    "OAUTH2_RESPONSE_TYPES_SUPPORTED": ["code"],
    "OAUTH2_GRANT_TYPES_SUPPORTED": [
        "authorization_code",
        "client_credentials",
        "refresh_token",
    ],
    **{
        f"COMPLIANT_BCP_RFC9700_{rule}": True
        for rule in (
            "IMPLICIT_GRANT",
            "PASSWORD_GRANT",
            "PKCE_METHOD",
            "ACCESS_TOKEN_TRANSPORT",
            "AUTHZ_RESPONSE_ISS",
            "TOKEN_STORAGE",
            "REFRESH_TOKEN",
            "REDIRECT_URI_SCHEME",
            "REDIRECT_URI_MATCHING",
            "PKCE_REQUIRED",
        )
    },
}
"""What a new site gets (RFC 9700)."""

WIRING: Mapping[str, Any] = {
    "OAUTH2_VALIDATOR_CLASS": "idp.dot.validator.IdpValidator",
    "OAUTH2_SERVER_CLASS": "idp.dot.server.IdpServer",
    "OIDC_SERVER_CLASS": "idp.dot.server.IdpServer",
    "OAUTH2_BACKEND_CLASS": "idp.dot.backend.IdpCore",
    "SCOPES_BACKEND_CLASS": "idp.dot.scope.CatalogueScopes",
    "APPLICATION_ADMIN_CLASS": "idp.admin.application.ApplicationAdmin",
    "ACCESS_TOKEN_ADMIN_CLASS": "idp.admin.token.AccessTokenAdmin",
    "GRANT_ADMIN_CLASS": "idp.admin.grant.GrantAdmin",
    "ID_TOKEN_ADMIN_CLASS": "idp.admin.id_token.IDTokenAdmin",
    "REFRESH_TOKEN_ADMIN_CLASS": "idp.admin.refresh_token.RefreshTokenAdmin",
    "CIMD_METADATA_FETCHER": "idp.dot.metadata_document.GuardedMetadataFetcher",
}
"""Where the provider takes its place in the toolkit, unless the site has its own there."""


def provider_settings(
    site: Mapping[str, Any] | None = None, *, harden: bool = False
) -> dict[str, Any]:
    """Return the ``OAUTH2_PROVIDER`` setting that wires the provider into the toolkit.

    Args:
        site: what an existing site had; its values and the toolkit's defaults for everything else
            stay as they are, so that no client notices. None for a new site, which is hardened.
        harden: whether an existing site gets the hardened values for what it does not set itself.

    Returns:
        A new dictionary. A scopes backend of the site is kept beneath ours, which only narrows.
    """
    if site is None:
        return {**HARDENED, **WIRING}
    result = {**(HARDENED if harden else {}), **WIRING, **site}
    result["SCOPES_BACKEND_CLASS"] = WIRING["SCOPES_BACKEND_CLASS"]
    result["IDP_SITE_SCOPES_BACKEND_CLASS"] = site.get(
        "SCOPES_BACKEND_CLASS", "oauth2_provider.scopes.SettingsScopes"
    )
    return result
