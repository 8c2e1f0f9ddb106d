"""A member of staff in front of the desk's views, without the cost of drawing what they answer."""

from __future__ import annotations

from typing import Any

from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseForbidden, HttpResponseNotFound
from django.test import RequestFactory
from django.urls import resolve


class Visitor:
    """Sends requests as one user, and gets answers that are not rendered."""

    def __init__(self, user: Any) -> None:
        self.key = user.pk
        self.model = type(user)
        self.session = SessionStore()
        self.requests = RequestFactory()

    def get(self, address: str) -> Any:
        """Return the answer to opening a page."""
        return self._answer(self.requests.get(address))

    def post(self, address: str, data: dict[str, Any]) -> Any:
        """Return the answer to sending a form."""
        return self._answer(self.requests.post(address, data))

    def _answer(self, request: Any) -> HttpResponse:
        # Read anew each time, so that no permission is remembered from the page before.
        request.user = self.model.objects.get(pk=self.key)
        request.session = self.session
        request._messages = CookieStorage(request)
        request._dont_enforce_csrf_checks = True
        match = resolve(request.path)
        request.resolver_match = match
        try:
            response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        except PermissionDenied:
            return HttpResponseForbidden()
        except Http404:
            return HttpResponseNotFound()
        return response
