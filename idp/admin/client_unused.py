"""Scopes that users gave a client and it never used: named on its page, and taken away there."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.admin.confirm import Question, ask, given_reason, is_confirmed
from idp.models import Consent
from idp.services.consent import narrow_consent
from idp.services.event import record_event
from idp.services.origin import origin_of
from idp.services.scope_use import UNUSED_AFTER, unused_consents, unused_scopes

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString

    from idp.admin.base import DeskAdmin

SECONDS = 20.0
"""How long one answer works; what is left is offered again."""

BATCH = 100


def table(application: Any, now: datetime, *, may_take: bool) -> SafeString:
    """Return the scopes that consents gave and nobody used for 90 days.

    Args:
        application: the client's row.
        now: the time.
        may_take: whether the operator may take consent away.
    """
    rows = (
        (
            display.codes([scope]),
            number,
            _take_link(application, scope) if may_take else display.EMPTY,
        )
        for scope, number in unused_scopes(application, now).items()
    )
    words = gettext(
        "What users gave and the client never used is a risk without a benefit. Use is counted "
        "where access tokens are checked: at this site's APIs and at introspection."
    )
    return format_html(
        "<p>{}</p>{}",
        words,
        display.table(
            _("Granted, never used in 90 days"),
            (_("Scope"), _("Consents"), _("Take it away")),
            rows,
            gettext("Everything that was given longer ago than that is used."),
        ),
    )


def take_view(desk: DeskAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """Take a scope away from the consents that gave it and saw no use of it."""
    desk.allow(permitted=desk.may(request, "narrow", Consent))
    application = desk.row_or_404(request, object_id)
    scope, now = request.GET.get("scope", "")[:200].replace("\0", ""), timezone.now()
    number = unused_scopes(application, now).get(scope, 0)
    if not number:
        raise Http404
    question = Question(
        title=_("Take “%(scope)s” away from “%(name)s”?") % {"scope": scope, "name": application},
        sentences=(
            _("Users gave it at least %(n)d days ago, and it was not used since.")
            % {"n": UNUSED_AFTER.days},
            _("Tokens lose it at once and keep the rest. Users whose consent used it keep it."),
            _("The client may ask for it again; to end that too, change its settings."),
        ),
        button=_("Take it away"),
        counts=((_("Consents that lose it"), number),),
        examples=tuple(
            row.user for row in unused_consents(application, scope, now).select_related("user")[:10]
        ),
        needs_reason=True,
        back=display.object_url(application, "overview"),
    )
    if not is_confirmed(request, question):
        return ask(desk, request, question)
    done = _take(request, application, scope, now)
    desk.log_change(request, application, f"Took {scope} away ({done}): {given_reason(request)}")
    words = ngettext("%(n)d consent lost it.", "%(n)d consents lost it.", done)
    messages.success(request, words % {"n": done})
    left = unused_scopes(application, now).get(scope, 0)
    return HttpResponseRedirect(_address(application, scope) if left else question.back)


def _take(request: HttpRequest, application: Any, scope: str, now: datetime) -> int:
    by, origin, reason = request.user.get_username(), origin_of(request), given_reason(request)
    record_event(
        "client.unused_scope_taken",
        severity="info",
        client_id=application.client_id,
        user=request.user,
        origin=origin,
        detail={"scope": scope, "reason": reason},
        now=now,
    )
    done, until = 0, time.monotonic() + SECONDS
    cause: dict[str, Any] = {
        "actor": "operator",
        "by": by,
        "reason": reason,
        "origin": origin,
        "now": now,
    }
    while time.monotonic() < until:
        batch = list(unused_consents(application, scope, now)[:BATCH])
        if not batch:
            break
        done += sum(narrow_consent(row, {scope}, **cause) is not None for row in batch)
    return done


def _take_link(application: Any, scope: str) -> SafeString:
    return display.link(_address(application, scope), _("Take it away …"))


def _address(application: Any, scope: str) -> str:
    return f"{display.object_url(application, 'take_unused')}?{urlencode({'scope': scope})}"
