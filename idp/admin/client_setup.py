"""What the developer of a client needs, ready to copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse

from idp.models import ClientScope
from idp.services.client import grant_types_of

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.utils.safestring import SafeString

    from idp.models import ClientPolicy

DISCOVERY = "/.well-known/openid-configuration"


def setup(request: HttpRequest, application: Any, policy: ClientPolicy) -> SafeString:
    """Return discovery address, identifiers and the first lines of code, without any secret."""
    issuer = issuer_of(request)
    types = grant_types_of(application, policy)
    scopes = ClientScope.objects.filter(application=application).values_list(
        "scope__name", flat=True
    )
    uris = application.redirect_uris.split()
    return render_to_string(
        "admin/idp/client_setup.html",
        {
            "issuer": issuer,
            "discovery": f"{issuer}{DISCOVERY}",
            "token_endpoint": f"{issuer}/token/",
            "client_id": application.client_id,
            "public": application.client_type == "public",
            "signs_users_in": "authorization_code" in types,
            "own_name": "client_credentials" in types,
            "scope": " ".join(list(scopes[:50])),
            "redirect_uri": uris[0] if uris else "",
        },
    )


def issuer_of(request: HttpRequest) -> str:
    """Return the issuer: what the setting says, else where discovery is mounted."""
    configured = getattr(settings, "OAUTH2_PROVIDER", {}).get("OIDC_ISS_ENDPOINT", "")
    if configured:
        return str(configured).rstrip("/")
    try:
        path = reverse("oauth2_provider:oidc-connect-discovery-info")
    except NoReverseMatch:
        path = f"/o{DISCOVERY}"
    return request.build_absolute_uri(path).removesuffix("/").removesuffix(DISCOVERY)
