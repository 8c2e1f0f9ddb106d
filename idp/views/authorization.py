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
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import View

from idp.domain.authentication import AuthenticationKind
from idp.domain.consent import ConsentKind
from idp.domain.decision import Reason, Severity
from idp.dot.gate import Endpoint, read
from idp.dot.views import ToolkitAuthorizationView, login_not_required
from idp.models import AuthorizationRequest
from idp.services.authorization_request import (
    TooManyRequests,
    claim_request,
    find_request,
    keep_request,
)
from idp.services.retry import in_transaction
from idp.services.sign_in import current_sign_in
from idp.views import authorization_question as question
from idp.views.authorization_answer import Decision, allow, deny, same_answer
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
from idp.views.browser import browser_of, remember_browser
from idp.views.http import error_page, origin_of, page, redirect_sources

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
        submission = read(request, Endpoint.AUTHORIZATION)
        if kept is not None:
            submission = question.restored_submission(kept)
        flow = Flow(submission, origin_of(request), timezone.now())
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
            return self.decide(request, flow, kept)
        except ClientError as error:
            return self.refuse_to_client(request, flow, error)

    def decide(
        self, request: HttpRequest, flow: Flow, kept: AuthorizationRequest | None
    ) -> HttpResponse:
        """Return the sign-in, the consent page, or the answer."""
        question.judge_client(flow, request)
        sign_in = current_sign_in(request)
        decision = question.judge_sign_in(flow, request, sign_in, kept)
        if decision.kind is AuthenticationKind.REFUSE:
            raise ClientError(decision.code, decision.reason)
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
            parameters=question.kept_parameters(flow),
            document=document.as_dict(),
            sign_in=kept.sign_in if kept is not None else sign_in,
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
            raise ClientError("login_required", _plain_reason("login_required", text))
        if tries > 1 and request.user.is_authenticated:
            # A sign-in page that sends signed-in users straight back would go round in circles.
            logout(request)
        if sign_in is None and kept is None and request.method == "GET" and not _needs_record(flow):
            return self.to_sign_in_page(request, request.get_full_path(), flow)
        parameters = {**question.kept_parameters(flow), "tries": tries}
        nonce = keep_request(
            application=flow.proven.application,
            user=None,
            browser=browser_of(request),
            parameters=parameters,
            document=None,
            sign_in=kept.sign_in if kept is not None else sign_in,
            now=flow.now,
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
        response_type = flow.get("response_type")
        return (
            bool(response_type) and response_type != "code" and not flow.proven.enforces("protocol")
        )

    def toolkit_response(self, request: HttpRequest) -> HttpResponse:
        """Return what the toolkit's own view answers."""
        # Our own view needs no such check, and is exempt; the toolkit's page relies on it.
        view = csrf_protect(ToolkitAuthorizationView.as_view())
        response: HttpResponse = view(request)
        return response


@method_decorator(csrf_exempt, name="dispatch")
@method_decorator(login_not_required, name="dispatch")
class AuthorizationView(AuthorizationMixin, View):
    """``authorize/``: GET and POST mean the same (OpenID Connect Core §3.1.2.1)."""

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer an authorization request."""
        return self._answered(request)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer an authorization request that came as a form."""
        return self._answered(request)

    def _answered(
        self, request: HttpRequest, kept: AuthorizationRequest | None = None
    ) -> HttpResponse:
        asked_language = request.GET.get("ui_locales", "") if request.method == "GET" else ""
        try:
            with translation.override(language_of(asked_language) or translation.get_language()):
                return self.authorize(request, kept)
        except TooManyRequests:
            text = "Too many people are signing in at the moment."
            return error_page(
                request,
                reason=_plain_reason("temporarily_unavailable", text),
                error="temporarily_unavailable",
                status=429,
                event="authorization.too_many",
                advice=_("Wait a few minutes, then try again."),
            )


class ResumeView(AuthorizationView):
    """``authorize/resume/``: goes on with a request that waited for a sign-in."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer the request that waited."""
        kept = find_request(request.GET.get("request", "")[:200], browser_of(request))
        if kept is None or kept.used_at is not None or kept.expires_at <= timezone.now():
            return expired_page(request)
        return self._answered(request, kept)


class SwitchAccountView(AuthorizationView):
    """``authorize/switch/``: signs out, and goes on with the request as somebody else."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Sign out and lead to the sign-in page."""
        nonce = request.GET.get("request", "")[:200]
        kept = find_request(nonce, browser_of(request))
        if kept is None or kept.expires_at <= timezone.now():
            return expired_page(request)
        logout(request)
        following = resume_path(nonce)
        flow = Flow(question.restored_submission(kept), origin_of(request), timezone.now())
        return self.to_sign_in_page(request, following, flow)


@method_decorator(login_not_required, name="dispatch")
@method_decorator(csrf_exempt, name="dispatch")
@method_decorator(sensitive_post_parameters("nonce"), name="dispatch")
class DecisionView(AuthorizationMixin, View):
    """``authorize/decide/``: takes the decision of a consent page, and nothing else from it.

    The page's nonce is its protection against forged requests: nobody else can know it, and it is
    bound to browser and user. Django's own check would refuse the form, because under the page's
    ``Referrer-Policy: no-referrer`` browsers send ``Origin: null`` with it.
    """

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer the client with what the user decided."""
        decision = Decision(
            nonce=request.POST.get("nonce", "")[:200],
            answer=request.POST.get("decision", ""),
            kept_scopes=frozenset(request.POST.getlist("scope")[:500]),
            duration=request.POST.get("duration", "")[:20],
        )
        kept = find_request(decision.nonce, browser_of(request))
        if kept is None or kept.document is None or decision.answer not in {"allow", "deny"}:
            return expired_page(request)
        flow = Flow(question.restored_submission(kept), origin_of(request), timezone.now())
        try:
            for check in PROOF:
                check(flow)
        except PageError as error:
            return self.refuse_on_page(request, flow, error)
        if kept.used_at is None and kept.expires_at <= flow.now:
            return expired_page(request)
        if not request.user.is_authenticated or request.user.pk != kept.user_id:
            return self.resumed_by_other(decision.nonce)
        try:
            done = self.carried_out(request, flow, kept, decision)
        except ClientError as error:
            return self.refuse_to_client(request, flow, error)
        return done or expired_page(request, used=True)

    def carried_out(
        self, request: HttpRequest, flow: Flow, kept: AuthorizationRequest, decision: Decision
    ) -> HttpResponse | None:
        """Carry out a decision under the rules as they are at this moment.

        Returns:
            None when the page was answered before and cannot be answered the same way again.
        """
        if kept.used_at is not None:
            flow.response_mode = flow.get("response_mode") or "query"
            return same_answer(request, kept, decision, flow, flow.now)
        for check in CHECKS:
            check(flow)
        question.judge_client(flow, request)

        def work() -> HttpResponse | None:
            if decision.answer == "deny":
                return deny(request, flow, kept, decision)
            sign_in = current_sign_in(request)
            if sign_in is None:
                return self.sign_in(request, flow, None, kept)
            asked = question.judge_user(flow, request, sign_in, kept)
            if asked is None:
                return self.sign_in(request, flow, sign_in, kept)
            if question.has_changed(flow, request, asked, kept):
                claim_request(kept, "stale", flow.now)
                changed = _("What this app may ask for has changed. Please look again.")
                return self.ask(request, flow, asked, kept, sign_in, (changed,))
            return allow(request, flow, kept, decision, asked, sign_in)

        return in_transaction(work) or same_answer(request, kept, decision, flow, flow.now)

    def resumed_by_other(self, nonce: str) -> HttpResponse:
        """Ask again: nobody is signed in any more, or somebody else than the page was shown to."""
        return HttpResponseRedirect(resume_path(nonce))


def allow_silently(
    request: HttpRequest,
    flow: Flow,
    asked: question.Asked,
    sign_in: SignIn,
    kept: AuthorizationRequest | None,
) -> dict[str, str] | None:
    """Return the answer to a request that needs no page, and note the silent use.

    Returns:
        None for a request that waited for a sign-in and was answered before.
    """

    def work() -> dict[str, str] | None:
        if kept is not None and not claim_request(kept, "allow", flow.now):
            return None
        return question.issue_silently(request, flow, asked, sign_in)

    return in_transaction(work)


def switch_path(nonce: str) -> str:
    """Return the path that goes on with a request as somebody else."""
    return f"{reverse('oauth2_provider:authorize-switch')}?{urlencode({'request': nonce})}"


def resume_path(nonce: str) -> str:
    """Return the path that goes on with a request that was kept."""
    return f"{reverse('oauth2_provider:authorize-resume')}?{urlencode({'request': nonce})}"


def expired_page(request: HttpRequest, *, used: bool = False) -> HttpResponse:
    """Return the page for a decision that comes too late, or twice."""
    if used:
        text, title = "This page was already answered.", _("You already answered")
    else:
        text, title = "This page is no longer valid.", _("This page has expired")
    return error_page(
        request,
        reason=_plain_reason("request_expired", text),
        error="invalid_request",
        event="authorization.expired",
        severity="info",
        title=title,
        advice=_("Go back to the app and start again. Nothing was changed."),
    )


def language_of(ui_locales: str) -> str | None:
    """Return the first language of ``ui_locales`` that the site speaks, or None."""
    spoken = dict(settings.LANGUAGES)
    for tag in ui_locales.split()[:20]:
        for candidate in (tag.lower(), tag.lower().split("-")[0]):
            if candidate in spoken:
                return candidate
    return None


def _needs_record(flow: Flow) -> bool:
    """Return whether the sign-in to come must be told from the present one."""
    return bool(flow.prompt & {"login", "select_account"}) or flow.max_age is not None


def _plain_reason(code: str, text: str) -> Reason:
    return Reason(code, Severity.ERROR, text, "OpenID Connect Core §3.1.2.6")
