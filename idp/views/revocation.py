"""The revocation endpoint (RFC 7009)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.http import HttpResponse
from django.utils import timezone

from idp.dot.backend import SUBMISSION
from idp.dot.core import core_of
from idp.dot.gate import Endpoint
from idp.dot.hint import read_hint
from idp.dot.issuer import issuer_of
from idp.services.revocation import Outcome, revoke_by_client
from idp.views.backchannel import BackchannelView, toolkit_answer
from idp.views.http import json_error, origin_of, private

if TYPE_CHECKING:
    from django.http import HttpRequest


class RevocationView(BackchannelView):
    """``revoke_token/``: a client ends a token of its own, and the whole family with it."""

    endpoint: ClassVar[Endpoint] = Endpoint.REVOCATION

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Return 200 for a token that is gone afterwards, known or not (RFC 7009 §2.2).

        The token of another client is refused, and its client told so (§2.1). An ID token cannot
        be revoked; a hint of an unknown kind of token is ignored (§2.2.1).
        """
        submission = getattr(request, SUBMISSION)
        client, failure = core_of().authenticate(request)
        if failure is not None:
            return toolkit_answer(request, *failure)
        token = submission.get("token")
        if not token:
            return json_error("invalid_request", "The parameter 'token' is missing.")
        outcome = revoke_by_client(token, client.application, timezone.now(), origin_of(request))
        if outcome is Outcome.NOT_YOURS:
            return json_error("invalid_grant", "The token was issued to another client.")
        looks_signed = outcome is Outcome.NOTHING_TO_END and token.count(".") == 2
        if looks_signed and read_hint(token, issuer_of(request)) is not None:
            return json_error("unsupported_token_type", "ID tokens cannot be revoked.")
        return private(HttpResponse(status=200, content_type="application/json"))
