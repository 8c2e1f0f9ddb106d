"""Client authentication: exactly one method a request, and the same work whoever asks."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from oauthlib.oauth2.rfc6749 import errors

from idp.domain.decision import Reason, Severity
from idp.dot.exchange import Exchange, exchange_of
from idp.dot.site import SiteRules
from idp.services.client import Client, client_of, load_client
from idp.services.client_secret import check_client_secret
from idp.services.event import record_event

if TYPE_CHECKING:
    from oauthlib.common import Request

WITHOUT_SECRET = "none"  # noqa: S105
BASIC = "client_secret_basic"
POST = "client_secret_post"
PASSWORD = "password"  # noqa: S105
PASSWORD_GRANT = Reason(
    "password_grant",
    Severity.ERROR,
    "The password grant hands the user's password to the client.",
    "RFC 9700 §2.4",
)


@dataclass(frozen=True, slots=True)
class Presented:
    """What a request says of its client."""

    client_id: str
    secret: str
    method: str


def presented(request: Request) -> Presented:
    """Return what a request says of its client.

    Raises:
        InvalidRequestError: more than one method, or none at all.
        InvalidClientError: a method that is not supported or not readable.

    Source: RFC 6749 §2.3: a client uses no more than one authentication method a request.
    """
    body = dict(request.decoded_body or [])
    header = str(request.headers.get("HTTP_AUTHORIZATION") or "")
    if body.get("client_assertion") or body.get("client_assertion_type"):
        raise errors.InvalidClientError(description="Client assertions are not supported.")
    if not header:
        secret = body.get("client_secret", "")
        if not body.get("client_id"):
            raise errors.InvalidClientError(
                description="The request does not say which client it comes from."
            )
        return Presented(body["client_id"], secret, POST if secret else WITHOUT_SECRET)
    if body.get("client_secret"):
        raise errors.InvalidRequestError(
            description="Authenticate with one method, not with a header and in the body."
        )
    client_id, secret = _basic(header)
    if body.get("client_id", client_id) != client_id:
        raise errors.InvalidRequestError(
            description="client_id in the body is not the one in the Authorization header."
        )
    return Presented(client_id, secret, BASIC)


def _basic(header: str) -> tuple[str, str]:
    """Return client id and secret of an Authorization header (RFC 6749 §2.3.1; RFC 7617 §2)."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise errors.InvalidClientError(
            description="Authenticate the client with the Basic scheme or in the request body."
        )
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
        client_id, colon, secret = decoded.partition(":")
        if not colon:
            raise ValueError
        return unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
    except (binascii.Error, ValueError) as error:
        raise errors.InvalidClientError(
            description="The Authorization header cannot be read."
        ) from error


class ClientRules(SiteRules):
    """The part of the validator that knows clients."""

    def client_authentication_required(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        """Return True: every request authenticates its client by the method registered for it."""
        return True

    def authenticate_client(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        """Authenticate the client of a request, and keep it for the rest of the exchange.

        Raises:
            InvalidRequestError, InvalidClientError: see ``presented``.
        """
        exchange = exchange_of(request)
        if exchange.client is None or not exchange.method:
            claimed = presented(request)
            exchange.client = self._proven(claimed, exchange)
            exchange.method = claimed.method
        request.client = exchange.client.application
        request.client_id = exchange.client.facts.client_id
        return True

    def authenticate_client_id(
        self, client_id: str, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Return whether a client may act without a secret; decided by ``authenticate_client``."""
        return self.authenticate_client(request)

    def _load_application(self, client_id: str, request: Request) -> Any:
        """Return the client's row, or None for one that is unknown, disabled or not usable."""
        exchange = exchange_of(request)
        if exchange.client is None or exchange.client.facts.client_id != client_id:
            exchange.client = load_client(client_id or "")
        if exchange.client is None:
            application = self._stored_elsewhere(client_id, request)
            if application is None:
                return None
            exchange.client = client_of(application)
        client = exchange.client
        if not client.facts.active or not client.application.is_usable(request):
            return None
        request.client = client.application
        return client.application

    def _stored_elsewhere(self, client_id: str, request: Request) -> Any:
        """Return a client that only the toolkit finds, by its metadata document; else None."""
        if not client_id.startswith("https://"):
            return None
        return super()._load_application(client_id, request)  # type: ignore[misc]

    def validate_grant_type(
        self,
        client_id: str,
        grant_type: str,
        client: Any,
        request: Request,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        """Return whether the client may use a grant type; one client may have several."""
        if grant_type not in self._client(request).facts.grant_types:
            return False
        return self.site_agrees(
            "validate_grant_type", client_id, grant_type, client, request, *args, **kwargs
        )

    def validate_user(
        self, username: str, password: str, client: Any, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Return whether a password is right, where a client may still be handed one; report it.

        Raises:
            UnauthorizedClientError: the rules refuse; the password is not even looked at.
        """
        known = self._client(request)
        if known.enforces("protocol") or PASSWORD not in known.facts.grant_types:
            raise errors.UnauthorizedClientError(description=PASSWORD_GRANT.message)
        self._report_password(known, request)
        right = super().validate_user(username, password, client, request, *args, **kwargs)  # type: ignore[misc]
        return bool(right)

    def _report_password(self, client: Client, request: Request) -> None:
        exchange = exchange_of(request)
        record_event(
            "protocol.would_refuse",
            severity="info",
            client_id=client.facts.client_id,
            origin=exchange.origin,
            reasons=[PASSWORD_GRANT],
            now=exchange.now,
        )

    def _client(self, request: Request) -> Client:
        exchange = exchange_of(request)
        if exchange.client is None:
            exchange.client = client_of(request.client)
        return exchange.client

    def _proven(self, claimed: Presented, exchange: Exchange) -> Client:
        client = load_client(claimed.client_id, with_secrets=claimed.method != WITHOUT_SECRET)
        fault = "unknown_client" if client is None else _fault(client, claimed, exchange)
        if client is not None and not fault:
            return client
        record_event(
            "client.authentication_failed",
            client_id=claimed.client_id,
            origin=exchange.origin,
            detail={"cause": fault, "method": claimed.method},
            now=exchange.now,
        )
        raise errors.InvalidClientError(description="Client authentication failed.")


def _fault(client: Client, claimed: Presented, exchange: Exchange) -> str:
    """Return why a client is not who it claims to be, or an empty text."""
    application = client.application
    public = application.client_type == application.CLIENT_PUBLIC
    if claimed.method == WITHOUT_SECRET:
        fault = "" if public else "secret_missing"
    elif public and client.enforces("protocol"):
        fault = "secret_from_public_client"
    else:
        right = check_client_secret(
            application, claimed.secret, held=client.secrets, now=exchange.now
        )
        fault = "" if right else "wrong_secret"
    if not fault and not client.facts.active:
        fault = "client_disabled"
    return fault
