"""The Content-Security-Policy of an answer: the site's for its pages, nothing at all for data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csp.constants import HEADER
from csp.middleware import CSPMiddleware

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

NOTHING = "default-src 'none'; frame-ancestors 'none'"
"""For an answer that no browser is meant to show."""


class PolicyMiddleware(CSPMiddleware):
    """Gives JSON a policy that allows nothing, whatever the site's settings and views say of pages.

    A policy that the answer has already stays, and everything but JSON is left to the settings.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Return the response with its policy."""
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind.endswith("json"):
            response.headers.setdefault(HEADER, NOTHING)
            return response
        return super().process_response(request, response)
