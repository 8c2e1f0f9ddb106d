"""A name for each request, so that log lines, events and error pages can be brought together."""

from __future__ import annotations

import logging
import re
import time
import uuid
from typing import TYPE_CHECKING

from idp.services.origin import REQUEST_ID
from project.logs import current_request_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase

HEADER = "X-Request-ID"
SANE = re.compile(r"[A-Za-z0-9_-]{8,64}")

logger = logging.getLogger("project.request")


class RequestIdMiddleware:
    """Gives each request an id, sends it back, and logs the request in one line.

    A proxy's ``X-Request-ID`` is kept when it is a plain token of 8 to 64 characters; anything else
    is replaced, so that nobody writes into logs from outside. The provider finds the id in
    ``request.META`` and keeps it with its events. The line holds the path but not the query, which
    carries codes and states.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the response with the request's id in its header."""
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if SANE.fullmatch(given) else uuid.uuid4().hex
        request.META[REQUEST_ID] = request_id
        token = current_request_id.set(request_id)
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            response.headers[HEADER] = request_id
            logger.info(
                "answered",
                extra={
                    "method": request.method,
                    "path": request.path,
                    "status": response.status_code,
                    "milliseconds": round((time.perf_counter() - started) * 1000, 1),
                },
            )
            return response
        finally:
            current_request_id.reset(token)
