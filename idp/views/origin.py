"""CORS at the protocol endpoints: only origins that an enabled client registered are answered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.http import HttpResponse

from idp.services.origin_list import is_registered_origin

if TYPE_CHECKING:
    from django.http import HttpRequest

ALLOWED_HEADERS = ("Authorization", "Content-Type", "MCP-Protocol-Version")
MAX_AGE_SECONDS = 600


def allow_origin(
    request: HttpRequest, response: HttpResponse, *, anyone: bool = False
) -> HttpResponse:
    """Let the script that asked read an answer, errors included, where its origin is registered.

    Args:
        request: the request at hand.
        response: its answer.
        anyone: whether the answer is public, as discovery and keys are.
    """
    origin = request.META.get("HTTP_ORIGIN", "")
    if anyone:
        response["Access-Control-Allow-Origin"] = "*"
        return response
    response["Vary"] = ", ".join(filter(None, (response.get("Vary", ""), "Origin")))
    if origin and is_registered_origin(origin):
        response["Access-Control-Allow-Origin"] = origin
        response["Access-Control-Expose-Headers"] = "WWW-Authenticate"
    return response


def preflight(
    request: HttpRequest, methods: Iterable[str], *, anyone: bool = False
) -> HttpResponse:
    """Answer a CORS preflight (Fetch §3.2.2)."""
    response = allow_origin(request, HttpResponse(status=204), anyone=anyone)
    if response.get("Access-Control-Allow-Origin"):
        response["Access-Control-Allow-Methods"] = ", ".join((*methods, "OPTIONS"))
        response["Access-Control-Allow-Headers"] = ", ".join(ALLOWED_HEADERS)
        response["Access-Control-Max-Age"] = str(MAX_AGE_SECONDS)
    response["Allow"] = ", ".join((*methods, "OPTIONS"))
    return response
