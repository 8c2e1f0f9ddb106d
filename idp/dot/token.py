"""Tokens: how they look, how long they live, and which authorization they belong to."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from idp.conf import idp_settings, refresh_token_model
from idp.domain import credential
from idp.dot.access_token import jwt_access_token, requested_resources
from idp.dot.exchange import Exchange, exchange_of
from idp.dot.storage import StorageRules
from idp.services.authorization import Granting, create_authorization
from idp.services.client_use import note_client_use
from idp.services.resolution import server_lifetimes
from idp.services.token import new_tokens, record_tokens

if TYPE_CHECKING:
    from oauthlib.common import Request


def generate_access_token(request: Request, refresh_token: bool = False) -> str:  # noqa: FBT001, FBT002
    """Return a new access token: 256 random bits with prefix and checksum, or a JWT (RFC 9068)."""
    return jwt_access_token(request) or credential.generate(credential.ACCESS)


def generate_refresh_token(request: Request, refresh_token: bool = False) -> str:  # noqa: FBT001, FBT002
    """Return a new refresh token of 256 random bits with prefix and checksum."""
    return credential.generate(credential.REFRESH)


def access_token_seconds(request: Request) -> int:
    """Return the life of an access token in seconds: the strictest of server, client, scopes."""
    resolution = exchange_of(request).resolution
    lifetime = resolution.lifetimes.access if resolution else idp_settings.access_token_lifetime
    return max(1, int(lifetime.total_seconds()))


def refreshable(request: Request) -> bool:
    """Return whether the answer to a request may carry a refresh token."""
    exchange = exchange_of(request)
    if exchange.authorization is not None and not exchange.authorization.refreshable:
        return False
    return exchange.resolution is None or exchange.resolution.lifetimes.refreshable


class TokenRules(StorageRules):
    """The part of the validator that saves tokens."""

    def save_bearer_token(
        self, token: dict[str, Any], request: Request, *args: Any, **kwargs: Any
    ) -> Any:
        """Save the tokens of an answer together with the authorization that they belong to."""
        exchange = exchange_of(request)
        if request.grant_type != "client_credentials" and exchange.authorization is None:
            exchange.authorization = self._adopt(token, request, exchange)
        saved = self._store_or_ask(token, request, *args, **kwargs)
        if exchange.authorization is not None:
            rows = new_tokens(
                exchange.authorization,
                access=token["access_token"],
                access_expires_at=exchange.now + timedelta(seconds=token["expires_in"]),
                refresh=self._new_refresh_token(token, exchange),
                refresh_expires_at=_refresh_end(exchange),
                now=exchange.now,
            )
            if exchange.unwritten is None:
                record_tokens(rows)
            else:
                exchange.unwritten += rows
        if exchange.client is not None:
            note_client_use(exchange.client, exchange.now)
        return saved

    def _store_or_ask(
        self, token: dict[str, Any], request: Request, *args: Any, **kwargs: Any
    ) -> Any:
        """Store tokens in our way, or in the way of the site and the toolkit."""
        if self.stores_itself(request):
            return self.store(token, request)
        saved = super().save_bearer_token(token, request, *args, **kwargs)  # type: ignore[misc]
        exchange = exchange_of(request)
        if exchange.issued is not None and token.get("refresh_token") != exchange.presented:
            refresh_token_model()._default_manager.filter(
                token_checksum=exchange.issued.checksum, revoked=None
            ).update(revoked=exchange.now)
        return saved

    def _create_refresh_token(
        self, request: Request, refresh_token_code: str, access_token: Any, previous: Any
    ) -> Any:
        """Give the refresh token its family: the id of the authorization."""
        authorization = exchange_of(request).authorization
        if authorization is not None:
            previous = SimpleNamespace(token_family=authorization.pk)
        return super()._create_refresh_token(request, refresh_token_code, access_token, previous)  # type: ignore[misc]

    def _check_and_set_request_resource(self, request: Request) -> None:
        """Leave on the request the resources that its token is for: asked and granted before.

        Raises:
            CustomOAuth2Error: ``invalid_target``.

        Source: RFC 8707 §2.2.
        """
        request.resource = requested_resources(request, self._client(request))  # type: ignore[attr-defined]

    def _adopt(self, token: dict[str, Any], request: Request, exchange: Exchange) -> Any:
        """Begin to record a grant older than these records, or made by a site's own code."""
        if request.user is None:
            return None
        previous = getattr(request, "refresh_token_instance", None)
        resource = getattr(previous or exchange.grant, "resource", None)
        scopes = exchange.resolution.granted if exchange.resolution else token["scope"].split()
        return create_authorization(
            Granting(
                user=request.user,
                application=request.client,
                scopes=scopes,
                grant_type=request.grant_type or "",
                nonce=getattr(request, "nonce", None) or "",
                resource=tuple(resource or ()),
                family=getattr(previous, "token_family", None),
            ),
            origin=exchange.origin,
            now=exchange.now,
        )

    @staticmethod
    def _new_refresh_token(token: dict[str, Any], exchange: Exchange) -> str:
        refresh = str(token.get("refresh_token") or "")
        return "" if refresh == exchange.presented else refresh


def _refresh_end(exchange: Exchange) -> Any:
    lifetimes = exchange.resolution.lifetimes if exchange.resolution else server_lifetimes()
    idle = lifetimes.refresh_idle
    ends = [exchange.now + idle] if idle else []
    authorization = exchange.authorization
    if authorization is not None and lifetimes.refresh is not None:
        ends.append(authorization.created_at + lifetimes.refresh)
    if authorization is not None and authorization.expires_at is not None:
        ends.append(authorization.expires_at)
    return min(ends, default=None)
