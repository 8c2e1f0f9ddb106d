"""Access tokens that an API reads by itself (RFC 9068), and the resources that tokens are for."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from oauth2_provider.settings import oauth2_settings
from oauthlib.oauth2.rfc6749 import errors

from idp.domain import access_token as rules
from idp.dot.exchange import Exchange, exchange_of
from idp.dot.id_token import sign
from idp.services.scope_api import unknown_resources
from idp.services.subject_identifier import subject_for

if TYPE_CHECKING:
    from oauthlib.common import Request

    from idp.services.client import Client

ALGORITHM = "RS256"
"""The one that every API must understand (RFC 9068 §2.1)."""


def jwt_access_token(request: Request) -> str | None:
    """Return the access token of a request as a JWT, or None where it is to be opaque.

    It is stored like an opaque one, by its checksum, so that our own APIs and introspection know
    when it was revoked.

    Raises:
        CustomOAuth2Error: see ``requested_resources``.
    """
    exchange = exchange_of(request)
    client = exchange.client
    if client is None:
        return None
    scopes, catalogue = request.scopes or (), client.catalogue()
    apis = rules.audience(requested_resources(request, client), scopes, catalogue)
    if not rules.is_jwt(client.policy.access_token_format, apis, catalogue):
        return None
    return sign(_claims(request, exchange, client, apis), ALGORITHM, rules.TYPE)


def requested_resources(request: Request, client: Client) -> list[str]:
    """Return the resources that a new token is for: those asked for, else those granted before.

    As with scopes, what a refresh before this one asked for narrowed that one alone.

    Raises:
        CustomOAuth2Error: ``invalid_target``: more is asked for than was granted, or what is no
            API of this provider.

    Source: RFC 8707 §2.2.
    """
    exchange = exchange_of(request)
    if exchange.resources is None:
        asked = [value for name, value in request.decoded_body or [] if name == "resource"]
        granted = list(exchange.authorization.resource) if exchange.authorization else []
        beyond = [uri for uri in asked if granted and uri not in granted]
        unknown = [] if granted else unknown_resources(asked)
        if beyond or (unknown and client.enforces("protocol")):
            raise errors.CustomOAuth2Error(
                error="invalid_target",
                description="A requested resource is not part of what was granted.",
                request=request,
            )
        exchange.resources = asked or granted
    return exchange.resources


def _claims(
    request: Request, exchange: Exchange, client: Client, apis: tuple[str, ...]
) -> dict[str, Any]:
    """Return what the token says (RFC 9068 §2.2)."""
    issuer = oauth2_settings.oidc_issuer(request)
    client_id = client.facts.client_id
    by_client = request.grant_type == "client_credentials" or request.user is None
    claims = {
        "iss": issuer,
        "sub": client_id if by_client else subject_for(client, request.user),
        "aud": rules.spoken(apis, issuer),
        "exp": int((exchange.now + timedelta(seconds=request.expires_in)).timestamp()),
        "iat": int(exchange.now.timestamp()),
        "jti": uuid.uuid4().hex,
        "client_id": client_id,
        "scope": " ".join(request.scopes or ()),
    }
    authorization = exchange.authorization
    if authorization is not None:
        claims |= {"acr": authorization.acr} if authorization.acr else {}
        claims |= {"amr": authorization.amr} if authorization.amr else {}
        if authorization.auth_time is not None:
            claims["auth_time"] = int(authorization.auth_time.timestamp())
    return claims
