"""Taking away what the rules no longer give from what is out there, in batches that are seen."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.conf import application_model
from idp.models import Consent, Scope, ScopePolicy
from idp.services.origin import origin_of
from idp.services.rule_sweep import Range, begin, sweep_step, total

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from idp.admin.base import DeskAdmin

SECONDS = 2.0
"""How long one answer works before it shows how far it has come."""


def view(desk: DeskAdmin, request: HttpRequest) -> HttpResponse:
    """Say what is looked at; then work a while at each POST, until nothing is left."""
    desk.allow(permitted=desk.may(request, "narrow", Consent))
    row, place = _target(request)
    now = timezone.now()
    looked, narrowed = _number(request, "looked"), _number(request, "narrowed")
    position = request.POST.get("position", "")[:100]
    if request.method == "POST":
        by, origin = request.user.get_username(), origin_of(request)
        position = position or begin(place, by=by, origin=origin, now=now)
        until = time.monotonic() + SECONDS
        while position and time.monotonic() < until:
            step = sweep_step(place, position, by=by, origin=origin, now=now)
            position = step.position
            looked, narrowed = looked + step.looked, narrowed + step.narrowed
        if not position:
            desk.log_change(request, row, f"Taken away from what was out there: {narrowed}.")
            messages.success(
                request, _("Done: %(n)d lost what they no longer may.") % {"n": narrowed}
            )
            return HttpResponseRedirect(display.object_url(row, _page_of(row)))
    context = {
        "title": _("Take it away from what is out there"),
        "row": row,
        "scopes": display.codes(sorted(place.scopes)),
        "total": max(total(place, now), looked) if request.method == "GET" else _total(request),
        "looked": looked,
        "narrowed": narrowed,
        "position": position,
        "back": display.object_url(row, _page_of(row)),
    }
    return desk.page(request, "admin/idp/sweep.html", context)


def _target(request: HttpRequest) -> tuple[Any, Range]:
    """Return the row that was changed and what follows it.

    Raises:
        Http404: there is no such row.
    """
    for name, model in (
        ("policy", ScopePolicy),
        ("scope", Scope),
        ("client", application_model()),
    ):
        key = request.GET.get(name)
        row = _row(model, key) if key else None
        if isinstance(row, ScopePolicy):
            return row, Range(scopes=_with_including(row.scopes.all()))
        if isinstance(row, Scope):
            return row, Range(scopes=_with_including([row]))
        if row is not None:
            return row, Range(applications=(row,))
    raise Http404


def _row(model: Any, key: str) -> Any:
    try:
        return model._default_manager.filter(pk=key).first()
    except (OverflowError, ValidationError, ValueError):
        return None


def _with_including(rows: Any) -> frozenset[str]:
    """Return the names of scopes with all that include them: they are judged by them too."""
    names = {row.name for row in rows}
    found: set[str] = set()
    while names:
        found |= names
        including = Scope.objects.filter(implies__name__in=names).values_list("name", flat=True)
        names = set(including) - found
    return frozenset(found)


def _page_of(row: Any) -> str:
    return "change" if isinstance(row, Scope | ScopePolicy) else "overview"


def _total(request: HttpRequest) -> int:
    return max(_number(request, "total"), _number(request, "looked"))


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 12 else 0
