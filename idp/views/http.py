"""What every answer of the provider has in common: headers, pages and errors."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from idp.conf import idp_settings
from idp.domain.decision import Reason
from idp.services.event import Origin, record_event
from idp.services.origin import REQUEST_ID, origin_of

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["Origin", "error_page", "json_error", "origin_of", "page", "private", "translated"]

REFERENCE_CHARACTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def translated(reason: Reason) -> str:
    """Return the sentence of a reason in the reader's language."""
    sentence = _(reason.text)
    return sentence % reason.params if reason.params else sentence


NO_REFERRER = "no-referrer"
SAME_ORIGIN = "same-origin"
"""For pages whose forms Django's CSRF check must accept: under ``no-referrer`` browsers send
``Origin: null`` with a form, which it refuses."""


def private(response: HttpResponse, referrer_policy: str = NO_REFERRER) -> HttpResponse:
    """Mark an answer as one that nobody keeps, and that tells the next site nothing."""
    response["Cache-Control"] = "no-store"
    response["Pragma"] = "no-cache"
    response.setdefault("Referrer-Policy", referrer_policy)
    response["X-Content-Type-Options"] = "nosniff"
    return response


def page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    status: int = 200,
    form_action: Iterable[str] = (),
    referrer_policy: str = NO_REFERRER,
) -> HttpResponse:
    """Return a page under our Content-Security-Policy.

    Args:
        request: the request at hand.
        template: name of the template.
        context: its values; ``in_flow`` is added, True where a page offers no form but its own.
        status: HTTP status.
        form_action: sources beside ``'self'`` that forms of the page, and every redirect that
            follows them, may lead to.
        referrer_policy: ``SAME_ORIGIN`` for a page with a form under Django's CSRF check.
    """
    in_flow = referrer_policy == NO_REFERRER
    named = {"site_name": idp_settings.site_name, "in_flow": in_flow, **context}
    response = render(request, template, named, status=status)
    response["Content-Security-Policy"] = content_security_policy(form_action)
    response["X-Frame-Options"] = "DENY"
    return private(response, referrer_policy)


def content_security_policy(form_action: Iterable[str] = ()) -> str:
    """Return the policy of our pages: nothing but our own style, script and images."""
    static = " ".join(("'self'", *_static_origin()))
    actions = " ".join(("'self'", *form_action))
    return (
        f"default-src 'none'; style-src {static}; script-src {static}; img-src {static}; "
        f"font-src {static}; form-action {actions}; base-uri 'none'; frame-ancestors 'none'"
    )


def redirect_sources(uri: str) -> tuple[str, ...]:
    """Return the sources that a form may lead to when its answer goes to a redirect URI.

    Browsers apply ``form-action`` to every redirect that follows, also beyond the
    callback, and an IPv6 literal is no valid source: so schemes are named, not hosts.
    """
    scheme = urlsplit(uri).scheme.lower()
    return ("https:",) if scheme == "https" else ("https:", f"{scheme}:")


def error_page(
    request: HttpRequest,
    *,
    reason: Reason,
    error: str,
    status: int = 400,
    event: str = "",
    severity: str = "warning",
    client_id: str = "",
    detail: Mapping[str, Any] | None = None,
    title: str = "",
    advice: str = "",
) -> HttpResponse:
    """Return a page that says what happened, and record it under a reference that it shows.

    Args:
        request: the request at hand.
        reason: what happened, in one sentence.
        error: OAuth error code, for the developer.
        status: HTTP status.
        event: kind of the event to record; empty for none.
        severity: of that event.
        client_id: client as named in the request.
        detail: more for the operator; never shown.
        title: heading; defaults to a neutral one.
        advice: what the reader can do.
    """
    reference = get_random_string(8, REFERENCE_CHARACTERS)
    if event:
        origin = origin_of(request)
        record_event(
            event,
            severity=severity,
            client_id=client_id,
            user=request.user
            if getattr(request, "user", None) and request.user.is_authenticated
            else None,
            origin=Origin(origin.address, origin.user_agent, reference),
            reasons=[reason],
            detail={**(detail or {}), "request_id": origin.request_id},
        )
    context = {
        "title": title or _("This link does not work"),
        "message": translated(reason),
        "advice": advice
        or _("Go back to the app and try again. If it happens again, tell those who run the app."),
        "reference": reference,
        "error": error,
        "description": reason.message,
        "status": status,
    }
    return page(request, "idp/error.html", context, status=status)


def json_error(
    error: str, description: str, status: int = 400, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """Return an error of a back-channel endpoint (RFC 6749 §5.2)."""
    body = {"error": error, "error_description": ascii_description(description)}
    response = private(JsonResponse(body, status=status))
    for name, value in (headers or {}).items():
        response[name] = value
    return response


def json_answer(body: str | Mapping[str, Any], status: int = 200) -> HttpResponse:
    """Return a JSON answer that nobody keeps."""
    text = body if isinstance(body, str) else json.dumps(body)
    return private(HttpResponse(text, status=status, content_type="application/json"))


def ascii_description(text: str) -> str:
    """Return a text in the characters that ``error_description`` may have (RFC 6749 §5.2)."""
    plain = text.replace("“", "'").replace("”", "'").replace('"', "'").replace("\\", "/")
    return "".join(char if " " <= char <= "~" else "?" for char in plain)


def request_id(request: HttpRequest) -> str:
    """Return the request's id, or an empty text."""
    return str(request.META.get(REQUEST_ID, ""))


def _static_origin() -> tuple[str, ...]:
    parts = urlsplit(settings.STATIC_URL or "")
    return (f"{parts.scheme}://{parts.netloc}",) if parts.scheme and parts.netloc else ()
