"""The authorization endpoint: prove, sign in, ask, answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_protect
from django.views.generic import View

from idp.domain.authentication import AuthenticationKind
from idp.domain.consent import ConsentKind
from idp.dot.gate import Endpoint, read
from idp.dot.views import ToolkitAuthorizationView
from idp.models import AuthorizationRequest
from idp.services.authorization_request import claim_request, keep_request
from idp.services.sign_in import current_sign_in
from idp.views import authorization_question as question
from idp.views.authorization_answer import allow_silently
from idp.views.authorization_flow import SHOWN, kept_parameters, restored_flow
from idp.views.authorization_page import (
    expired_page,
    language_of,
    plain_reason,
    resume_path,
    switch_path,
)
from idp.views.authorization_request import (
    CHECKS,
    ONLY_CODE,
    PROOF,
    ClientError,
    Flow,
    PageError,
    report_protocol,
)
from idp.views.authorization_response import answer, error_answer
from idp.views.authorization_select import selection_page
from idp.views.authorization_sign_in import choice_of, judge_sign_in, look_again, needs_record
from idp.views.browser import browser_of, remember_browser
from idp.views.http import error_page, origin_of, page, redirect_sources
from idp.views.unguarded import unguarded

if TYPE_CHECKING:
    from django.http import HttpRequest

    from idp.models import SignIn

MOST_SIGN_IN_TRIES = 5


class AuthorizationMixin:
    """What an authorization view does; a site's own view puts it outermost and overrides a step."""

    consent_template: ClassVar[str] = "idp/consent.html"

    request: HttpRequest

    def authorize(
        self, request: HttpRequest, kept: AuthorizationRequest | None = None
    ) -> HttpResponse:
        """Return the answer to an authorization request.

        Args:
            request: the request at hand.
            kept: the request that waited for a sign-in, where it did.
        """
        origin, now = origin_of(request), timezone.now()
        if kept is None:
            flow = Flow(read(request, Endpoint.AUTHORIZATION), origin, now)
        else:
            flow = restored_flow(kept, origin, now)
        try:
            for check in PROOF:
                check(flow)
        except PageError as error:
            return self.refuse_on_page(request, flow, error)
        if self.is_left_to_toolkit(flow):
            report_protocol(flow, ONLY_CODE)
            return self.toolkit_response(request)
        try:
            for check in CHECKS:
                check(flow)
            language = language_of(flow.get("ui_locales")) or translation.get_language()
            with translation.override(language):
                return self.decide(request, flow, kept)
        except ClientError as error:
            return self.refuse_to_client(request, flow, error)

    def decide(
        self, request: HttpRequest, flow: Flow, kept: AuthorizationRequest | None
    ) -> HttpResponse:
        """Return the sign-in, the consent page, or the answer."""
        question.judge_client(flow, request)
        sign_in = current_sign_in(request)
        again = look_again(request, flow) if kept is None and sign_in is None else None
        if again is not None:
            return again
        decision = judge_sign_in(flow, request, sign_in, kept)
        if decision.kind is AuthenticationKind.REFUSE:
            raise ClientError(decision.code, decision.reason)
        if decision.kind is AuthenticationKind.SELECT_ACCOUNT and sign_in is not None:
            return selection_page(request, flow, sign_in, kept)
        if decision.kind is not AuthenticationKind.NOTHING or sign_in is None:
            return self.sign_in(request, flow, sign_in, kept)
        asked = question.judge_user(flow, request, sign_in, kept)
        if asked is None:
            return self.sign_in(request, flow, sign_in, kept)
        if asked.consent.kind is ConsentKind.REFUSE:
            raise ClientError(asked.consent.reason.code, asked.consent.reason)
        if asked.consent.kind is ConsentKind.NOTHING:
            parameters = allow_silently(request, flow, asked, sign_in, kept)
            if parameters is None:
                return expired_page(request, used=True)
            return answer(
                request,
                redirect_uri=flow.redirect_uri,
                response_mode=flow.response_mode,
                state=flow.get("state"),
                parameters=parameters,
            )
        return self.ask(request, flow, asked, kept, sign_in)

    def ask(
        self,
        request: HttpRequest,
        flow: Flow,
        asked: question.Asked,
        kept: AuthorizationRequest | None,
        sign_in: SignIn,
        errors: tuple[str, ...] = (),
    ) -> HttpResponse:
        """Return the consent page, and keep the request that it is about."""
        document = question.document(flow, request, asked)
        nonce = keep_request(
            application=flow.proven.application,
            user=request.user,
            browser=browser_of(request),
            parameters={**kept_parameters(flow), SHOWN: str(sign_in.sid)},
            document=document.as_dict(),
            sign_in=kept.sign_in if kept is not None else sign_in,
            origin=flow.pushed,
            now=flow.now,
        )
        context = {
            "document": document,
            "nonce": nonce,
            "form_action": reverse("oauth2_provider:authorize-decide"),
            "switch_account_url": switch_path(nonce),
            "connected_apps_url": question.connected_apps_url(),
            "expires_at": question.parsed_end(document),
            "errors": list(errors),
        }
        response = page(
            request,
            self.consent_template,
            context,
            form_action=redirect_sources(flow.redirect_uri),
        )
        return remember_browser(request, response)

    def sign_in(
        self,
        request: HttpRequest,
        flow: Flow,
        sign_in: SignIn | None,
        kept: AuthorizationRequest | None,
    ) -> HttpResponse:
        """Send the user to the site's sign-in page, and keep the request that waits for it."""
        tries = int((kept.parameters if kept else {}).get("tries", 0)) + 1
        if tries > MOST_SIGN_IN_TRIES:
            text = "The sign-in did not satisfy what the app asks for."
            raise ClientError("login_required", plain_reason("login_required", text))
        if tries > 1 and request.user.is_authenticated:
            # A sign-in page that sends signed-in users straight back would go round in circles.
            logout(request)
        repeatable = request.method == "GET" and kept is None and flow.pushed is None
        if sign_in is None and repeatable and not needs_record(flow):
            return self.to_sign_in_page(request, request.get_full_path(), flow)
        parameters = {**kept_parameters(flow), **choice_of(kept), "tries": tries}
        nonce = keep_request(
            application=flow.proven.application,
            user=None,
            browser=browser_of(request),
            parameters=parameters,
            document=None,
            sign_in=kept.sign_in if kept is not None else sign_in,
            origin=flow.pushed,
            now=flow.now,
            address=flow.origin.address,
        )
        if kept is not None:
            claim_request(kept, "moved", flow.now)
        path = resume_path(nonce)
        return remember_browser(request, self.to_sign_in_page(request, path, flow))

    def to_sign_in_page(self, request: HttpRequest, following: str, flow: Flow) -> HttpResponse:
        """Return the redirect to the site's sign-in page."""
        target = resolve_url(settings.LOGIN_URL)
        query = {"next": following}
        if flow.get("login_hint"):
            query["login_hint"] = flow.get("login_hint")
        separator = "&" if "?" in target else "?"
        return HttpResponseRedirect(f"{target}{separator}{urlencode(query)}")

    def refuse_on_page(self, request: HttpRequest, flow: Flow, error: PageError) -> HttpResponse:
        """Return an error page; nothing goes to an address that is not proven."""
        return error_page(
            request,
            reason=error.reason,
            error=error.error,
            event="authorization.refused",
            client_id=flow.get("client_id"),
            detail=error.detail,
        )

    def refuse_to_client(
        self, request: HttpRequest, flow: Flow, error: ClientError
    ) -> HttpResponse:
        """Tell the client why it gets nothing, and record it."""
        question.record_refusal(flow, request, error)
        return error_answer(
            request,
            redirect_uri=flow.redirect_uri,
            response_mode=flow.response_mode,
            state=flow.get("state"),
            error=error.error,
            description=error.reason.message,
        )

    def is_left_to_toolkit(self, flow: Flow) -> bool:
        """Return whether an old response type is still served, as the rules only report."""
        if flow.submission.faults or flow.proven.enforces("protocol") or flow.pushed is not None:
            return False
        if flow.proven.policy.require_pushed_authorization_requests:
            return False
        return flow.get("response_type") not in {"", "code"}

    def toolkit_response(self, request: HttpRequest) -> HttpResponse:
        """Return what the toolkit's own view answers."""
        # Our own view needs no such check, and is exempt; the toolkit's page relies on it.
        view = csrf_protect(ToolkitAuthorizationView.as_view())
        try:
            response: HttpResponse = view(request)
        except ValueError:
            # It takes addresses apart that are none.
            text = "The request contains an address that cannot be read."
            reason = plain_reason("malformed_parameter", text)
            return error_page(
                request, reason=reason, error="invalid_request", event="authorization.refused"
            )
        return response


@unguarded
class AuthorizationView(AuthorizationMixin, View):
    """``authorize/``: GET and POST mean the same (OpenID Connect Core §3.1.2.1)."""

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer an authorization request."""
        return self.answered(request)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer an authorization request that came as a form."""
        return self.answered(request)

    def answered(
        self, request: HttpRequest, kept: AuthorizationRequest | None = None
    ) -> HttpResponse:
        """Answer a request in the language that it asks for, if the site speaks it."""
        asked_language = request.GET.get("ui_locales", "") if request.method == "GET" else ""
        with translation.override(language_of(asked_language) or translation.get_language()):
            return self.authorize(request, kept)
