"""Where a request that waits goes on, and the page for one that cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from idp.domain.decision import Reason, Severity
from idp.views.http import error_page

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def switch_path(nonce: str) -> str:
    """Return the path that goes on with a request as somebody else."""
    return f"{reverse('oauth2_provider:authorize-switch')}?{urlencode({'request': nonce})}"


def resume_path(nonce: str) -> str:
    """Return the path that goes on with a request that was kept."""
    return f"{reverse('oauth2_provider:authorize-resume')}?{urlencode({'request': nonce})}"


def expired_page(request: HttpRequest, *, used: bool = False) -> HttpResponse:
    """Return the page for a decision that comes too late, or twice."""
    if used:
        text, title = "This page was already answered.", _("You already answered")
    else:
        text, title = "This page is no longer valid.", _("This page has expired")
    return error_page(
        request,
        reason=plain_reason("request_expired", text),
        error="invalid_request",
        event="authorization.expired",
        severity="info",
        title=title,
        advice=_("Go back to the app and start again. Nothing was changed."),
    )


def plain_reason(code: str, text: str) -> Reason:
    """Return an error without parameters."""
    return Reason(code, Severity.ERROR, text, "OpenID Connect Core §3.1.2.6")


def language_of(ui_locales: str) -> str | None:
    """Return the first language of ``ui_locales`` that the site speaks, or None."""
    spoken = dict(settings.LANGUAGES)
    for tag in ui_locales.split()[:20]:
        for candidate in (tag.lower(), tag.lower().split("-")[0]):
            if candidate in spoken:
                return candidate
    return None
