"""Requests that waited: for a sign-in, or for somebody else to sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import logout
from django.http import HttpResponse
from django.utils import timezone

from idp.services.authorization_request import find_request, was_answered
from idp.views.authorization import AuthorizationView
from idp.views.authorization_flow import restored_flow
from idp.views.authorization_page import expired_page, resume_path
from idp.views.browser import browser_of
from idp.views.device import kept_device
from idp.views.device_authorization import device_path
from idp.views.http import origin_of

if TYPE_CHECKING:
    from django.http import HttpRequest


class ResumeView(AuthorizationView):
    """``authorize/resume/``: goes on with a request that waited for a sign-in."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer the request that waited."""
        kept = find_request(request.GET.get("request", "")[:200], browser_of(request))
        if kept is None or was_answered(kept) or kept.expires_at <= timezone.now():
            return expired_page(request)
        return self.answered(request, kept)


class SwitchAccountView(AuthorizationView):
    """``authorize/switch/``: signs out, and goes on with the request as somebody else."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Sign out and lead to the sign-in page."""
        nonce = request.GET.get("request", "")[:200]
        kept = find_request(nonce, browser_of(request))
        if kept is None or kept.expires_at <= timezone.now():
            return expired_page(request)
        device = kept_device(kept)
        logout(request)
        following = resume_path(nonce) if device is None else device_path(device.user_code)
        flow = restored_flow(kept, origin_of(request), timezone.now())
        return self.to_sign_in_page(request, following, flow)
