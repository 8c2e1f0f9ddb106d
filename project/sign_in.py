"""Signing in to the site, with a brake on guessing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.contrib.auth.views import LoginView
from django.shortcuts import render

from idp.services.origin import origin_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
LONGEST_NAME = 255
NEVER = {"javascript", "data", "blob", "file", "about", "vbscript"}
"""Schemes that no client may return to, whatever a link to the sign-in page says."""


class SignInView(LoginView):
    """The sign-in page; a signed-in reader is sent on."""

    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, and let the form's redirects go where the authorization may lead.

        Browsers apply ``form-action`` to every redirect that follows a form, and signing in may
        lead through a remembered consent straight back to a client.
        """
        response = super().dispatch(request, *args, **kwargs)
        update = {"form-action": return_schemes(self.get_redirect_url())}
        setattr(response, "_csp_update", update)  # noqa: B010 - read by django-csp's middleware
        return response

    def get_initial(self) -> dict[str, Any]:
        """Fill in who the client expects (OpenID Connect Core §3.1.2.1, ``login_hint``)."""
        hint = self.request.GET.get("login_hint", "")[:LONGEST_NAME]
        return {**super().get_initial(), **({"username": hint} if hint else {})}


def return_schemes(next_url: str) -> list[str]:
    """Return CSP sources for the schemes that a flow may return to after signing in.

    Args:
        next_url: where signing in leads, perhaps an authorization request with a
            ``redirect_uri``; no more than a hint, which widens this one page's policy by a scheme.
    """
    sources = ["https:"]
    for redirect_uri in parse_qs(urlsplit(next_url).query).get("redirect_uri", []):
        scheme = redirect_uri.partition(":")[0].lower()
        if SCHEME.fullmatch(scheme) and scheme not in NEVER and f"{scheme}:" not in sources:
            sources.append(f"{scheme}:")
    return sources


def client_address(request: HttpRequest) -> str | None:
    """Return the address that a request comes from, as the provider sees it, or None."""
    return origin_of(request).address or None


def attempted_name(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """Return the name that somebody tries, as long as the record of failures can hold.

    Django's sign-in form does not bound it, and PostgreSQL refuses a longer one.
    """
    given = credentials or request.POST
    return str(given.get("username") or "")[:LONGEST_NAME]


def locked_out(
    request: HttpRequest,
    response: HttpResponse | None = None,
    credentials: dict[str, Any] | None = None,
) -> HttpResponse:
    """Return the answer for a name that was guessed at too often from one address.

    The same page for every name, so that it does not tell which names exist.
    """
    answer = render(request, "account/locked.html", status=429)
    answer.headers["Retry-After"] = str(round(settings.AXES_COOLOFF_TIME.total_seconds()))
    return answer
