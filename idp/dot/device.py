"""The device grant at the token endpoint (RFC 8628 §§3.4, 3.5).

The toolkit's own code for it is never reached: neither its rows nor oauthlib's handlers are used.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from oauthlib.oauth2.rfc6749 import errors
from oauthlib.oauth2.rfc6749.grant_types.base import GrantTypeBase
from oauthlib.openid.connect.core.grant_types.base import GrantTypeBase as OpenIDGrantTypeBase

from idp.domain.client import DEVICE_CODE
from idp.domain.device import Answer
from idp.dot.exchange import exchange_of
from idp.dot.site import SiteRules
from idp.services.authorization import standing
from idp.services.consent import note_expiry
from idp.services.device import poll_device
from idp.services.resolution import resolve_again
from idp.services.site_scope import offer_to

if TYPE_CHECKING:
    from oauthlib.common import Request

    from idp.models import Authorization

_WORDS = {
    Answer.PENDING: "Nobody has decided about this device yet; ask again after the interval.",
    Answer.SLOW_DOWN: "Asked too soon; wait 5 seconds longer between questions from now on.",
    Answer.EXPIRED: "The device code has expired; ask for another.",
    Answer.DENIED: "The user did not allow it.",
    Answer.SPENT: "The device code is unknown or used, or is not for this client.",
}


class DeviceCodeGrant(GrantTypeBase):
    """Gives a device its tokens once a person has let it in."""

    id_token_hash = OpenIDGrantTypeBase.id_token_hash

    def create_token_response(self, request: Request, token_handler: Any) -> Any:
        """Return headers, body and status of the answer."""
        headers = self._get_default_headers()
        try:
            self.validate_token_request(request)
            token = token_handler.create_token(request, refresh_token=True)
            token = OpenIDGrantTypeBase.add_id_token(self, token, token_handler, request)
            self.request_validator.save_token(token, request)
        except errors.OAuth2Error as error:
            headers.update(error.headers)
            return headers, error.json, error.status_code
        return headers, json.dumps(token), 200

    def validate_token_request(self, request: Request) -> None:
        """Prove the client, and redeem its device code.

        Raises:
            OAuth2Error: with the error code for the wire.
        """
        if not self.request_validator.authenticate_client(request):
            raise errors.InvalidClientError(request=request)
        self.validate_grant_type(request)
        if not getattr(request, "device_code", None):
            text = "The parameter 'device_code' is missing."
            raise errors.InvalidRequestError(description=text, request=request)
        self.request_validator.redeem_device_code(request)


class DeviceRules(SiteRules):
    """The part of the validator that knows device codes."""

    def redeem_device_code(self, request: Request) -> None:
        """Redeem a device code, and leave user and scopes on the request.

        Raises:
            OAuth2Error: the device must wait, or gets nothing.

        Source: RFC 8628 §3.5.
        """
        exchange = exchange_of(request)
        poll = poll_device(request.device_code, request.client, exchange.now, exchange.origin)
        if poll.answer is not Answer.TOKENS or poll.device is None:
            raise errors.CustomOAuth2Error(
                error=str(poll.answer), description=_WORDS[poll.answer], request=request
            )
        authorization = poll.device.authorization
        if authorization is None:
            raise errors.InvalidGrantError(request=request)
        exchange.authorization, exchange.redeemed = authorization, True
        epoch = self._client(request).policy.epoch  # type: ignore[attr-defined]
        if standing(authorization, epoch, exchange.now) is not None:
            note_expiry(authorization.consent, exchange.now)
            raise errors.InvalidGrantError(request=request)
        self._grant_to_device(request, authorization)

    def _grant_to_device(self, request: Request, authorization: Authorization) -> None:
        """Judge the scopes by policy and consent as they are now.

        Raises:
            InvalidGrantError: nothing of them is left.
        """
        exchange = exchange_of(request)
        exchange.resolution = resolve_again(
            self._client(request),  # type: ignore[attr-defined]
            granted=frozenset(authorization.scopes.split()),
            since=authorization.created_at,
            authorization=authorization.pk,
            user=authorization.user,
            grant_type=DEVICE_CODE,
            now=exchange.now,
            origin=exchange.origin,
            offer=offer_to(request.client, request),
        )
        request.user = authorization.user
        granted = self.narrowed_by_site(exchange.resolution.granted, request)  # type: ignore[attr-defined]
        if not granted:
            raise errors.InvalidGrantError(request=request)
        request.scopes = sorted(granted)
