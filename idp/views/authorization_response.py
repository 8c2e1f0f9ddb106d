"""The answer to an authorization request, at the client's redirect URI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.http import HttpResponse

from idp.dot.issuer import issuer_of
from idp.views.http import ascii_description, page, private, redirect_sources

if TYPE_CHECKING:
    from django.http import HttpRequest


def answer(
    request: HttpRequest,
    *,
    redirect_uri: str,
    response_mode: str,
    state: str,
    parameters: Mapping[str, str],
) -> HttpResponse:
    """Return the response that carries parameters to a proven redirect URI.

    ``iss`` and ``state`` go with every answer, errors included. The redirect URI is extended, never
    parsed and put together again, so that it stays the text that was registered.

    Source: RFC 6749 §4.1.2; RFC 9207 §2; OAuth 2.0 Form Post Response Mode §2.
    """
    fields = {**parameters, **({"state": state} if state else {}), "iss": issuer_of(request)}
    if response_mode == "form_post":
        context = {"action": redirect_uri, "fields": list(fields.items())}
        sources = redirect_sources(redirect_uri)
        return page(request, "idp/form_post.html", context, form_action=sources)
    separator = "&" if "?" in redirect_uri else "?"
    response = HttpResponse(status=302)
    response["Location"] = f"{redirect_uri}{separator}{urlencode(fields)}"
    return private(response)


def error_answer(
    request: HttpRequest,
    *,
    redirect_uri: str,
    response_mode: str,
    state: str,
    error: str,
    description: str,
) -> HttpResponse:
    """Return the response that tells a client why it gets nothing (RFC 6749 §4.1.2.1)."""
    parameters = {"error": error, "error_description": ascii_description(description)}
    return answer(
        request,
        redirect_uri=redirect_uri,
        response_mode=response_mode if response_mode == "form_post" else "query",
        state=state,
        parameters=parameters,
    )
