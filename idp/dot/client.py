"""Client authentication: exactly one method a request, and the same work whoever asks.

What is too much to be looked at now is answered with 429 and ``Retry-After``, under the error code
``invalid_client``: a code of RFC 6749 §5.2 is what client libraries turn into their ordinary error,
and a 401 would tell them that the secret is wrong, which nobody checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from oauthlib.oauth2.rfc6749 import errors

from idp.domain.decision import Reason, Severity
from idp.dot.client_method import (
    PRIVATE_KEY,
    WITHOUT_SECRET,
    Presented,
    TooManyAttemptsError,
    presented,
)
from idp.dot.document import known_client
from idp.dot.exchange import Exchange, exchange_of
from idp.dot.site import SiteRules
from idp.services import client_throttle as throttle
from idp.services.client import Client, client_of, load_client
from idp.services.client_assertion import prove_assertion
from idp.services.client_secret import check_client_secret
from idp.services.client_secret_value import SLOW_WAIT_SECONDS, TooBusy
from idp.services.client_use import note_client_use
from idp.services.event import record_event

if TYPE_CHECKING:
    from oauthlib.common import Request

PASSWORD = "password"  # noqa: S105
PASSWORD_GRANT = Reason(
    "password_grant",
    Severity.ERROR,
    "The password grant hands the user's password to the client.",
    "RFC 9700 §2.4",
)


class ClientRules(SiteRules):
    """The part of the validator that knows clients."""

    def client_authentication_required(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        """Return True: every request authenticates its client by the method registered for it."""
        return True

    def authenticate_client(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        """Authenticate the client of a request, and keep it for the rest of the exchange.

        Raises:
            InvalidRequestError, InvalidClientError, TooManyAttemptsError: see ``prove``.
        """
        exchange = exchange_of(request)
        client = exchange.client
        if client is None or not exchange.method:
            header = str(request.headers.get("HTTP_AUTHORIZATION") or "")
            client = self.prove(exchange, dict(request.decoded_body or ()), header)
        request.client, request.client_id = client.application, client.facts.client_id
        return True

    def prove(self, exchange: Exchange, form: Mapping[str, str], header: str) -> Client:
        """Return the client that a request proves to come from, and keep it with the exchange.

        Args:
            exchange: what is known of the request.
            form: its parameters.
            header: its ``Authorization`` header, or an empty text.

        Raises:
            InvalidRequestError, InvalidClientError: see ``presented``.
            TooManyAttemptsError: a secret is not looked at now.
        """
        claimed = presented(form, header, exchange)
        exchange.client = self._proven(claimed, exchange)
        exchange.method = claimed.method
        return exchange.client

    def authenticate_client_id(
        self, client_id: str, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Return whether a client may act without a secret; decided by ``authenticate_client``."""
        return self.authenticate_client(request)

    def _load_application(self, client_id: str, request: Request) -> Any:
        """Return the client's row, or None for one that is unknown, disabled or not usable."""
        exchange = exchange_of(request)
        if exchange.client is None or exchange.client.facts.client_id != client_id:
            exchange.client = known_client(
                client_id or "", origin=exchange.origin, now=exchange.now
            )
        client = exchange.client
        if client is None or not client.facts.active or not client.application.is_usable(request):
            return None
        request.client = client.application
        return client.application

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
        who = (claimed.client_id, claimed.secret, exchange.origin.address, exchange.now)
        wait = throttle.seconds_to_wait(*who) if claimed.secret else 0
        if wait:
            raise TooManyAttemptsError(wait)
        client = self._claimed(claimed, exchange)
        fault = _fault(client, claimed, exchange)
        if client is not None and not fault:
            if claimed.secret:
                throttle.note_success(claimed.client_id, claimed.secret)
            if claimed.method != WITHOUT_SECRET:
                note_client_use(client, exchange.now)
            return client
        if throttle.note_failure(claimed.client_id, exchange.origin.address, exchange.now):
            record_event(
                "client.authentication_failed",
                client_id=claimed.client_id,
                origin=exchange.origin,
                detail={"cause": fault, "method": claimed.method},
                now=exchange.now,
            )
        raise errors.InvalidClientError(description="Client authentication failed.")

    @staticmethod
    def _claimed(claimed: Presented, exchange: Exchange) -> Client | None:
        """Return the client that a request says it comes from, proven or not."""
        if claimed.secret:
            return load_client(claimed.client_id, with_secrets=True)
        return known_client(claimed.client_id, origin=exchange.origin, now=exchange.now)


def _fault(client: Client | None, claimed: Presented, exchange: Exchange) -> str:
    """Return why a client is not who it claims to be, or an empty text."""
    if client is None:
        check_client_secret(None, claimed.secret)  # the same work as for a client that exists
        return "unknown_client"
    application = client.application
    public = application.client_type == application.CLIENT_PUBLIC
    if claimed.assertion is not None:
        fault = prove_assertion(claimed.assertion, client.policy, exchange.now)
    elif claimed.method == WITHOUT_SECRET:
        fault = "" if public else "secret_missing"
    elif public and client.enforces("protocol"):
        fault = "secret_from_public_client"
    else:
        fault = _secret_fault(client, claimed, exchange)
    if not fault and not client.facts.active:
        fault = "client_disabled"
    return fault


def _secret_fault(client: Client, claimed: Presented, exchange: Exchange) -> str:
    """Return why a secret does not prove a client; basic and post may stand for each other."""
    try:
        right = check_client_secret(
            client.application, claimed.secret, held=client.secrets, now=exchange.now
        )
    except TooBusy:
        raise TooManyAttemptsError(int(SLOW_WAIT_SECONDS)) from None
    if not right:
        return "wrong_secret"
    registered = client.policy.token_endpoint_auth_method
    return "method_not_registered" if registered == PRIVATE_KEY else ""
