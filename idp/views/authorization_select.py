"""The page on which somebody chooses the account to go on with (``prompt=select_account``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import View

from idp.services.authorization_request import claim_request, find_request, keep_request
from idp.services.sign_in import current_sign_in
from idp.views.authorization_flow import CHOOSING, Flow, kept_parameters
from idp.views.authorization_page import expired_page, resume_path, switch_path
from idp.views.authorization_sign_in import SELECTED
from idp.views.browser import browser_of, remember_browser
from idp.views.http import page, redirect_sources
from idp.views.unguarded import unguarded

if TYPE_CHECKING:
    from django.http import HttpRequest

    from idp.models import AuthorizationRequest, SignIn


def selection_page(
    request: HttpRequest, flow: Flow, sign_in: SignIn, kept: AuthorizationRequest | None
) -> HttpResponse:
    """Return the page with the present account, and keep the request that waits for the choice."""
    nonce = keep_request(
        application=flow.proven.application,
        user=request.user,
        browser=browser_of(request),
        parameters={**kept_parameters(flow), CHOOSING: True},
        document=None,
        sign_in=kept.sign_in if kept is not None else sign_in,
        origin=flow.pushed,
        now=flow.now,
    )
    context = {
        "client_name": flow.proven.application.name or flow.proven.facts.client_id,
        "account": account_name(request.user),
        "username": request.user.get_username(),
        "nonce": nonce,
        "form_action": reverse("oauth2_provider:authorize-select"),
        "switch_account_url": switch_path(nonce),
    }
    sources = redirect_sources(flow.redirect_uri)
    response = page(request, "idp/select_account.html", context, form_action=sources)
    return remember_browser(request, response)


@unguarded
@method_decorator(sensitive_post_parameters("nonce"), name="dispatch")
class SelectAccountView(View):
    """``authorize/select/``: goes on as the account at hand.

    The page's nonce is its protection, as with the decision of a consent page; that of another kind
    of page counts for nothing here.
    """

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Note the choice, and go on with the request."""
        nonce, now = request.POST.get("nonce", "")[:200], timezone.now()
        kept = find_request(nonce, browser_of(request))
        if kept is None or not kept.parameters.get(CHOOSING) or kept.expires_at <= now:
            return expired_page(request)
        sign_in = current_sign_in(request)
        if sign_in is None or sign_in.user_id != kept.user_id:
            return HttpResponseRedirect(resume_path(nonce))
        if not claim_request(kept, "moved", now):
            return expired_page(request, used=True)
        chosen = {name: value for name, value in kept.parameters.items() if name != CHOOSING}
        following = keep_request(
            application=kept.application,
            user=request.user,
            browser=browser_of(request),
            parameters={**chosen, SELECTED: str(sign_in.sid)},
            document=None,
            sign_in=kept.sign_in,
            origin=kept.origin,
            now=now,
        )
        return HttpResponseRedirect(resume_path(following))


def account_name(user: Any) -> str:
    """Return the name that a user is called by, or the one to sign in with."""
    full_name = getattr(user, "get_full_name", lambda: "")()
    return str(full_name or user.get_username())
