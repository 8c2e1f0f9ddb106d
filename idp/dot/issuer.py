"""The issuer identifier, one for every place that names it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from django.urls import NoReverseMatch, reverse
from oauth2_provider.settings import oauth2_settings

if TYPE_CHECKING:
    from django.http import HttpRequest

_SUFFIX = "/.well-known/openid-configuration"


def issuer_of(request: HttpRequest) -> str:
    """Return the issuer: the site's setting, or the address that the endpoints are mounted at.

    Source: RFC 8414 §2; RFC 9207 §2; OpenID Connect Core §2.
    """
    if oauth2_settings.OIDC_ISS_ENDPOINT:
        return str(oauth2_settings.OIDC_ISS_ENDPOINT)
    try:
        path = reverse("oauth2_provider:oidc-connect-discovery-info")
    except NoReverseMatch:
        return request.build_absolute_uri("/").rstrip("/")
    return request.build_absolute_uri(path.rstrip("/").removesuffix(_SUFFIX) or "/").rstrip("/")


def audiences_of(request: HttpRequest) -> frozenset[str]:
    """Return what client assertions may call this provider.

    The issuer identifier, the token endpoint's address, and that of the endpoint that is called,
    which client libraries take for granted at the others.

    Source: RFC 7523 §3, item 3; OpenID Connect Core §9; RFC 9126 §2.
    """
    found = {issuer_of(request), request.build_absolute_uri(request.path)}
    with suppress(NoReverseMatch):
        found.add(request.build_absolute_uri(reverse("oauth2_provider:token")))
    return frozenset(found)
