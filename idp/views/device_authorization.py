"""The endpoint where devices ask for their codes (RFC 8628 §3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from idp.domain import device as rules
from idp.domain.client import DEVICE_CODE
from idp.domain.decision import Reason, Severity
from idp.domain.scope import InvalidScope, parse
from idp.dot.backend import SUBMISSION
from idp.dot.core import core_of
from idp.dot.gate import Endpoint
from idp.dot.site_word import site_offer
from idp.services.device import TooManyDevices, request_device
from idp.services.device_throttle import ASKED_SECONDS, may_ask
from idp.services.event import record_event
from idp.services.resolution import as_detail, resolve_request
from idp.services.scope_api import unknown_resources
from idp.views.authorization_flow import ClientError, Flow
from idp.views.backchannel import BackchannelView, toolkit_answer
from idp.views.http import json_answer, json_error, origin_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from idp.models import DeviceAuthorization


class DeviceAuthorizationView(BackchannelView):
    """``device-authorization/``: judges what a device asks for, and gives it its codes."""

    endpoint: ClassVar[Endpoint] = Endpoint.DEVICE

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Return the codes, or what is wrong (RFC 8628 §3.2; RFC 6749 §5.2)."""
        client, failure = core_of().authenticate(request)
        if failure is not None:
            return toolkit_answer(request, *failure)
        origin, now = origin_of(request), timezone.now()
        if not may_ask(origin.address, now):
            return _too_many()
        flow = Flow(getattr(request, SUBMISSION), origin, now, client=client)
        try:
            _judge(request, flow)
            device_code, device = request_device(
                flow.proven,
                scopes=flow.scopes,
                resource=flow.submission.resources,
                origin=origin,
                now=now,
            )
        except ClientError as error:
            _record(flow, error)
            return json_error(error.error, error.reason.message)
        except TooManyDevices:
            return _too_many()
        return json_answer(_codes(request, device_code, device))


def device_path(user_code: str = "") -> str:
    """Return the path of the page where people type codes, with one filled in or none."""
    path = reverse("oauth2_provider:device")
    return f"{path}?{urlencode({'user_code': user_code})}" if user_code else path


def _judge(request: HttpRequest, flow: Flow) -> None:
    """Refuse what the client may not ask for, whoever the user is.

    Raises:
        ClientError: naming the rule.
    """
    client = flow.proven
    if DEVICE_CODE not in client.facts.grant_types:
        text = "The client is not registered for the device grant."
        raise ClientError("unauthorized_client", _reason("grant_type", text, "RFC 6749 §5.2"))
    unknown = unknown_resources(flow.submission.resources)
    if unknown and client.enforces("protocol"):
        text = "The resource “%(resource)s” is not an API of this provider."
        reason = _reason("resource", text, "RFC 8707 §2", resource=unknown[0][:200])
        raise ClientError("invalid_target", reason)
    flow.scopes = _scopes(flow.get("scope"))
    flow.resolution = resolve_request(
        client,
        requested=flow.scopes,
        user=None,
        sign_in=None,
        grant_type=DEVICE_CODE,
        now=flow.now,
        origin=flow.origin,
        offer=site_offer(request, client, flow.get("scope")),
    )
    if flow.resolution.error:
        what = flow.resolution.description
        reason = _reason(flow.resolution.error, "%(what)s", "RFC 6749 §5.2", what=what)
        raise ClientError(flow.resolution.error, reason)


def _scopes(text: str) -> frozenset[str] | None:
    try:
        return parse(text) if text else None
    except InvalidScope as error:
        reason = _reason("malformed_scope", "%(what)s", "RFC 6749 §3.3", what=str(error))
        raise ClientError("invalid_scope", reason) from error


def _codes(
    request: HttpRequest, device_code: str, device: DeviceAuthorization
) -> dict[str, str | int]:
    shown = rules.shown(device.user_code)
    return {
        "device_code": device_code,
        "user_code": shown,
        "verification_uri": request.build_absolute_uri(device_path()),
        "verification_uri_complete": request.build_absolute_uri(device_path(shown)),
        "expires_in": int(rules.LIFETIME.total_seconds()),
        "interval": device.interval,
    }


def _record(flow: Flow, error: ClientError) -> None:
    resolution = flow.resolution
    refused = resolution.refused if resolution else ()
    record_event(
        "device.refused",
        client_id=flow.proven.facts.client_id,
        origin=flow.origin,
        reasons=[refusal.reason for refusal in refused] or [error.reason],
        detail={"error": error.error, **(as_detail(resolution) if resolution else {})},
        now=flow.now,
    )


def _too_many() -> HttpResponse:
    text = "Too many devices ask for codes at the moment; try again in a minute."
    return json_error("temporarily_unavailable", text, 429, {"Retry-After": str(ASKED_SECONDS)})


def _reason(code: str, text: str, reference: str, **params: object) -> Reason:
    return Reason(code, Severity.ERROR, text, reference, params)
