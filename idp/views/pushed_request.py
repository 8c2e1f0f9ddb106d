"""The endpoint where clients push authorization requests (RFC 9126)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.utils import timezone

from idp.dot.backend import SUBMISSION
from idp.dot.core import core_of
from idp.dot.gate import Endpoint
from idp.services.pushed_request import LIFETIME, TooManyRequests, push_request
from idp.views import authorization_question as question
from idp.views.authorization_flow import ClientError, Flow, PageError, kept_parameters
from idp.views.authorization_request import PUSHED_CHECKS, PUSHED_PROOF
from idp.views.authorization_sign_in import judge_hint
from idp.views.backchannel import BackchannelView, toolkit_answer
from idp.views.http import json_answer, json_error, origin_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class PushedAuthorizationRequestView(BackchannelView):
    """``par/``: judges a request as the authorization endpoint does, and keeps it for a browser.

    What would be an error page or a redirect there is a JSON error here.
    """

    endpoint: ClassVar[Endpoint] = Endpoint.PUSHED

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Return the reference of a good request, or what is wrong with it (RFC 9126 §2)."""
        client, failure = core_of().authenticate(request)
        if failure is not None:
            return toolkit_answer(request, *failure)
        seconds = int(LIFETIME.total_seconds())
        submission = getattr(request, SUBMISSION)
        flow = Flow(submission, origin_of(request), timezone.now(), client=client)
        try:
            self.judge(request, flow)
            proven = client.application.client_type == client.application.CLIENT_CONFIDENTIAL
            reference = push_request(
                application=client.application,
                parameters=kept_parameters(flow),
                now=flow.now,
                address="" if proven else flow.origin.address,
            )
        except (PageError, ClientError) as error:
            question.record_refusal(flow, request, error)
            return json_error(error.error, error.reason.message)
        except TooManyRequests:
            description = "Too many requests of this client wait for a browser."
            wait = {"Retry-After": str(seconds)}
            return json_error("temporarily_unavailable", description, 429, wait)
        return json_answer({"request_uri": reference, "expires_in": seconds}, status=201)

    def judge(self, request: HttpRequest, flow: Flow) -> None:
        """Refuse what the authorization endpoint would refuse, whoever the user is.

        Raises:
            PageError: client or redirect URI do not hold.
            ClientError: anything else.
        """
        for check in (*PUSHED_PROOF, *PUSHED_CHECKS):
            check(flow)
        question.judge_client(flow, request)
        judge_hint(flow, request)
