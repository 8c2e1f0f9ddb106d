"""The OpenAPI security scheme, for sites that describe their API with drf-spectacular.

Importing this module is enough; an ``AppConfig.ready`` of the site is the place for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language
from drf_spectacular.extensions import OpenApiAuthenticationExtension

from idp.contrib.rest_framework.permission import HasScope
from idp.services.catalogue import current_catalogue, words

if TYPE_CHECKING:
    from drf_spectacular.openapi import AutoSchema

    from idp.domain.catalogue import Policy


class OAuth2Scheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describes bearer tokens as OAuth 2.0 with the grants and scopes of this provider."""

    target_class = "idp.contrib.rest_framework.authentication.OAuth2Authentication"
    match_subclasses = True
    name = "oauth2"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """Return the scheme: the code grant, which needs PKCE, and client credentials."""
        token, authorize = _address("token"), _address("authorize")
        code = {"authorizationUrl": authorize, "tokenUrl": token}
        return {
            "type": "oauth2",
            "description": "Authorization code with PKCE (S256), or client credentials.",
            "flows": {
                "authorizationCode": {**code, "scopes": _scopes("authorization_code")},
                "clientCredentials": {
                    "tokenUrl": token,
                    "scopes": _scopes("client_credentials"),
                },
            },
        }

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[str]]]:
        """Return the scopes that an operation needs, one entry for each way to satisfy it."""
        ways = [
            way
            for permission in auto_schema.view.get_permissions()
            if isinstance(permission, HasScope)
            for way in permission.need(auto_schema.view, auto_schema.method)
        ]
        return [{self.name: sorted(way)} for way in ways] or [{self.name: []}]


def _scopes(grant_type: str) -> dict[str, str]:
    """Return the public scopes that a grant type may obtain, with their words."""
    spoken = words(get_language() or "en")
    return {
        name: spoken[name].title if name in spoken else ""
        for name, scope in sorted(current_catalogue().scopes.items())
        if scope.active and scope.public and _obtains(scope.policy, grant_type)
    }


def _obtains(policy: Policy | None, grant_type: str) -> bool:
    return policy is None or policy.grant_types is None or grant_type in policy.grant_types


def _address(name: str) -> str:
    """Return the path of an endpoint, or an empty one where the site does not mount it."""
    try:
        return reverse(f"oauth2_provider:{name}")
    except NoReverseMatch:
        return ""
