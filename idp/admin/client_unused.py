"""Scopes that users gave a client and it never used: named on its page, and taken away there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import Http404
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.admin.confirm import LARGE, Question, ask, given_reason, is_confirmed
from idp.admin.paginator import COUNT_LIMIT, bounded
from idp.admin.task_step import carry_on
from idp.models import BulkTask, Consent
from idp.services.origin import origin_of
from idp.services.scope_sweep import Unused
from idp.services.scope_use import (
    UNUSED_AFTER,
    consents_with,
    unused_consents,
    unused_scopes,
)
from idp.services.task import Order, begin_task

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString

    from idp.admin.base import DeskAdmin


SHOWN = 2_000
"""How many consents of a client its page is made of; a large client has a hundred times as many."""


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
        for scope, number in unused_scopes(application, now, limit=SHOWN).items()
    )
    words = gettext(
        "What users gave and the client never used is a risk without a benefit. Use is counted "
        "where access tokens are checked: at this site's APIs and at introspection. Of a client "
        "with many consents, the %(n)d oldest are looked at."
    ) % {"n": SHOWN}
    return format_html(
        "<p>{}</p>{}",
        words,
        display.table(
            _("Granted, never used in 90 days"),
            (_("Scope"), _("Consents that never used it"), _("Take it away")),
            rows,
            gettext("Everything that was given longer ago than that is used."),
        ),
    )


def take_view(desk: DeskAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """Take a scope away from the consents that gave it and saw no use of it."""
    desk.allow(permitted=desk.may(request, "narrow", Consent))
    application = desk.row_or_404(request, object_id)
    scope, now = request.GET.get("scope", "")[:200].replace("\0", ""), timezone.now()
    number = unused_scopes(application, now, limit=COUNT_LIMIT).get(scope, 0)
    if not number:
        raise Http404
    given = consents_with(application, scope)
    question = Question(
        title=_("Take “%(scope)s” away from “%(name)s”?") % {"scope": scope, "name": application},
        sentences=(
            _("Users gave it at least %(n)d days ago, and it was not used since.")
            % {"n": UNUSED_AFTER.days},
            _("Tokens lose it and keep the rest. Users whose consent used it keep it."),
            _("It takes effect batch by batch, each at once, on a page that shows how far it is."),
            _("The client may ask for it again; to end that too, change its settings."),
        ),
        button=_("Take it away"),
        counts=(
            (_("Consents that gave it"), bounded(given[:COUNT_LIMIT].count())),
            (_("Consents that lose it, among the %(n)d oldest") % {"n": COUNT_LIMIT}, number),
        ),
        examples=_examples(given, scope, now),
        needs_reason=True,
        challenge=str(application) if number >= LARGE else "",
        back=display.object_url(application, "overview"),
    )
    if not is_confirmed(request, question):
        return ask(desk, request, question)
    order = Order(
        kind=BulkTask.Kind.UNUSED,
        work=Unused(application=application, scope=scope),
        label=f"{scope} · {application}",
        total=given.count(),
        reason=given_reason(request),
    )
    by, origin = request.user.get_username(), origin_of(request)
    begun = begin_task(order, by=by, origin=origin)
    desk.log_change(request, application, f"Began to take {scope} away: {order.reason}")
    return carry_on(desk, request, begun)


def _examples(given: QuerySet[Any], scope: str, now: datetime) -> tuple[Any, ...]:
    """Return some of the users who lose it, of those who gave it first."""
    keys = given.order_by("pk").values_list("pk", flat=True)[:SHOWN]
    found = unused_consents(list(keys), scope, now).select_related("user")
    return tuple(row.user for row in found[:10])


def _take_link(application: Any, scope: str) -> SafeString:
    return display.ending_link(_address(application, scope), _("Take it away …"))


def _address(application: Any, scope: str) -> str:
    return f"{display.object_url(application, 'take_unused')}?{urlencode({'scope': scope})}"
