"""Metadata of the provider, generated from what is really on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, HttpResponseNotModified, JsonResponse
from django.urls import NoReverseMatch, reverse
from django.utils.http import parse_etags
from django.views.generic import View

from idp.conf import idp_settings
from idp.domain.catalogue import Admission, Catalogue, Scope, Unpoliced
from idp.domain.client import DEVICE_CODE
from idp.domain.jwk import ALGORITHMS as ASSERTION_ALGORITHMS
from idp.dot.client_method import METHODS
from idp.dot.document import documents_are_on
from idp.dot.issuer import issuer_of
from idp.dot.registration import registration_is_on
from idp.dot.server import offered_grant_types
from idp.dot.userinfo import claim_scopes, discovery_claims
from idp.models import Api
from idp.services.catalogue import recent_catalogue
from idp.services.key import ALGORITHMS, PUBLIC_CACHE_SECONDS, public_key_set
from idp.services.language import offered_languages
from idp.views.authorization_request import PROMPTS, RESPONSE_MODES
from idp.views.method import not_offered
from idp.views.origin import allow_origin, preflight
from idp.views.unguarded import unguarded

if TYPE_CHECKING:
    from django.http import HttpRequest

_UNAPPROVED = frozenset(Admission) - {Admission.APPROVED}
"""Which clients a policy may name so that some of them can ask without an approval."""

READ_METHODS = ("GET", "HEAD")


@unguarded
class PublicView(View):
    """A document that anybody may read, scripts of any origin included."""

    http_method_names = ["get", "head", "options"]

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer a CORS preflight."""
        return preflight(request, READ_METHODS, anyone=True)

    def http_method_not_allowed(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Refuse any other method; there is no form here that another site could send."""
        return not_offered(request, READ_METHODS, anyone=True)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the document, or 304 where the reader has it already."""
        document = self.document(request, **kwargs)
        if document is None:
            return allow_origin(
                request, JsonResponse({"error": "not_found"}, status=404), anyone=True
            )
        body = json.dumps(document)
        tag = f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'
        known = parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
        if "*" in known or tag in (etag.removeprefix("W/") for etag in known):
            response: HttpResponse = HttpResponseNotModified()
        else:
            response = HttpResponse(body, content_type="application/json")
        response["ETag"] = tag
        response["Cache-Control"] = f"public, max-age={PUBLIC_CACHE_SECONDS}"
        response["X-Content-Type-Options"] = "nosniff"
        return allow_origin(request, response, anyone=True)

    def document(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any] | None:
        """Return the document, or None where there is none."""
        raise NotImplementedError


class ProviderMetadataView(PublicView):
    """``.well-known/openid-configuration`` and ``.well-known/oauth-authorization-server``."""

    def document(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any] | None:
        """Return the provider's metadata (OpenID Discovery §3; RFC 8414 §2)."""
        issuer = issuer_of(request)
        suffix = str(kwargs.get("issuer_path", "")).strip("/")
        if suffix and not issuer.rstrip("/").endswith(f"/{suffix}"):
            return None
        return provider_metadata(request, issuer)


class KeySetView(PublicView):
    """``.well-known/jwks.json``: the keys that tokens are verified with."""

    def document(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any] | None:
        """Return the key set (RFC 7517 §5)."""
        return public_key_set()


class ProtectedResourceView(PublicView):
    """``.well-known/oauth-protected-resource``: metadata of an API of this site (RFC 9728)."""

    def document(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any] | None:
        """Return the metadata of the resource that the path names, or None for an unknown one."""
        path = str(kwargs.get("resource_path", "")).strip("/")
        resource = request.build_absolute_uri(f"/{path}").rstrip("/")
        api = Api.objects.filter(identifier__in=(resource, f"{resource}/")).first()
        if api is None and path:
            return None
        scopes = sorted(
            scope.name
            for scope in recent_catalogue().scopes.values()
            if api is not None and scope.api == api.identifier and scope.active and scope.public
        )
        return {
            "resource": api.identifier if api is not None else resource,
            "authorization_servers": [issuer_of(request)],
            "bearer_methods_supported": ["header"],
            **({"scopes_supported": scopes} if scopes else {}),
            **({"resource_name": api.name} if api is not None else {}),
        }


def provider_metadata(request: HttpRequest, issuer: str) -> dict[str, Any]:
    """Return what the provider offers; nothing that is switched off."""
    endpoints = _endpoints(request)
    return {
        "issuer": issuer,
        **endpoints,
        **_registration(request),
        "response_types_supported": ["code"],
        "response_modes_supported": list(RESPONSE_MODES),
        "grant_types_supported": _grant_types(endpoints),
        **_identity(request),
        **_client_authentication(),
        "ui_locales_supported": offered_languages(),
        "display_values_supported": ["page"],
        **idp_settings.links,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": sorted(PROMPTS),
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "require_pushed_authorization_requests": False,
    }


_STANDARD_SCOPES = frozenset({"profile", "email", "address", "phone"})
"""Scopes that release nothing but standard claims (OpenID Connect Core §5.4)."""


def _identity(request: HttpRequest) -> dict[str, Any]:
    """Return what the provider tells of users, and how: no more than it can answer."""
    claims, scope_of = discovery_claims(request), claim_scopes()
    answered = {scope_of.get(claim, "") for claim in claims}
    contexts = list(idp_settings.acr_values)
    return {
        "scopes_supported": [
            name for name in public_scopes() if name not in _STANDARD_SCOPES or name in answered
        ],
        "claims_supported": sorted({*claims, "auth_time", *(["acr"] if contexts else [])}),
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": True,
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": list(ALGORITHMS),
        "userinfo_signing_alg_values_supported": list(ALGORITHMS),
        **({"acr_values_supported": contexts} if contexts else {}),
    }


def _grant_types(endpoints: Mapping[str, str]) -> list[str]:
    """Return the grants that a client can really use: codes for devices need their endpoint."""
    without = set() if "device_authorization_endpoint" in endpoints else {DEVICE_CODE}
    return [name for name in offered_grant_types() if name not in without]


def public_scopes() -> list[str]:
    """Return the scopes that some client may ask for without an approval, and that are public."""
    catalogue = recent_catalogue()
    return sorted(
        scope.name
        for scope in catalogue.scopes.values()
        if scope.active and scope.public and _may_be_asked(catalogue, scope)
    )


def _may_be_asked(catalogue: Catalogue, scope: Scope) -> bool:
    """Return whether no policy of the scope, or of what it includes, wants an approval."""
    if scope.policy is None:
        by_default = catalogue.unpoliced == Unpoliced.DEFAULTS_ONLY and scope.default
        if not (by_default or catalogue.unpoliced == Unpoliced.PASS_THROUGH):
            return False
    return all(policy.clients in _UNAPPROVED for policy in catalogue.family(scope.name).policies)


def _client_authentication() -> dict[str, list[str]]:
    """Return how clients authenticate; a public one cannot introspect (RFC 8414 §2)."""
    found: dict[str, list[str]] = {}
    for endpoint, more in (("token", ["none"]), ("revocation", ["none"]), ("introspection", [])):
        found[f"{endpoint}_endpoint_auth_methods_supported"] = [*METHODS, *more]
        found[f"{endpoint}_endpoint_auth_signing_alg_values_supported"] = list(ASSERTION_ALGORITHMS)
    return found


def _registration(request: HttpRequest) -> dict[str, Any]:
    """Return how clients make themselves known, where the site lets them (RFC 8414 §2)."""
    found: dict[str, Any] = {}
    if registration_is_on():
        with suppress(NoReverseMatch):  # a site that mounts its own choice of addresses
            path = reverse("oauth2_provider:dcr-register")
            found["registration_endpoint"] = request.build_absolute_uri(path)
    if documents_are_on():
        found["client_id_metadata_document_supported"] = True
    return found


_ENDPOINTS = {
    "authorization_endpoint": "authorize",
    "pushed_authorization_request_endpoint": "pushed-authorization-request",
    "device_authorization_endpoint": "device-authorization",
    "token_endpoint": "token",
    "userinfo_endpoint": "user-info",
    "jwks_uri": "jwks-info",
    "revocation_endpoint": "revoke-token",
    "introspection_endpoint": "introspect",
    "end_session_endpoint": "rp-initiated-logout",
}


def _endpoints(request: HttpRequest) -> dict[str, str]:
    """Return the endpoints that the site mounts."""
    found = {}
    for name, url_name in _ENDPOINTS.items():
        try:
            path = reverse(f"oauth2_provider:{url_name}")
        except NoReverseMatch:
            continue
        found[name] = request.build_absolute_uri(path)
    return found
