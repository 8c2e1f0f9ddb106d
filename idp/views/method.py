"""Methods that an endpoint does not know, refused in its own format."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from idp.views.http import json_error
from idp.views.origin import allow_origin

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def not_offered(
    request: HttpRequest, methods: Iterable[str], *, anyone: bool = False
) -> HttpResponse:
    """Return the refusal of an endpoint that speaks JSON, to whoever may read its answers.

    Args:
        request: the request at hand.
        methods: those of the endpoint, beside OPTIONS.
        anyone: whether its answers are public.

    Source: RFC 9110 §15.5.6.
    """
    names = (*methods, "OPTIONS")
    text = f"This method is not offered here; use {' or '.join(methods)}."
    error = json_error("invalid_request", text, 405, {"Allow": ", ".join(names)})
    return allow_origin(request, error, anyone=anyone)
