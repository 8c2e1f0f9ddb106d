"""The cookie that tells one browser from another, whoever is signed in."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

COOKIE = "idp_browser"
_SHAPE = re.compile(r"[A-Za-z0-9_-]{43}")
_ATTRIBUTE = "_idp_browser"


def browser_of(request: HttpRequest) -> str:
    """Return the random value of the browser's cookie; a new one where it has none yet."""
    known: str | None = getattr(request, _ATTRIBUTE, None)
    if known is None:
        sent = request.COOKIES.get(COOKIE, "")
        known = sent if _SHAPE.fullmatch(sent) else secrets.token_urlsafe(32)
        setattr(request, _ATTRIBUTE, known)
    return known


def remember_browser(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Set the cookie on an answer where a request was kept under its value."""
    value: str | None = getattr(request, _ATTRIBUTE, None)
    if value is not None and request.COOKIES.get(COOKIE) != value:
        response.set_cookie(
            COOKIE,
            value,
            httponly=True,
            secure=settings.SESSION_COOKIE_SECURE or request.is_secure(),
            samesite="Lax",
        )
    return response
