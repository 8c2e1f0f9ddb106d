"""The introspection endpoint (RFC 7662)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.utils import timezone

from idp.dot.backend import SUBMISSION
from idp.dot.core import core_of
from idp.dot.gate import Endpoint
from idp.dot.issuer import issuer_of
from idp.services.access import Refusal, judge_access_token
from idp.services.authorization import checksum
from idp.services.catalogue import served_apis
from idp.services.client import Client, client_of
from idp.services.event import record_event
from idp.services.introspection import introspect
from idp.views.backchannel import BackchannelView, toolkit_answer
from idp.views.http import json_answer, json_error, origin_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

SCOPE = "introspection"
"""What a bearer token of a resource server needs, by the toolkit's convention."""


class IntrospectionView(BackchannelView):
    """``introspect/``: confidential clients ask about tokens that are meant for them."""

    endpoint: ClassVar[Endpoint] = Endpoint.INTROSPECTION

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Return what a token may do now, or ``active: false`` for everything else."""
        asker = self._asker(request)
        if not isinstance(asker, Client):
            return asker
        application = asker.application
        if application.client_type != application.CLIENT_CONFIDENTIAL:
            return _refuse(request, asker, "Only confidential clients may introspect.")
        token = getattr(request, SUBMISSION).get("token")
        if not token:
            return json_error("invalid_request", "The parameter 'token' is missing.")
        return json_answer(introspect(token, asker, issuer_of(request), timezone.now()))

    def _asker(self, request: HttpRequest) -> Client | HttpResponse:
        """Return the client that asks, or the answer to one that may not (RFC 7662 §2.1)."""
        scheme, _space, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() == "bearer":
            return _asker_by_token(request, token.strip())
        client, failure = core_of().authenticate(request)
        if client is None or failure is not None:
            return toolkit_answer(request, *failure)
        found: Client = client
        return found


def _asker_by_token(request: HttpRequest, token: str) -> Client | HttpResponse:
    """Return the resource server that asks with an access token of its own."""
    access = judge_access_token(checksum(token))
    if isinstance(access, Refusal) or access.application is None:
        description = "The access token that asks is unknown, expired or revoked."
        return _challenge("invalid_token", description, 401)
    if SCOPE not in access.effective:
        description = f"The access token that asks does not have the scope {SCOPE}."
        return _challenge("insufficient_scope", description, 403)
    client = client_of(access.application)
    if not served_apis(client.policy, client.catalogue_version):
        return _refuse(request, client, "Only resource servers may introspect with a token.")
    return client


def _challenge(error: str, description: str, status: int) -> HttpResponse:
    scope = f', scope="{SCOPE}"' if status == 403 else ""
    value = f'Bearer error="{error}", error_description="{description}"{scope}'
    return json_error(error, description, status, {"WWW-Authenticate": value})


def _refuse(request: HttpRequest, client: Client, description: str) -> HttpResponse:
    record_event(
        "introspection.refused",
        client_id=client.application.client_id,
        origin=origin_of(request),
        detail={"cause": description},
    )
    return json_error("unauthorized_client", description, 403)
