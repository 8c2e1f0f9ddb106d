"""What the site's own validator and scopes backend say of a request at our authorization view.

Our view decides without oauthlib; whatever the site's classes refuse is refused here all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oauth2_provider.settings import oauth2_settings
from oauthlib.common import Request

from idp.dot.exchange import KEY, Exchange
from idp.dot.site import insists_on_pkce
from idp.services.origin import origin_of
from idp.services.site_scope import Offer, offer_to

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest

    from idp.services.client import Client


def inner_request(request: HttpRequest, client: Client, **values: Any) -> Request:
    """Return a request as oauthlib would have made it, for hooks of the site's validator.

    Args:
        request: the request at hand.
        client: the proven client.
        **values: what oauthlib would know of it by now: scopes, redirect URI and so on.
    """
    exchange = Exchange(origin_of(request), client=client)
    inner = Request("/", http_method="POST", headers={**_headers(request), KEY: exchange})
    known = {
        "client": client.application,
        "client_id": client.application.client_id,
        "response_type": "code",
        "user": request.user if request.user.is_authenticated else None,
        **values,
    }
    for name, value in known.items():
        setattr(inner, name, value)
    return inner


def site_offer(request: HttpRequest, client: Client, scope: str) -> Offer:
    """Return what the site's own scopes backend offers to a client that asks for ``scope``."""
    return offer_to(client.application, inner_request(request, client, scope=scope))


def site_refuses(
    request: HttpRequest, client: Client, scopes: Iterable[str], redirect_uri: str
) -> str:
    """Return the OAuth error with which the site's own validator refuses, or an empty text."""
    validator = oauth2_settings.OAUTH2_VALIDATOR_CLASS()
    agrees = getattr(validator, "site_agrees", None)
    if agrees is None:
        return ""
    asked = sorted(scopes)
    row, client_id = client.application, client.application.client_id
    inner = inner_request(request, client, scopes=asked, redirect_uri=redirect_uri)
    if not agrees("validate_redirect_uri", client_id, redirect_uri, inner):
        return "invalid_request"
    if not agrees("validate_response_type", client_id, "code", row, inner):
        return "unauthorized_client"
    if not agrees("validate_scopes", client_id, asked, row, inner):
        return "invalid_scope"
    return ""


def site_refuses_pkce(request: HttpRequest, client: Client, challenge: str, method: str) -> bool:
    """Return whether the toolkit and the site's own classes refuse a code challenge, or its lack.

    Source: RFC 7636 §§4.3, 4.4.1; RFC 9700 §2.1.1.
    """
    if not challenge:
        validator = oauth2_settings.OAUTH2_VALIDATOR_CLASS()
        inner = inner_request(request, client)
        return bool(validator.is_pkce_required(client.application.client_id, inner))
    if method in {"", "plain"}:
        return bool(oauth2_settings.COMPLIANT_BCP_RFC9700_PKCE_METHOD)
    return method != "S256"


def site_insists_on_pkce(request: HttpRequest, client: Client) -> bool:
    """Return whether the site's own code wants PKCE of a client that an operator let off."""
    validator = oauth2_settings.OAUTH2_VALIDATOR_CLASS()
    inner = inner_request(request, client)
    return insists_on_pkce(validator, client.application.client_id, inner)


def _headers(request: HttpRequest) -> dict[str, Any]:
    return {
        name: value
        for name, value in request.META.items()
        if isinstance(value, str) and not name.startswith("wsgi.")
    }
