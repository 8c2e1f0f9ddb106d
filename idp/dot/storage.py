"""Stores the toolkit's rows of new tokens with one statement each, where a site changes nothing."""

from __future__ import annotations

import uuid
from collections.abc import Hashable
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from oauth2_provider.models import AbstractAccessToken, AbstractRefreshToken
from oauthlib.oauth2.rfc6749 import errors

from idp.conf import access_token_model, refresh_token_model
from idp.dot.exchange import Exchange, exchange_of
from idp.dot.site import SiteRules, is_stock
from idp.models.insert import insert

if TYPE_CHECKING:
    from oauthlib.common import Request

_HOOKS = (
    "save_bearer_token",
    "_save_bearer_token",
    "_create_access_token",
    "_create_refresh_token",
)
"""Methods of the toolkit's validator by which sites change how tokens are stored."""


class StorageRules(SiteRules):
    """The part of the validator that stores tokens."""

    def stores_itself(self, request: Request) -> bool:
        """Return whether the toolkit's own way of storing is left out.

        It reads a code again by the text that we do not store, and takes three times the
        statements to exchange a refresh token, because it has no lock on the family as we have.
        """
        if not _is_stock(cast("Hashable", type(self))):
            return False
        exchange = exchange_of(request)
        in_transaction = exchange.unwritten is not None
        match request.grant_type:
            case "client_credentials":
                return True
            case "authorization_code":
                return in_transaction and exchange.redeemed
            case "refresh_token" if exchange.issued is not None:
                rotates: bool = self.rotate_refresh_token(request)  # type: ignore[attr-defined]
                return in_transaction and rotates
        return False

    def store(self, token: dict[str, Any], request: Request) -> None:
        """Store an access token and, where there is one, the refresh token beside it.

        Raises:
            CustomOAuth2Error: ``invalid_target``, see ``_check_and_set_request_resource``.
            InvalidGrantError: somebody else revoked the presented refresh token meanwhile.
        """
        exchange = exchange_of(request)
        self._check_and_set_request_resource(request)  # type: ignore[attr-defined]
        if request.grant_type == "client_credentials":
            request.user = None
        previous = getattr(request, "refresh_token_instance", None)
        if previous is not None:
            _retire(previous, exchange)
        access = self._access_row(token, request, exchange, previous)
        if token.get("refresh_token"):
            self._refresh_row(token["refresh_token"], request, access, previous)

    def _access_row(
        self, token: dict[str, Any], request: Request, exchange: Exchange, previous: Any
    ) -> Any:
        """Return the stored access token; a refresh writes it over the one that it replaces."""
        expires = exchange.now + timedelta(seconds=token["expires_in"])
        replaced = previous.access_token if previous is not None else None
        access = replaced or access_token_model()()
        access.user, access.application, access.id_token = request.user, request.client, None
        access.scope, access.resource = token["scope"], request.resource
        access.source_refresh_token = previous
        access.created, access.expires = exchange.now, expires
        self._set_token_value(access, token["access_token"])  # type: ignore[attr-defined]
        if replaced:
            access.save()
        else:
            insert(access)
        return access

    def _refresh_row(self, value: str, request: Request, access: Any, previous: Any) -> None:
        """Store a refresh token; its family is the id of the authorization."""
        authorization = exchange_of(request).authorization
        family = authorization.pk if authorization else getattr(previous, "token_family", None)
        refresh = refresh_token_model()(
            user=request.user,
            application=request.client,
            access_token=access,
            token_family=family or uuid.uuid4(),
            resource=request.resource,
        )
        self._set_token_value(refresh, value)  # type: ignore[attr-defined]
        insert(refresh)


def _retire(previous: Any, exchange: Exchange) -> None:
    """Revoke the presented refresh token, and let go of its access token's row."""
    live = type(previous)._default_manager.filter(pk=previous.pk, revoked=None)
    if not live.update(revoked=exchange.now, updated=exchange.now, access_token=None):
        raise errors.InvalidGrantError()


@lru_cache(maxsize=8)
def _is_stock(validator: Hashable) -> bool:
    """Return whether neither the site's validator nor its token models have ways of their own."""
    return (
        is_stock(cast("type", validator), _HOOKS)
        and access_token_model().revoke is AbstractAccessToken.revoke
        and refresh_token_model().revoke is AbstractRefreshToken.revoke
    )
