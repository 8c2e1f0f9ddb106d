"""The toolkit's wrapper around oauthlib: one transaction an exchange, and gated parameters."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db import router
from oauth2_provider.oauth2_backends import OAuthLibCore
from oauthlib.common import Request, urlencode
from oauthlib.oauth2.rfc6749.errors import InvalidClientError, OAuth2Error

from idp.conf import access_token_model
from idp.dot.client import ClientRules
from idp.dot.exchange import KEY, Exchange, exchange_of
from idp.dot.issuer import audiences_of
from idp.dot.refresh import SameAnswer
from idp.models import Authorization
from idp.services.answer import seal
from idp.services.authorization import end_authorizations
from idp.services.client import client_of
from idp.services.origin import origin_of
from idp.services.retry import in_transaction
from idp.services.token import record_tokens

if TYPE_CHECKING:
    from django.http import HttpRequest

    from idp.services.client import Client

SUBMISSION = "idp_submission"
"""Attribute of a request whose parameters passed the gate."""

Answer = tuple[Any, dict[str, str], str, int]
Failure = tuple[dict[str, str], str, int]


class IdpCoreMixin:
    """Runs a token request in one transaction; what a refusal must end, ends all the same."""

    def _extract_params(self, request: HttpRequest) -> tuple[str, str, str, dict[str, Any]]:
        submission = getattr(request, SUBMISSION, None)
        if submission is None:
            extracted: tuple[str, str, str, dict[str, Any]] = super()._extract_params(request)  # type: ignore[misc]
            return extracted
        headers = self.extract_headers(request)  # type: ignore[attr-defined]
        return request.path, request.method or "POST", urlencode(submission.pairs), headers

    def create_token_response(self, request: HttpRequest) -> Answer:
        """Return the answer of the token endpoint: location, headers, body, status.

        The client authenticates first, with no transaction open: its keys may have to be fetched.
        Then all is written together. A client in its own name gets one row, for which no
        transaction is needed.
        """
        proven = _begin(request)
        if isinstance(self.server.request_validator, ClientRules):  # type: ignore[attr-defined]
            failure = self._prove(request)
            if failure is not None:
                return None, *failure

        def work() -> Answer:
            exchange = Exchange(
                proven.origin,
                client=proven.client,
                method=proven.method,
                unwritten=None if alone else [],
            )
            request.META[KEY] = exchange
            try:
                answer: Answer = super(IdpCoreMixin, self).create_token_response(request)  # type: ignore[misc]
            except SameAnswer as same:
                return None, _HEADERS, same.body, 200
            _settle(exchange, answer)
            return answer

        submission = getattr(request, SUBMISSION, None)
        alone = submission is not None and submission.get("grant_type") == "client_credentials"
        if alone:
            return work()
        return in_transaction(work, using=router.db_for_write(access_token_model()))

    def authenticate(self, request: HttpRequest) -> tuple[Client | None, Failure | None]:
        """Return the client that a request comes from, or the answer to one that failed to say.

        For endpoints that answer without oauthlib: revocation and introspection. No transaction may
        be open.
        """
        exchange = _begin(request)
        failure = self._prove(request)
        return (exchange.client, None) if failure is None else (None, failure)

    @cached_property
    def _proves_itself(self) -> bool:
        """Return whether neither the site's wrapper nor its validator has a say in who asks."""
        core, validator = type(self), type(self.server.request_validator)  # type: ignore[attr-defined]
        return (
            core._extract_params is IdpCoreMixin._extract_params
            and core.extract_headers is OAuthLibCore.extract_headers  # type: ignore[attr-defined]
            and validator.authenticate_client is ClientRules.authenticate_client
        )

    def _prove(self, request: HttpRequest) -> Failure | None:
        """Authenticate the client of a request, or return the answer to one that fails."""
        submission = getattr(request, SUBMISSION, None)
        validator = self.server.request_validator  # type: ignore[attr-defined]
        try:
            if submission is not None and self._proves_itself:
                header = request.META.get("HTTP_AUTHORIZATION", "")
                validator.prove(request.META[KEY], submission.values, header)
                return None
            inner = Request(*self._extract_params(request))
            right = validator.authenticate_client(inner)
            # A site's own rule that answers in the place of ours names the client in an attribute.
            # It is read as one: ``inner.client`` may also be a parameter that somebody sent.
            named = vars(inner).get("client")
            exchange = exchange_of(inner)
            if right and exchange.client is None and named is not None:
                exchange.client = client_of(named)
            if not right or exchange.client is None:
                raise InvalidClientError(description="Client authentication failed.")
        except OAuth2Error as error:
            return dict(error.headers), error.json, error.status_code
        return None


class IdpCore(IdpCoreMixin, OAuthLibCore):
    """The wrapper of a site that has none of its own."""


_HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "Pragma": "no-cache",
}


def _begin(request: HttpRequest) -> Exchange:
    """Begin the exchange of a request; where it is found again by whoever handles it."""
    submission = getattr(request, SUBMISSION, None)
    asserted = submission is not None and submission.get("client_assertion")
    audiences = audiences_of(request) if asserted else frozenset()
    exchange = Exchange(origin_of(request), audiences=audiences)
    request.META[KEY] = exchange
    return exchange


def _settle(exchange: Exchange, answer: Answer) -> None:
    """Write down how a token request ended."""
    _location, _headers, body, status = answer
    if status != 200:
        if exchange.redeemed and exchange.authorization is not None:
            _end(exchange.authorization, "exchange_failed", exchange.now)
        return
    used = exchange.issued
    if used is not None and json.loads(body).get("refresh_token") != exchange.presented:
        used.used_at, used.answer = exchange.now, seal(body, exchange.presented)
    else:
        used = None
    if exchange.unwritten or used is not None:
        record_tokens(exchange.unwritten or [], used)


def _end(authorization: Authorization, reason: str, now: datetime) -> None:
    end_authorizations(Authorization.objects.filter(pk=authorization.pk), reason=reason, now=now)
