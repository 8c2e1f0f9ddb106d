"""The token endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from idp.domain.device import Answer
from idp.dot.core import core_of
from idp.dot.exchange import KEY
from idp.dot.gate import Endpoint
from idp.dot.signal import tell_authorized
from idp.services.event import record_event
from idp.services.resolution import as_detail
from idp.views.backchannel import BackchannelView, toolkit_answer
from idp.views.http import json_error, origin_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

from idp.dot.backend import SUBMISSION
from idp.dot.server import offered_grant_types

_WAITING = (Answer.PENDING, Answer.SLOW_DOWN)
"""What a device is told while a person decides; nothing is wrong (RFC 8628 §3.5)."""


class TokenView(BackchannelView):
    """``token/`` (RFC 6749 §3.2)."""

    endpoint: ClassVar[Endpoint] = Endpoint.TOKEN

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Return tokens, or why there are none."""
        grant_type = getattr(request, SUBMISSION).get("grant_type")
        if not grant_type:
            return json_error("invalid_request", "The parameter 'grant_type' is missing.")
        if grant_type not in offered_grant_types():
            return json_error("unsupported_grant_type", "This grant type is not offered.")
        _location, headers, body, status = core_of().create_token_response(request)
        response = toolkit_answer(request, headers, body, status)
        waiting = any(f'"error": "{code}"' in body for code in _WAITING)
        if response.status_code >= 400 and response.status_code != 429 and not waiting:
            self._record(request, body)
        elif response.status_code == 200:
            tell_authorized(self, request, body)
        return response

    @staticmethod
    def _record(request: HttpRequest, body: str) -> None:
        submission, exchange = getattr(request, SUBMISSION), request.META[KEY]
        resolution, authorization = exchange.resolution, exchange.authorization
        judged = as_detail(resolution) if resolution else {}
        record_event(
            "token.refused",
            severity="info",
            client_id=exchange.client.facts.client_id
            if exchange.client
            else submission.get("client_id"),
            user=authorization.user if authorization else None,
            origin=origin_of(request),
            reasons=[refusal.reason for refusal in resolution.refused] if resolution else (),
            detail={"answer": body, "grant_type": submission.get("grant_type"), **judged},
        )
