"""Tags of the operator's start page: what needs a hand, with the way to its remedy, and charts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django import template
from django.core.cache import cache
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from idp.conf import application_model
from idp.services.overview import attention, happened

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.utils.functional import _StrOrPromise

register = template.Library()

DAYS = 30
CHARTS_KEPT_SECONDS = 300
DAY_KEPT_SECONDS = 90_000
BAR, HEIGHT = 10, 60


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that needs a hand.

    Attributes:
        words: what it is, with its number.
        url: where it is put right.
        way: what the link says.
        tone: ``danger``, ``warn`` or ``plain``; the worst come first.
    """

    words: str
    url: str
    way: _StrOrPromise
    tone: str


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
    summary: str
    bars: tuple[Bar, ...]
    width: int = DAYS * BAR
    height: int = HEIGHT


@register.simple_tag
def desk_tasks(request: HttpRequest) -> list[Task]:
    """Return what needs a hand and is the operator's to do, the most urgent first."""
    counts = attention(timezone.now())
    found = [
        Task(words % {"n": counts[name]}, url, way, tone)
        for name, words, way, tone, permission, place, query in _TASKS
        if counts[name] and _may(request, permission) and (url := _url(place, query))
    ]
    order = ("danger", "warn", "plain")
    return sorted(found, key=lambda task: order.index(task.tone))


@register.simple_tag
def desk_charts(request: HttpRequest) -> list[Chart]:
    """Return what happened in the last 30 days; at most some minutes old."""
    if not _may(request, "view_securityevent"):
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


# Name of the count, words, way, tone, permission that the way needs, its address, its query.
_TASKS: tuple[tuple[str, _StrOrPromise, _StrOrPromise, str, str, str, str], ...] = (
    (
        "replays",
        _("Codes or refresh tokens used twice in the last 7 days: %(n)d"),
        _("Look at them"),
        "danger",
        "view_securityevent",
        "idp_securityevent_changelist",
        "kind=token.replayed",
    ),
    (
        "broken_uris",
        _("Addresses that break a rule: %(n)d"),
        _("Show the clients"),
        "danger",
        "client",
        "client_changelist",
        "finding=error",
    ),
    (
        "no_key",
        _("No signing key is active: the next token makes one"),
        _("Keys"),
        "warn",
        "view_signingkey",
        "idp_signingkey_changelist",
        "",
    ),
    (
        "requested",
        _("Requests for a scope that wait for a decision: %(n)d"),
        _("Decide"),
        "warn",
        "view_clientscope",
        "idp_clientscope_changelist",
        "state__exact=requested",
    ),
    (
        "secrets",
        _("Secrets that end within 14 days: %(n)d"),
        _("Show the clients"),
        "warn",
        "client",
        "client_changelist",
        "finding=secret_ends",
    ),
    (
        "repeated",
        _("Refusals that repeat today: %(n)d"),
        _("Look at them"),
        "warn",
        "view_securityevent",
        "idp_securityevent_changelist",
        "severity__exact=warning",
    ),
    (
        "old_key",
        _("Signing keys active for more than 180 days: %(n)d"),
        _("Rotate"),
        "warn",
        "view_signingkey",
        "idp_signingkey_changelist",
        "",
    ),
    (
        "reporting",
        _("The site only reports: it refuses nothing that breaks a rule"),
        _("What enforcing would refuse"),
        "warn",
        "view_sitestate",
        "idp_sitestate_mode",
        "",
    ),
    (
        "unused_uris",
        _("Addresses unused for 90 days: %(n)d"),
        _("Show the clients"),
        "plain",
        "client",
        "client_changelist",
        "finding=unused_uri",
    ),
    (
        "unused",
        _("Clients unused for 90 days: %(n)d"),
        _("Show them"),
        "plain",
        "client",
        "client_changelist",
        "finding=unused",
    ),
)


def _chart(title: _StrOrPromise, counts: dict[date, int]) -> Chart:
    today = timezone.localdate()
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    most = max([counts.get(day, 0) for day in days] + [1])
    bars = tuple(
        Bar(day, count, number * BAR, HEIGHT - tall, tall)
        for number, day in enumerate(days)
        for count in (counts.get(day, 0),)
        for tall in (round(count * HEIGHT / most),)
    )
    total = sum(bar.count for bar in bars)
    words = gettext("%(total)d in 30 days, at most %(most)d a day")
    return Chart(title, words % {"total": total, "most": most if total else 0}, bars)


def _may(request: HttpRequest, permission: str) -> bool:
    user: Any = request.user
    if permission == "client":
        opts = application_model()._meta
        return bool(user.has_perm(f"{opts.app_label}.view_{opts.model_name}"))
    return bool(user.has_perm(f"idp.{permission}"))


def _url(place: str, query: str) -> str:
    opts = application_model()._meta
    if place.startswith("client_"):
        place = f"{opts.app_label}_{opts.model_name}_{place.removeprefix('client_')}"
    try:
        base = reverse(f"admin:{place}")
    except NoReverseMatch:
        return ""
    return f"{base}?{query}" if query else base
