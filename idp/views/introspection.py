"""The introspection endpoint (RFC 7662)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.utils import timezone

from idp.dot.backend import SUBMISSION
from idp.dot.core import core_of
from idp.dot.gate import Endpoint
from idp.dot.issuer import issuer_of
from idp.services.event import record_event
from idp.services.introspection import introspect
from idp.views.backchannel import BackchannelView, toolkit_answer
from idp.views.http import json_answer, json_error, origin_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class IntrospectionView(BackchannelView):
    """``introspect/``: confidential clients ask about tokens that are meant for them."""

    endpoint: ClassVar[Endpoint] = Endpoint.INTROSPECTION

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Return what a token may do now, or ``active: false`` for everything else."""
        submission = getattr(request, SUBMISSION)
        client, failure = core_of().authenticate(request)
        if failure is not None:
            return toolkit_answer(request, *failure)
        application = client.application
        if application.client_type != application.CLIENT_CONFIDENTIAL:
            record_event(
                "introspection.refused",
                client_id=application.client_id,
                origin=origin_of(request),
                detail={"cause": "public_client"},
            )
            return json_error(
                "unauthorized_client", "Only confidential clients may introspect.", 403
            )
        if not submission.get("token"):
            return json_error("invalid_request", "The parameter 'token' is missing.")
        answer = introspect(submission.get("token"), client, issuer_of(request), timezone.now())
        return json_answer(answer)
