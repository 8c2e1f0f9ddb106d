"""The UserInfo endpoint (OpenID Connect Core §5.3)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpResponse
from django.utils import timezone
from django.views.generic import View

from idp.domain.access import TOKEN_MALFORMED
from idp.dot.gate import Endpoint, read
from idp.dot.id_token import sign
from idp.dot.issuer import issuer_of
from idp.dot.userinfo import userinfo_claims
from idp.services.access import Refusal, judge_token
from idp.services.client import policy_of
from idp.services.event import record_event
from idp.services.scope_use import IDENTITY_SCOPES, record_access
from idp.views.http import ascii_description, json_answer, json_error, origin_of, private
from idp.views.method import not_offered
from idp.views.origin import allow_origin, preflight
from idp.views.unguarded import unguarded

if TYPE_CHECKING:
    from django.http import HttpRequest

    from idp.services.access import Access


METHODS = ("GET", "HEAD", "POST")


@unguarded
class UserInfoView(View):
    """``userinfo/``: GET and POST, token in the header or in a form body."""

    http_method_names = ["get", "head", "post", "options"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the claims that the token releases."""
        return allow_origin(request, self._respond(request))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the claims that the token releases."""
        return allow_origin(request, self._respond(request))

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer a CORS preflight."""
        return preflight(request, METHODS)

    def http_method_not_allowed(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Refuse any other method."""
        return not_offered(request, METHODS)

    def _respond(self, request: HttpRequest) -> HttpResponse:
        token, fault = bearer_token(request)
        if fault:
            return challenge("invalid_request", fault, 400)
        if not token:
            return challenge("", "An access token is needed.", 401)
        now = timezone.now()
        access = judge_token(token, now)
        if isinstance(access, Refusal):
            if access.reason.code == TOKEN_MALFORMED.code:
                return challenge("invalid_token", access.reason.message, 401)
            record_event(
                "userinfo.refused",
                severity="info",
                client_id=getattr(getattr(access.token, "application", None), "client_id", ""),
                origin=origin_of(request),
                reasons=[access.reason],
            )
            return challenge("invalid_token", access.reason.message, 401)
        if access.user is None:
            return challenge("invalid_token", "The access token stands for no user.", 401)
        if "openid" not in access.effective:
            return challenge(
                "insufficient_scope",
                "The access token does not have the scope openid.",
                403,
                "openid",
            )
        record_access(access, access.scopes & IDENTITY_SCOPES, now=now)
        return answer(request, access)


def answer(request: HttpRequest, access: Access) -> HttpResponse:
    """Return the claims, signed where the client asked for that when it registered.

    Source: OpenID Connect Core §§5.3.2, 5.3.4.
    """
    claims = userinfo_claims(request, access)
    algorithm = access.application and policy_of(access.application).userinfo_signed_response_alg
    if not algorithm:
        return json_answer(json.dumps(claims, cls=DjangoJSONEncoder))
    told = {**claims, "iss": issuer_of(request), "aud": access.client_id}
    return private(HttpResponse(sign(told, algorithm), content_type="application/jwt"))


def bearer_token(request: HttpRequest) -> tuple[str, str]:
    """Return the token of a request and what is wrong with how it was sent; each may be empty.

    Source: RFC 6750 §2: header or form body, never both, never the query.
    """
    header = request.META.get("HTTP_AUTHORIZATION", "")
    scheme, _, from_header = header.partition(" ")
    from_header = from_header.strip() if scheme.lower() == "bearer" else ""
    if request.method != "POST":
        return from_header, ""
    submission = read(request, Endpoint.USERINFO)
    if submission.first_fault is not None and not from_header:
        return "", submission.first_fault.reason.message
    from_body = submission.get("access_token")
    if from_header and from_body:
        return "", "Send the access token once, in the header or in the body."
    return from_header or from_body, ""


def challenge(error: str, description: str, status: int, scope: str = "") -> HttpResponse:
    """Return a refusal with the challenge of RFC 6750 §3; no error code where no token was sent."""
    response = json_error(error or "invalid_token", description, status)
    parts = ['realm="userinfo"']
    if error:
        parts += [f'error="{error}"', f'error_description="{ascii_description(description)}"']
    if scope:
        parts.append(f'scope="{scope}"')
    response["WWW-Authenticate"] = f"Bearer {', '.join(parts)}"
    return response
