"""What token, revocation and introspection endpoints have in common: JSON, no-store, POST only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from django.http import HttpResponse
from django.views.generic import View

from idp.dot.backend import SUBMISSION
from idp.dot.core import core_of
from idp.dot.gate import Endpoint, read
from idp.services.event import record_event
from idp.views.http import ascii_description, json_error, origin_of, private
from idp.views.method import not_offered
from idp.views.origin import allow_origin, preflight
from idp.views.unguarded import unguarded

if TYPE_CHECKING:
    from django.http import HttpRequest

BASIC_CHALLENGE = 'Basic realm="client", charset="UTF-8"'


@unguarded
class BackchannelView(View):
    """An endpoint that clients call directly."""

    endpoint: ClassVar[Endpoint]
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer a request whose parameters passed the gate."""
        submission = read(request, self.endpoint)
        fault = submission.first_fault
        if fault is not None:
            record_event(
                f"{self.endpoint}.refused",
                client_id=submission.get("client_id"),
                origin=origin_of(request),
                reasons=[fault.reason],
            )
            status = 401 if fault.error == "invalid_client" else 400
            return allow_origin(request, json_error(fault.error, fault.reason.message, status))
        setattr(request, SUBMISSION, submission)
        return allow_origin(request, self.respond(request))

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer a CORS preflight."""
        return preflight(request, ("POST",))

    def http_method_not_allowed(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Refuse any other method in the endpoint's own format."""
        return not_offered(request, ("POST",))

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Return the endpoint's answer."""
        raise NotImplementedError


def toolkit_answer(
    request: HttpRequest, headers: dict[str, str], body: str, status: int
) -> HttpResponse:
    """Return what oauthlib answered, with the headers that the specifications ask for.

    A client that failed to authenticate with the Authorization header is challenged for the scheme
    that it used (RFC 6749 §5.2).
    """
    response = HttpResponse(_described(body), status=status, content_type="application/json")
    for name, value in headers.items():
        if name.lower() not in {"content-type", "www-authenticate", "cache-control", "pragma"}:
            response[name] = value
    if status in (400, 401) and _error(body) == "invalid_client":
        response.status_code = 401
        response["WWW-Authenticate"] = BASIC_CHALLENGE
    return private(response)


_DESCRIPTIONS = {
    "invalid_grant": "The grant is unknown, expired, used or revoked, or is not for this client.",
    "invalid_client": "Client authentication failed.",
    "invalid_scope": "A requested scope cannot be granted.",
    "unauthorized_client": "The client may not use this grant type.",
}


def _described(body: str) -> str:
    """Return an error body that says in words what is wrong, in the characters that it may have."""
    if '"error"' not in (body or ""):
        return body or ""
    fields = json.loads(body)
    told = fields.get("error_description") or _DESCRIPTIONS.get(fields["error"], "")
    if told:
        fields["error_description"] = ascii_description(told)
    return json.dumps(fields)


def _error(body: str) -> str:
    try:
        return str(json.loads(body or "{}").get("error", ""))
    except ValueError:
        return ""


__all__ = ["BackchannelView", "core_of", "toolkit_answer"]
