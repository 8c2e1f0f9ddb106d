"""What was refused lately and why, day by day."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Sum, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, Substr, TruncDate

from idp.models import SecurityEvent

REFUSALS = (
    "authorization.refused",
    "device.refused",
    "device_authorization.refused",
    "document.refused",
    "introspection.refused",
    "logout.refused",
    "pushed_authorization.refused",
    "redirect_uri.refused",
    "registration.denied",
    "registration.refused",
    "revocation.refused",
    "token.refused",
    "userinfo.refused",
)
"""The kinds that say how a request ended. What led to it has kinds of its own, and counts once."""

COUNTED = 50_000
"""How many rows are looked at, the newest first; each may stand for many requests."""

_ERROR = re.compile(r'"error": ?"(\w+)')
_BEGINNING = 80


def refusals(start: datetime, end: datetime) -> tuple[dict[str, dict[date, int]], date | None]:
    """Return how often requests were refused, by reason and day, in one bounded statement.

    Args:
        start: from this time on.
        end: up to this time, which is not included.

    Returns:
        The code of the first reason, else the OAuth error, else the kind of the event, to the
        number of each day; and the day before which nothing was counted because there was too
        much, None if everything was.
    """
    found: dict[str, dict[date, int]] = {}
    seen = 0
    oldest: date | None = None
    for row in _by_reason(start, end):
        day, reason = row["day"], _named(row["reason"])
        by_day = found.setdefault(reason, {})
        by_day[day] = by_day.get(day, 0) + row["times"]
        seen += row["rows"]
        oldest = min(oldest or day, day)
    return found, oldest if seen >= COUNTED else None


def _by_reason(start: datetime, end: datetime) -> Iterable[dict[str, Any]]:
    events = SecurityEvent.objects.filter(kind__in=REFUSALS, last_at__gte=start, last_at__lt=end)
    newest = events.order_by("-last_at", "-id").values("pk")[:COUNTED]
    reason = Coalesce(
        KT("reasons__0__code"),
        KT("detail__error"),
        Substr(KT("detail__answer"), Value(1), Value(_BEGINNING)),
        "kind",
        output_field=TextField(),
    )
    rows = SecurityEvent.objects.filter(pk__in=newest).order_by()
    grouped: Iterable[Any] = (
        rows.annotate(day=TruncDate("last_at"), reason=reason)
        .values("day", "reason")
        .annotate(times=Sum("count"), rows=Count("pk"))
    )
    return grouped


def _named(text: str) -> str:
    """Return the error that an answer begins with; any other text as it is."""
    error = _ERROR.search(text)
    return error[1] if error else text
