"""Taking away what the rules no longer give from what is out there, in batches that are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.admin.paginator import COUNT_LIMIT, bounded
from idp.admin.task_step import carry_on
from idp.conf import application_model
from idp.models import BulkTask, Consent, Scope, ScopePolicy
from idp.services.origin import origin_of
from idp.services.rule_sweep import Range, total
from idp.services.task import Order, begin_task

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from idp.admin.base import DeskAdmin


def view(desk: DeskAdmin, request: HttpRequest) -> HttpResponse:
    """Say what is looked at; a POST begins the task that does it."""
    desk.allow(permitted=desk.may(request, "narrow", Consent))
    row, place = _target(request)
    now = timezone.now()
    if request.method == "POST":
        order = Order(kind=BulkTask.Kind.SWEEP, work=place, label=str(row), total=total(place, now))
        by, origin = request.user.get_username(), origin_of(request)
        begun = begin_task(order, by=by, origin=origin)
        desk.log_change(request, row, f"Began: {begun}")
        return carry_on(desk, request, begun)
    context = {
        "title": _("Take it away from what is out there"),
        "row": row,
        "scopes": display.codes(sorted(place.scopes)),
        "total": bounded(total(place, now, limit=COUNT_LIMIT)),
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
