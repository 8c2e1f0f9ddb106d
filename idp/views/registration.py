"""Dynamic registration (RFC 7591, RFC 7592), where the site turns it on, under our rules."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.generic import View

from idp.domain.registration import LONGEST_DOCUMENT
from idp.dot import registration as toolkit
from idp.services.client import Client, ensure_policy, load_client
from idp.services.event import record_event
from idp.services.registration import (
    Registration,
    RegistrationRefused,
    change_itself,
    describe,
    may_manage_itself,
    register_itself,
    remove_itself,
)
from idp.services.registration_limit import wait_before_registering
from idp.services.registration_token import is_registration_token
from idp.views.http import json_answer, json_error, origin_of, private
from idp.views.method import not_offered
from idp.views.origin import allow_origin, preflight
from idp.views.unguarded import unguarded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.http import HttpRequest

    from idp.domain.decision import Reason

METADATA = "invalid_client_metadata"


class Refusal(Exception):
    """An answer that says why nothing was done."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__(response.status_code)
        self.response = response


@unguarded
class RuledView(View):
    """What both endpoints have in common: JSON that nobody keeps, readable by any script.

    No answer depends on a cookie that a browser sends across sites, so that a script learns nothing
    here that its server could not ask for.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer, if the site lets clients register at all."""
        if request.method == "OPTIONS":
            return preflight(request, self.offered(), anyone=True)
        if not toolkit.registration_is_on():
            return json_error("not_found", "Clients cannot register here.", HTTPStatus.NOT_FOUND)
        try:
            response: HttpResponse = super().dispatch(request, *args, **kwargs)  # type: ignore[assignment]
        except Refusal as refusal:
            response = refusal.response
        return allow_origin(request, private(response), anyone=True)

    def http_method_not_allowed(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Refuse any other method in the endpoint's own format."""
        return not_offered(request, self.offered(), anyone=True)

    def offered(self) -> tuple[str, ...]:
        """Return the methods of the endpoint."""
        return tuple(
            name.upper() for name in ("get", "head", "post", "put", "delete") if hasattr(self, name)
        )


class RegistrationView(RuledView):
    """``register/`` (RFC 7591 §3)."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Register a client as it describes itself."""
        _admit(request)
        user = getattr(request, "user", None)
        by = user if user is not None and user.is_authenticated else None
        try:
            made = register_itself(
                _document(request),
                by=by,
                token_lifetime=toolkit.token_lifetime(),
                address=origin_of(request).address,
            )
        except RegistrationRefused as refused:
            raise _refused(request, refused) from refused
        _record(request, "registration.registered", made.metadata["client_id"], by=by)
        return json_answer(_answer(request, made, made.token), HTTPStatus.CREATED)


class RegistrationManagementView(RuledView):
    """``register/<client_id>/`` (RFC 7592 §2)."""

    def get(self, request: HttpRequest, client_id: str) -> HttpResponse:
        """Return what is registered."""
        client = _authenticated(request, client_id)
        now = Registration(client.application, describe(client.application))
        return json_answer(_answer(request, now, toolkit.bearer_of(request)))

    def put(self, request: HttpRequest, client_id: str) -> HttpResponse:
        """Take a whole new description in place of the present one."""
        _authenticated(request, client_id)
        document = _document(request)
        try:
            changed = self._change(request, client_id, document)
        except RegistrationRefused as refused:
            raise _refused(request, refused, client_id) from refused
        _record(request, "registration.changed", client_id)
        return json_answer(_answer(request, changed, changed.token or toolkit.bearer_of(request)))

    def delete(self, request: HttpRequest, client_id: str) -> HttpResponse:
        """Remove the client."""
        with transaction.atomic():
            remove_itself(_authenticated(request, client_id, lock=True))
        _record(request, "registration.removed", client_id)
        return HttpResponse(status=HTTPStatus.NO_CONTENT)

    def _change(
        self, request: HttpRequest, client_id: str, document: Mapping[str, Any]
    ) -> Registration:
        return change_itself(
            _authenticated(request, client_id),
            document,
            rotate=toolkit.rotates_token(),
            toolkit_scope=toolkit.toolkit_scope(),
            token_lifetime=toolkit.token_lifetime(),
        )


def _admit(request: HttpRequest) -> None:
    """Refuse who may not register, and who registers too often (RFC 7591 §5)."""
    if not toolkit.may_register(request):
        _record(request, "registration.denied", severity="warning")
        text = "Registering a client needs the right to do so."
        challenge = {"WWW-Authenticate": "Bearer"}
        raise Refusal(json_error("access_denied", text, HTTPStatus.UNAUTHORIZED, challenge))
    seconds = wait_before_registering(origin_of(request).address, timezone.now())
    if seconds:
        _record(request, "registration.throttled", severity="warning")
        text = "Too many clients were registered. Try again later."
        wait = {"Retry-After": str(seconds)}
        raise Refusal(
            json_error("temporarily_unavailable", text, HTTPStatus.TOO_MANY_REQUESTS, wait)
        )


def _authenticated(request: HttpRequest, client_id: str, *, lock: bool = False) -> Client:
    """Return the client that a registration access token is for.

    An unknown client, another one's token and a wrong one get the same answer (RFC 7592 §2.1).
    """
    presented, client = toolkit.bearer_of(request), load_client(client_id)
    if client is not None and lock:
        ensure_policy(client.application)
        client = load_client(client_id)
    if client is None or not is_registration_token(
        client.application,
        client.policy,
        presented,
        toolkit_scope=toolkit.toolkit_scope(),
        now=timezone.now(),
    ):
        text = "The registration access token is missing, wrong or expired."
        error = ' error="invalid_token"' if presented else ""
        challenge = {"WWW-Authenticate": f"Bearer{error}"}
        raise Refusal(json_error("invalid_token", text, HTTPStatus.UNAUTHORIZED, challenge))
    if not may_manage_itself(client):
        text = "The client was switched off, or is managed by the people who run this site."
        raise Refusal(json_error("access_denied", text, HTTPStatus.FORBIDDEN))
    return client


def _document(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object of a request, bounded."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > LONGEST_DOCUMENT:
        text = f"The description has more than {LONGEST_DOCUMENT} bytes."
        raise Refusal(json_error(METADATA, text, HTTPStatus.REQUEST_ENTITY_TOO_LARGE))
    if request.content_type != "application/json":
        raise Refusal(json_error(METADATA, "Send the metadata as application/json."))
    try:
        document = json.loads(request.body.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Refusal(json_error(METADATA, "The body is not JSON that can be read.")) from None
    if not isinstance(document, dict):
        raise Refusal(json_error(METADATA, "The body is not a JSON object."))
    return document


def _no_number(name: str) -> None:
    raise ValueError(name)


def _answer(request: HttpRequest, made: Registration, token: str) -> dict[str, Any]:
    """Return the client information response (RFC 7591 §3.2.1; RFC 7592 §3)."""
    client_id = made.metadata["client_id"]
    path = reverse("oauth2_provider:dcr-register-management", kwargs={"client_id": client_id})
    secret = {"client_secret": made.secret, "client_secret_expires_at": 0} if made.secret else {}
    return {
        **made.metadata,
        **secret,
        "registration_access_token": token,
        "registration_client_uri": request.build_absolute_uri(path),
    }


def _refused(request: HttpRequest, refused: RegistrationRefused, client_id: str = "") -> Refusal:
    _record(request, "registration.refused", client_id, "warning", refused.reasons)
    return Refusal(json_error(refused.error, str(refused)))


def _record(
    request: HttpRequest,
    kind: str,
    client_id: str = "",
    severity: str = "info",
    reasons: Iterable[Reason] = (),
    *,
    by: Any = None,
) -> None:
    record_event(
        kind,
        severity=severity,
        client_id=client_id,
        user=by,
        origin=origin_of(request),
        reasons=reasons,
    )
