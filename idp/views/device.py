"""The page where people type the code of a device, and decide about it (RFC 8628 §3.3)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import View

from idp.domain import device as rules
from idp.models import AuthorizationRequest, DeviceAuthorization
from idp.services.authorization_request import DECISIONS, REPEAT, find_request, keep_request
from idp.services.consent_page import client_name
from idp.services.device import AlreadyDecided, find_device
from idp.services.device_throttle import may_type, note_wrong_code
from idp.services.event import record_event
from idp.services.retry import in_transaction
from idp.services.sign_in import current_sign_in
from idp.views.authorization_page import expired_page, plain_reason
from idp.views.authorization_question import connected_apps_url, parsed_end
from idp.views.browser import browser_of, remember_browser
from idp.views.device_answer import Decision, carry_out
from idp.views.device_authorization import device_path
from idp.views.device_question import (
    DeviceRefused,
    Question,
    SignInAgain,
    document,
    has_changed,
    question_about,
)
from idp.views.http import SAME_ORIGIN, error_page, origin_of, page
from idp.views.unguarded import unguarded

if TYPE_CHECKING:
    from django.http import HttpRequest

DEVICE = "device"
"""Where a kept request names the device that its page is about."""


@unguarded  # but for its own methods
@method_decorator(csrf_protect, name="get")
@method_decorator(csrf_protect, name="post")
@method_decorator(sensitive_post_parameters("nonce", "user_code"), name="dispatch")
class DeviceView(View):
    """``device/``: first the code, then the decision. A link never looks its code up by itself."""

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the field for the code, with the one from the address filled in."""
        typed = _typed(request.GET.get("user_code", ""))
        if not request.user.is_authenticated:
            return _to_sign_in(typed)
        return self.field(request, typed)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Look a code up, or carry out a decision."""
        now = timezone.now()
        if "decision" in request.POST:
            return self.decided(request, now)
        typed = _typed(request.POST.get("user_code", ""))
        if not request.user.is_authenticated:
            return _to_sign_in(typed)
        origin, browser = origin_of(request), browser_of(request)
        if not may_type(request.user, browser, origin.address, now):
            return _too_many(request)
        device = find_device(typed, now)
        if device is None:
            note_wrong_code(request.user, browser, origin.address, now)
            record_event("device.wrong_code", user=request.user, origin=origin, now=now)
            wrong = _("No device is waiting with this code. Look at the device and try again.")
            return self.field(request, typed, (wrong,))
        return self.asked(request, device, now)

    def field(self, request: HttpRequest, typed: str, errors: tuple[str, ...] = ()) -> HttpResponse:
        """Return the page with the field for the code."""
        code = rules.normalise(typed)
        context = {
            "form_action": device_path(),
            "user_code": rules.shown(code) if code else typed,
            "errors": list(errors),
        }
        response = page(request, "idp/device.html", context, referrer_policy=SAME_ORIGIN)
        return remember_browser(request, response)

    def asked(
        self, request: HttpRequest, device: DeviceAuthorization, now: datetime
    ) -> HttpResponse:
        """Return the consent page of a device, or why there is none."""
        sign_in = current_sign_in(request)
        if sign_in is None:
            return _to_sign_in(device.user_code)
        try:
            return self.ask(request, question_about(request, device, sign_in, now))
        except SignInAgain:
            return _sign_in_again(request, device)
        except DeviceRefused as error:
            return _refused(request, device, error)

    def ask(
        self, request: HttpRequest, question: Question, errors: tuple[str, ...] = ()
    ) -> HttpResponse:
        """Return the consent page, and keep what it shows."""
        shown = document(question, request.user)
        nonce = keep_request(
            application=question.client.application,
            user=request.user,
            browser=browser_of(request),
            parameters={DEVICE: str(question.device.pk)},
            document=shown.as_dict(),
            sign_in=question.sign_in,
            now=question.now,
        )
        switch = reverse("oauth2_provider:authorize-switch")
        context = {
            "document": shown,
            "nonce": nonce,
            "form_action": device_path(),
            "user_code": rules.shown(question.device.user_code),
            "switch_account_url": f"{switch}?{urlencode({'request': nonce})}",
            "connected_apps_url": connected_apps_url(),
            "expires_at": parsed_end(shown),
            "errors": list(errors),
            "in_flow": True,
        }
        response = page(request, "idp/consent.html", context, referrer_policy=SAME_ORIGIN)
        return remember_browser(request, response)

    def decided(self, request: HttpRequest, now: datetime) -> HttpResponse:
        """Carry out the decision of the page, once."""
        decision = Decision(
            nonce=request.POST.get("nonce", "")[:200],
            answer=request.POST.get("decision", ""),
            kept_scopes=frozenset(request.POST.getlist("scope")[:500]),
            duration=request.POST.get("duration", "")[:20],
        )
        kept = find_request(decision.nonce, browser_of(request))
        device = kept_device(kept)
        if kept is None or device is None or decision.answer not in DECISIONS:
            return expired_page(request)
        if not request.user.is_authenticated or request.user.pk != kept.user_id:
            return _to_sign_in(device.user_code)
        if kept.used_at is not None:
            return _same_answer(request, kept, device, decision, now)
        if device.state != DeviceAuthorization.State.PENDING or device.expires_at <= now:
            return expired_page(request, used=device.expires_at > now)
        try:
            return self.carried_out(request, kept, device, decision, now)
        except SignInAgain:
            return _sign_in_again(request, device)
        except DeviceRefused as error:
            return _refused(request, device, error)
        except AlreadyDecided:
            kept.refresh_from_db(fields=("used_at", "decision"))
            return _same_answer(request, kept, device, decision, now)

    def carried_out(
        self,
        request: HttpRequest,
        kept: AuthorizationRequest,
        device: DeviceAuthorization,
        decision: Decision,
        now: datetime,
    ) -> HttpResponse:
        """Carry out a decision under the rules as they are at this moment."""
        sign_in = current_sign_in(request)
        if sign_in is None:
            return _to_sign_in(device.user_code)
        question = question_about(request, device, sign_in, now)
        if has_changed(question, request.user, kept.document or {}):
            changed = _("What this app may ask for has changed. Please look again.")
            return self.ask(request, question, (changed,))
        allowed = in_transaction(lambda: carry_out(request, question, kept, decision))
        return _done(request, device, allowed=allowed)


def kept_device(kept: AuthorizationRequest | None) -> DeviceAuthorization | None:
    """Return the device that a kept request is about, or None for one that is about none."""
    key = kept.parameters.get(DEVICE) if kept is not None else None
    if key is None:
        return None
    return DeviceAuthorization.objects.select_related("application").filter(pk=key).first()


def _typed(text: str) -> str:
    """Return a code from outside as it may be shown again."""
    return "".join(char for char in text[: rules.MOST_TYPED] if char.isprintable())


def _to_sign_in(typed: str) -> HttpResponse:
    """Send the user to the site's sign-in page; the code is kept in the address to go on with."""
    target = resolve_url(settings.LOGIN_URL)
    separator = "&" if "?" in target else "?"
    return HttpResponseRedirect(f"{target}{separator}{urlencode({'next': device_path(typed)})}")


def _sign_in_again(request: HttpRequest, device: DeviceAuthorization) -> HttpResponse:
    # A sign-in page that sends signed-in users straight back would go round in circles.
    logout(request)
    return _to_sign_in(rules.shown(device.user_code))


def _same_answer(
    request: HttpRequest,
    kept: AuthorizationRequest,
    device: DeviceAuthorization,
    decision: Decision,
    now: datetime,
) -> HttpResponse:
    """Return the answer of a decision sent twice, or say that it was answered."""
    recent = kept.used_at is not None and now - kept.used_at <= REPEAT
    if not recent or kept.decision != decision.answer:
        return expired_page(request, used=True)
    device.refresh_from_db(fields=("state",))
    let_in = (DeviceAuthorization.State.ALLOWED, DeviceAuthorization.State.REDEEMED)
    return _done(request, device, allowed=device.state in let_in)


def _done(request: HttpRequest, device: DeviceAuthorization, *, allowed: bool) -> HttpResponse:
    context = {"allowed": allowed, "client_name": client_name(device.application)}
    return page(request, "idp/device_done.html", context)


def _refused(
    request: HttpRequest, device: DeviceAuthorization, error: DeviceRefused
) -> HttpResponse:
    return error_page(
        request,
        reason=error.reason,
        error=error.error,
        event="device.refused",
        client_id=device.application.client_id,
        title=_("The device cannot be connected"),
        advice=_("Nothing was allowed. If this surprises you, tell those who run the app."),
    )


def _too_many(request: HttpRequest) -> HttpResponse:
    text = "Too many wrong codes were entered."
    return error_page(
        request,
        reason=plain_reason("too_many_codes", text),
        error="temporarily_unavailable",
        status=429,
        event="device.too_many_codes",
        title=_("Too many wrong codes"),
        advice=_("Wait a quarter of an hour, then enter the code that the device shows."),
    )
