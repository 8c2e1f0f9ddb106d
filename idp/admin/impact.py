"""The page before a change is saved that takes something away: from whom, and from when on."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, cast

from django.http import HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from idp.admin.ledger_export import FORMULA_STARTS
from idp.domain.scope import to_text
from idp.models import Consent
from idp.services.impact import losses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest, HttpResponse

    from idp.admin.base import DeskAdmin
    from idp.services.impact import Future, Impact

SEEN, SWEEP, EXPORT = "_impact_seen", "_impact_sweep", "_impact_export"
HEADS = ("client_id", "client", "user", "scopes_lost")


def is_seen(request: HttpRequest) -> bool:
    """Return whether the operator saw the page and wants the change."""
    return SEEN in request.POST and EXPORT not in request.POST


def ask(desk: DeskAdmin, request: HttpRequest, future: Future, impact: Impact) -> HttpResponse:
    """Return the page, or all of what it counts as a file."""
    if EXPORT in request.POST:
        # Django's own annotations know no streamed page of the admin.
        return cast("HttpResponse", _download(future))
    hidden = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name not in {"csrfmiddlewaretoken", SEEN, SWEEP, EXPORT}
    ]
    context = {
        "title": _("This change takes something away. Save it?"),
        "counts": [(gettext(words), number) for words, number in impact.numbers],
        "impact": impact,
        "hidden": [*hidden, (SEEN, "1")],
        "may_sweep": desk.may(request, "narrow", Consent),
        "back": request.get_full_path(),
    }
    return desk.page(request, "admin/idp/impact.html", context)


def go_on(desk: DeskAdmin, request: HttpRequest, answer: HttpResponse, target: str) -> HttpResponse:
    """Lead to the page that takes away what is out there, where the operator chose that."""
    if not target or SWEEP not in request.POST or SEEN not in request.POST:
        return answer
    return HttpResponseRedirect(f"{reverse(f'{desk.admin_site.name}:idp_sweep')}?{target}")


def _download(future: Future) -> StreamingHttpResponse:
    now = timezone.now()
    response = StreamingHttpResponse(_lines(future), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="impact-{now:%Y%m%d-%H%M%S}.csv"'
    response["Cache-Control"] = "no-store"
    return response


class _Line:
    """What ``csv`` writes to: hands each line straight on."""

    def write(self, line: str) -> str:
        """Return the line."""
        return line


def _lines(future: Future) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(HEADS)
    for loss in losses(future, now=timezone.now()):
        user = loss.consent.user.get_username() if loss.consent is not None else ""
        row = (loss.application.client_id, loss.application.name, user, to_text(loss.scopes))
        yield writer.writerow([_cell(value) for value in row])


def _cell(text: str) -> str:
    """Return a text for a cell; a leading sign that a spreadsheet would run is disarmed."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
