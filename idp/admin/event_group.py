"""Events of some time with the same again as one row, so that a broken client hides no attack."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db.models import Count, Max, Sum
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.admin.event_meaning import told
from idp.models import SecurityEvent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.safestring import SafeString

SHOWN = 200
SPANS = {
    "1": (timedelta(hours=1), _("Last hour")),
    "24": (timedelta(days=1), _("Last day")),
    "168": (timedelta(days=7), _("Last week")),
}
USUAL = "24"
TOLD_APART = timedelta(days=1)
"""Up to here addresses and users are counted; for that each event is sorted twice."""
TONES = {"info": "plain", "warning": "warn", "error": "danger"}
# The grave ones first, and of these the rare ones: what repeats all day is known by now.
ORDER = {"error": 0, "warning": 1, "info": 2}


def context(asked: Mapping[str, Any], site: str, now: datetime) -> dict[str, Any]:
    """Return what the page shows.

    Args:
        asked: the query; ``hours`` names the span.
        site: name of the admin site.
        now: the time.
    """
    chosen = str(asked.get("hours", USUAL))
    chosen = chosen if chosen in SPANS else USUAL
    span = SPANS[chosen][0]
    rows = groups(now - span, told_apart=span <= TOLD_APART)
    return {
        "title": _("Events, the same again as one row"),
        "spans": [(f"?hours={key}", words, key == chosen) for key, (_s, words) in SPANS.items()],
        "table": _table(rows[:SHOWN], site),
        "limited": SHOWN if len(rows) > SHOWN else None,
    }


def groups(since: datetime, *, told_apart: bool = True) -> list[dict[str, Any]]:
    """Return the groups of events since a moment: the grave first, then the rare, then the new.

    Args:
        since: the moment.
        told_apart: whether different addresses and users are counted.
    """
    different = {
        "addresses": Count("address", distinct=True),
        "users": Count("user", distinct=True),
    }
    found = (
        SecurityEvent.objects.filter(last_at__gte=since)
        .order_by()
        .values("kind", "client_id", "severity")
        .annotate(times=Sum("count"), newest=Max("last_at"), **(different if told_apart else {}))
    )
    by_newest: list[dict[str, Any]] = sorted(
        map(dict, found), key=lambda row: row["newest"], reverse=True
    )
    return sorted(by_newest, key=lambda row: (ORDER.get(row["severity"], 3), row["times"]))


def _table(rows: list[dict[str, Any]], site: str) -> SafeString:
    heads = (
        _("Event"), _("Severity"), _("Client"), _("Times"), _("Addresses"), _("Users"), _("Last"),
    )  # fmt: skip
    return display.table(
        _("Events, the same again as one row"),
        heads,
        (_cells(row, site) for row in rows),
        gettext("Nothing happened in this time."),
    )


def _cells(row: dict[str, Any], site: str) -> tuple[object, ...]:
    listed = reverse(f"{site}:idp_securityevent_changelist")
    asked = {"kind": row["kind"], "severity__exact": row["severity"]}
    if row["client_id"]:
        asked["client"] = row["client_id"]
    link = format_html('<a href="{}?{}">{}</a>', listed, urlencode(asked), told(row["kind"]))
    severity = SecurityEvent.Severity(row["severity"]).label
    return (
        link,
        display.badge(severity, TONES[row["severity"]]),
        row["client_id"] or display.EMPTY,
        row["times"],
        row.get("addresses", display.EMPTY),
        row.get("users", display.EMPTY),
        display.moment(row["newest"]),
    )
