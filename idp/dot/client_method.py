"""How a request says which client it comes from, by exactly one method."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from oauthlib.oauth2.rfc6749 import errors

from idp.domain import client_assertion as assertions
from idp.domain.client_assertion import Assertion
from idp.domain.decision import Reason

if TYPE_CHECKING:
    from idp.dot.exchange import Exchange

WITHOUT_SECRET = "none"  # noqa: S105
BASIC = "client_secret_basic"
POST = "client_secret_post"
PRIVATE_KEY = "private_key_jwt"

METHODS = (BASIC, POST, PRIVATE_KEY)
"""Those by which a confidential client authenticates."""


class TooManyAttemptsError(errors.InvalidClientError):
    """Nothing was checked; the client may try again in a while (RFC 6585 §4)."""

    status_code = 429

    def __init__(self, seconds: int) -> None:
        super().__init__(description=f"Too many failed attempts. Try again in {seconds} seconds.")
        self.seconds = seconds

    @property
    def headers(self) -> dict[str, str]:
        """Return when to try again, beside the headers of every error."""
        return {**_HEADERS, "Retry-After": str(self.seconds)}


_HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "Pragma": "no-cache",
}


@dataclass(frozen=True, slots=True)
class Presented:
    """What a request says of its client.

    Attributes:
        client_id: as sent.
        secret: as sent, or empty.
        method: one of ``METHODS``, or ``none``.
        assertion: with claims that were judged, and a signature that was not yet; or None.
    """

    client_id: str
    secret: str
    method: str
    assertion: Assertion | None = None


def presented(form: Mapping[str, str], header: str, exchange: Exchange) -> Presented:
    """Return what a request says of its client.

    Args:
        form: its parameters.
        header: its ``Authorization`` header, or an empty text.
        exchange: what is known of it.

    Raises:
        InvalidRequestError: more than one method, or two clients.
        InvalidClientError: no method, or one that is not supported, not readable or out of date.

    Source: RFC 6749 §2.3: a client uses no more than one authentication method a request.
    """
    asserted = bool(form.get("client_assertion") or form.get("client_assertion_type"))
    secret = form.get("client_secret", "")
    if sum((bool(header), bool(secret), asserted)) > 1:
        raise errors.InvalidRequestError(
            description="Authenticate with one method: header, secret in the body, or assertion."
        )
    if asserted:
        return _asserted(form, exchange)
    if not header:
        if not form.get("client_id"):
            raise errors.InvalidClientError(
                description="The request does not say which client it comes from."
            )
        return Presented(form["client_id"], secret, POST if secret else WITHOUT_SECRET)
    client_id, secret = _basic(header)
    if form.get("client_id", client_id) != client_id:
        raise errors.InvalidRequestError(
            description="The client_id in the body is not the one in the Authorization header."
        )
    return Presented(client_id, secret, BASIC)


def _asserted(form: Mapping[str, str], exchange: Exchange) -> Presented:
    """Return what an assertion claims; its faults are told, being no secret (RFC 7521 §4.2)."""
    if form.get("client_assertion_type") != assertions.TYPE:
        raise errors.InvalidClientError(
            description=f"client_assertion_type is not {assertions.TYPE}."
        )
    found = assertions.read(form.get("client_assertion", ""))
    if isinstance(found, Reason):
        raise errors.InvalidClientError(description=found.message)
    reason = assertions.judge(
        found,
        client_id=form.get("client_id", ""),
        audiences=exchange.audiences,
        now=exchange.now,
    )
    if reason is not None:
        raise errors.InvalidClientError(description=reason.message)
    return Presented(found.client_id, "", PRIVATE_KEY, found)


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
