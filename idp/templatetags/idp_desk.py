"""Tags of the operator's start page: charts of what happened lately."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django import template
from django.core.cache import cache
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from idp.conf import application_model
from idp.services.overview import happened

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.utils.functional import _StrOrPromise

register = template.Library()

DAYS = 30
CHARTS_KEPT_SECONDS = 300
DAY_KEPT_SECONDS = 90_000
BAR, HEIGHT = 10, 60
LEAST = 2
"""How high a bar is at least, so that one of a day is seen beside thousands of another."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of a chart."""

    day: date
    count: int
    x: int
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A count a day, drawn and as a table."""

    title: _StrOrPromise
    total: int
    summary: str
    bars: tuple[Bar, ...]
    width: int = DAYS * BAR
    height: int = HEIGHT


@register.filter
def desk_is_client(opts: Any) -> bool:
    """Return whether a model is that of the clients, which the toolkit calls applications."""
    return bool(opts.model is application_model())


@register.filter
def desk_plural(opts: Any) -> _StrOrPromise:
    """Return what the desk calls the rows of a model."""
    return _("Clients") if desk_is_client(opts) else capfirst(str(opts.verbose_name_plural))


@register.simple_tag
def desk_chosen(changelist: Any) -> list[tuple[_StrOrPromise, str]]:
    """Return what a list is filtered by: the name of each filter in use, and what was chosen."""
    found = []
    for spec in changelist.filter_specs:
        for place, choice in enumerate(spec.choices(changelist)):
            # The first choice of each is not to filter; a text of ours has one choice, its value.
            chosen = choice["display"] if place and choice["selected"] else choice.get("value")
            if chosen:
                found.append((spec.title, str(chosen)))
    return found


@register.simple_tag
def desk_charts(request: HttpRequest) -> list[Chart]:
    """Return what happened in the last 30 days; at most some minutes old."""
    user: Any = request.user
    if not user.has_perm("idp.view_securityevent"):
        return []
    kept = _counts(timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0))
    titles = (
        ("authorizations", _("Authorizations")),
        ("allowed", _("Consents given")),
        ("refused", _("Consents refused or removed")),
        ("events", _("Warnings and errors")),
    )
    return [_chart(title, kept.get(name, {})) for name, title in titles]


def _counts(today: datetime) -> dict[str, dict[date, int]]:
    """Return the counts of each day; what is over is counted once a day, the present one anew."""
    over_key, today_key = f"idp:desk:charts:{today:%Y%m%d%z}", "idp:desk:charts:today"
    over, present = cache.get(over_key), cache.get(today_key)
    if over is None or present is None:
        first = today - timedelta(days=DAYS - 1) if over is None else today
        found = happened(first, today + timedelta(days=1))
        present = _days(found, lambda day: day >= today.date())
        cache.set(today_key, present, CHARTS_KEPT_SECONDS)
        if over is None:
            over = _days(found, lambda day: day < today.date())
            cache.set(over_key, over, DAY_KEPT_SECONDS)
    return {name: {**by_day, **present.get(name, {})} for name, by_day in over.items()}


def _days(
    counts: dict[str, dict[date, int]], wanted: Callable[[date], bool]
) -> dict[str, dict[date, int]]:
    return {
        name: {day: number for day, number in by_day.items() if wanted(day)}
        for name, by_day in counts.items()
    }


def _chart(title: _StrOrPromise, counts: dict[date, int]) -> Chart:
    today = timezone.localdate()
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    most = max([counts.get(day, 0) for day in days] + [1])
    bars = tuple(
        Bar(day, count, number * BAR, HEIGHT - tall, tall)
        for number, day in enumerate(days)
        for count in (counts.get(day, 0),)
        for tall in (max(round(count * HEIGHT / most), LEAST) if count else 0,)
    )
    total = sum(bar.count for bar in bars)
    words = gettext("%(total)d in 30 days, at most %(most)d a day")
    summary = words % {"total": total, "most": most if total else 0}
    return Chart(title, total, summary, bars)
