"""Sign-out that a client asks for (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect
from django.views.generic import View

from idp.domain import redirect_uri as uri_rules
from idp.domain.decision import Reason, Severity
from idp.dot.gate import Endpoint, Submission, read
from idp.dot.hint import Hint, read_hint
from idp.dot.issuer import issuer_of
from idp.models import Authorization, RedirectUri
from idp.services.authorization import end_authorizations
from idp.services.client import Client, load_client
from idp.services.event import record_event
from idp.services.logout import clients_to_tell
from idp.services.redirect_uri import registered_uris
from idp.services.redirect_uri_match import matching_uri
from idp.services.sign_in import sign_ins_at_hand
from idp.views.authorization_page import language_of
from idp.views.http import (
    SAME_ORIGIN,
    error_page,
    origin_of,
    page,
    private,
    redirect_sources,
)
from idp.views.unguarded import unguarded

if TYPE_CHECKING:
    from django.http import HttpRequest

AFTERWARDS = RedirectUri.Purpose.POST_LOGOUT


class LogoutError(Exception):
    """The request cannot be answered; it is told on a page, never by a redirect."""

    def __init__(self, code: str, text: str, detail: dict[str, Any] | None = None) -> None:
        super().__init__(code)
        self.detail = detail or {}
        self.reason = Reason(code, Severity.ERROR, text, "RP-Initiated Logout §2")


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """A sign-out request whose every part is proven.

    Attributes:
        client: who asks, or None for somebody who came without a client.
        hint: what the ID token says, or None.
        return_to: registered address to go to afterwards, or empty.
        state: for that address.
    """

    client: Client | None
    hint: Hint | None
    return_to: str
    state: str

    @property
    def target(self) -> str:
        """Return the address to go to afterwards with its state, or an empty text."""
        if not self.return_to or not self.state:
            return self.return_to
        separator = "&" if "?" in self.return_to else "?"
        return f"{self.return_to}{separator}{urlencode({'state': self.state})}"


@unguarded
class LogoutView(View):
    """``logout/``: asks before it ends anything."""

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask, or say that there is nothing to end."""
        return self._respond(request)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask, or say that there is nothing to end."""
        return self._respond(request)

    def _respond(self, request: HttpRequest) -> HttpResponse:
        submission = read(request, Endpoint.LOGOUT)
        with speaking(submission):
            return self._ask(request, submission)

    def _ask(self, request: HttpRequest, submission: Submission) -> HttpResponse:
        try:
            wanted = proven(submission, issuer_of(request))
        except LogoutError as error:
            return _refused(request, submission, error)
        if not request.user.is_authenticated:
            return signed_out(request, wanted)
        fields = [(name, submission.get(name)) for name in _FIELDS if submission.get(name)]
        context = {
            "client_name": wanted.client.application.name if wanted.client else None,
            "told": [client.name or client.client_id for client in _told(request)],
            "form_action": reverse("oauth2_provider:rp-initiated-logout-confirm"),
            "fields": fields,
            "in_flow": True,
        }
        sources = redirect_sources(wanted.return_to) if wanted.return_to else ()
        return page(
            request,
            "idp/logout.html",
            context,
            form_action=sources,
            referrer_policy=SAME_ORIGIN,
        )


@unguarded  # but for its one method
@method_decorator(csrf_protect, name="post")
class LogoutConfirmView(View):
    """``logout/confirm/``: the person's own answer."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """End the session at hand, or leave everything as it is."""
        submission = read(request, Endpoint.LOGOUT)
        with speaking(submission):
            return self._decide(request, submission)

    def _decide(self, request: HttpRequest, submission: Submission) -> HttpResponse:
        try:
            wanted = proven(submission, issuer_of(request))
        except LogoutError as error:
            return _refused(request, submission, error)
        if request.POST.get("decision") != "allow":
            return private(_redirect(resolve_url(settings.LOGIN_REDIRECT_URL)))
        if request.user.is_authenticated:
            end_session(request)
        return signed_out(request, wanted)


_FIELDS = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales")


def speaking(submission: Submission) -> AbstractContextManager[None]:
    """Return a context in the language that the request asks for, if the site speaks it."""
    asked = submission.get("ui_locales")
    return translation.override(language_of(asked) or translation.get_language())


def proven(submission: Submission, issuer: str) -> LogoutRequest:
    """Return a sign-out request, proven part by part.

    Raises:
        LogoutError: something in it is not ours, contradicts the rest, or is not registered.
    """
    fault = submission.first_fault
    if fault is not None:
        raise LogoutError("malformed_parameter", fault.reason.message.replace("%", "%%"))
    hint = None
    if submission.get("id_token_hint"):
        hint = read_hint(submission.get("id_token_hint"), issuer)
        if hint is None:
            raise LogoutError(
                "id_token_hint", "The ID token of the request was not issued by this site."
            )
    client_id = submission.get("client_id") or (hint.audience[0] if hint and hint.audience else "")
    client = load_client(client_id) if client_id else None
    if client_id and client is None:
        raise LogoutError("unknown_client", "The app that asks for the sign-out is not registered.")
    if hint is not None and client_id not in hint.audience:
        raise LogoutError("other_client", "The ID token of the request was made for another app.")
    return_to = submission.get("post_logout_redirect_uri")
    if return_to and not _is_registered(client, return_to):
        raise _unregistered(client, return_to)
    return LogoutRequest(client, hint, return_to, submission.get("state"))


def end_session(request: HttpRequest) -> None:
    """End the session at hand with the authorizations that were born in it, and no other.

    Those that a person let stay connected go on (OpenID Connect Back-Channel Logout §2.7).
    Its sign-ins end, and clients are told, as at any other sign-out: Django says when it happens.
    """
    now = timezone.now()
    born_here = Authorization.objects.ending_with(sign_ins_at_hand(request))
    end_authorizations(born_here, reason="signed_out", now=now)
    record_event(
        "logout.done", severity="info", user=request.user, origin=origin_of(request), now=now
    )
    logout(request)


def signed_out(request: HttpRequest, wanted: LogoutRequest) -> HttpResponse:
    """Return to the client, or say that nobody is signed in any more."""
    if wanted.target:
        return private(_redirect(wanted.target))
    return page(request, "idp/logged_out.html", {"login_url": resolve_url(settings.LOGIN_URL)})


def _told(request: HttpRequest) -> list[Any]:
    return clients_to_tell(sign_ins_at_hand(request))


def _is_registered(client: Client | None, requested: str) -> bool:
    if client is None:
        return False
    return matching_uri(client, requested, now=timezone.now(), purpose=AFTERWARDS) is not None


def _unregistered(client: Client | None, requested: str) -> LogoutError:
    """Return the error for an address of nobody; what differs is for the operator's eyes alone."""
    registered = registered_uris(client.application, AFTERWARDS) if client is not None else ()
    detail = {
        "differs_in": uri_rules.differing_component(requested, registered),
        "post_logout_redirect_uri": uri_rules.shorten(requested),
    }
    text = "The address to go to after the sign-out is not registered for the app."
    return LogoutError("post_logout_redirect_uri", text, detail)


def _redirect(uri: str) -> HttpResponse:
    response = HttpResponse(status=302)
    response["Location"] = uri
    return response


def _refused(request: HttpRequest, submission: Submission, error: LogoutError) -> HttpResponse:
    return error_page(
        request,
        reason=error.reason,
        error="invalid_request",
        event="logout.refused",
        client_id=submission.get("client_id"),
        detail=error.detail,
        title=_("Sign-out did not work"),
        advice=_("You are still signed in. You can sign out from your account."),
    )
