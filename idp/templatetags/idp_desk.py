"""Tags of the operator's start page: charts of what happened lately."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django import template
from django.contrib.admin.templatetags.admin_list import pagination
from django.core.cache import cache
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from idp.conf import application_model
from idp.services.overview import REFUSED, UNCOUNTED, happened

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.utils.functional import _StrOrPromise

register = template.Library()

DAYS = 30
CHARTS_KEPT_SECONDS = 300
DAY_KEPT_SECONDS = 90_000
BAR, HEIGHT = 10, 60
REASONS = 5
"""How many reasons have a row of their own; the others share one."""

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
    """A count a day, drawn and as a table.

    Attributes:
        title: what is counted.
        total: of all days.
        summary: the same in words.
        bars: the days, the first one first.
        parts: what it consists of, on one scale; empty for a chart that is not divided.
        is_code: whether the title is a name as it is written in logs.
        since: the first day that was counted, where there was too much to count all.
    """

    title: _StrOrPromise
    total: int
    summary: str
    bars: tuple[Bar, ...]
    parts: tuple[Chart, ...] = ()
    is_code: bool = False
    since: date | None = None
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


@register.inclusion_tag("admin/idp/pages.html")
def desk_pages(changelist: Any) -> dict[str, Any]:
    """Return the pages of a list and how many rows it has, under the name that the desk uses."""
    opts, number = changelist.opts, changelist.result_count
    words = opts.verbose_name if number == 1 else opts.verbose_name_plural
    if desk_is_client(opts):
        words = ngettext("client", "clients", number)
    return {**pagination(changelist), "words": words}


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
    )
    charts = [_chart(title, kept.get(name, {})) for name, title in titles]
    return [*charts, _refusals(kept)]


@register.filter
def desk_days(chart: Chart) -> list[tuple[date, list[int]]]:
    """Return the rows of a chart's table: each day with its number, and with that of each part."""
    columns = [chart, *chart.parts]
    by_day = zip(*(column.bars for column in columns), strict=True)
    return [(bars[0].day, [bar.count for bar in bars]) for bars in by_day]


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
    return {name: {**over.get(name, {}), **present.get(name, {})} for name in {**over, **present}}


def _days(
    counts: dict[str, dict[date, int]], wanted: Callable[[date], bool]
) -> dict[str, dict[date, int]]:
    return {
        name: {day: number for day, number in by_day.items() if wanted(day)}
        for name, by_day in counts.items()
    }


def _refusals(kept: dict[str, dict[date, int]]) -> Chart:
    """Return the refusals, divided by their most frequent reasons."""
    named = [(n.removeprefix(REFUSED), days) for n, days in kept.items() if n.startswith(REFUSED)]
    reasons = sorted(named, key=lambda pair: (-sum(pair[1].values()), pair[0]))
    rows: list[tuple[_StrOrPromise, dict[date, int]]] = [*reasons[:REASONS]]
    if reasons[REASONS:]:
        rows.append((_("Other reasons"), _sum(days for _name, days in reasons[REASONS:])))
    most = max((number for _name, days in rows for number in days.values()), default=0)
    whole = _chart(_("Refusals by reason"), _sum(days for _name, days in rows))
    parts = tuple(
        replace(_chart(name, days, most), is_code=place < REASONS)
        for place, (name, days) in enumerate(rows)
    )
    return replace(whole, parts=parts, since=max(kept.get(UNCOUNTED, {}), default=None))


def _sum(counts: Iterable[dict[date, int]]) -> dict[date, int]:
    total: Counter[date] = Counter()
    for by_day in counts:
        total.update(by_day)
    return total


def _chart(title: _StrOrPromise, counts: dict[date, int], scale: int = 0) -> Chart:
    """Return a chart; ``scale`` is the number that is as high as the chart, if not its own most."""
    today = timezone.localdate()
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    most = max(counts.get(day, 0) for day in days)
    scale = max(scale, most, 1)
    bars = tuple(
        Bar(day, count, number * BAR, HEIGHT - tall, tall)
        for number, day in enumerate(days)
        for count in (counts.get(day, 0),)
        for tall in (max(round(count * HEIGHT / scale), LEAST) if count else 0,)
    )
    total = sum(bar.count for bar in bars)
    words = gettext("%(total)d in 30 days, at most %(most)d a day")
    summary = words % {"total": total, "most": most}
    return Chart(title, total, summary, bars)
