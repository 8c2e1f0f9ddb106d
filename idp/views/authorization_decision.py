"""The answer of a consent page, taken once and carried out under the rules of the moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import View

from idp.models import AuthorizationRequest
from idp.services.authorization_request import claim_request, find_request, was_answered
from idp.services.retry import in_transaction
from idp.services.sign_in import current_sign_in
from idp.views import authorization_question as question
from idp.views.authorization import AuthorizationMixin
from idp.views.authorization_answer import Decision, allow, deny, same_answer
from idp.views.authorization_flow import SHOWN, restored_flow
from idp.views.authorization_page import expired_page, resume_path
from idp.views.authorization_request import CHECKS, PROOF, ClientError, Flow, PageError
from idp.views.browser import browser_of
from idp.views.http import origin_of
from idp.views.unguarded import unguarded

if TYPE_CHECKING:
    from django.http import HttpRequest


@unguarded
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
        flow = restored_flow(kept, origin_of(request), timezone.now())
        try:
            for check in PROOF:
                check(flow)
        except PageError as error:
            return self.refuse_on_page(request, flow, error)
        if kept.used_at is None and kept.expires_at <= flow.now:
            return expired_page(request)
        if kept.used_at is None and was_answered(kept):
            return expired_page(request, used=True)
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
            if kept.parameters.get(SHOWN) not in {None, str(sign_in.sid)}:
                return self.resumed_by_other(decision.nonce)
            asked = question.judge_user(flow, request, sign_in, kept)
            if asked is None:
                return self.sign_in(request, flow, sign_in, kept)
            if question.has_changed(flow, request, asked, kept):
                if not claim_request(kept, "stale", flow.now):
                    return None  # the other of two clicks was it that changed what is remembered
                changed = _("What this app may ask for has changed. Please look again.")
                return self.ask(request, flow, asked, kept, sign_in, (changed,))
            return allow(request, flow, kept, decision, asked, sign_in)

        return in_transaction(work) or same_answer(request, kept, decision, flow, flow.now)

    def resumed_by_other(self, nonce: str) -> HttpResponse:
        """Ask again: nobody is signed in any more, or not as the page was shown to.

        Another sign-in of the same user may be weaker than what the client needs.
        """
        return HttpResponseRedirect(resume_path(nonce))
