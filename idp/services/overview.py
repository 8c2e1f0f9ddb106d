"""What happened lately, day by day, for the charts of the start page."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import TruncDate

from idp.models import Authorization, ConsentEvent, SecurityEvent


def happened(start: datetime, end: datetime) -> dict[str, dict[date, int]]:
    """Return what happened, by name and day: authorizations, decisions, warnings.

    Args:
        start: from this time on.
        end: up to this time, which is not included.
    """
    allowed = Q(kind__in=("granted", "extended", "renewed"))
    refused = Q(kind__in=("declined", "revoked"))
    acts = Authorization.objects.filter(created_at__gte=start, created_at__lt=end).annotate(
        day=TruncDate("created_at")
    )
    decisions = ConsentEvent.objects.filter(at__gte=start, at__lt=end).annotate(day=TruncDate("at"))
    events = SecurityEvent.objects.filter(last_at__gte=start, last_at__lt=end).exclude(
        severity="info"
    )
    by_day = (
        decisions.order_by()
        .values("day")
        .annotate(allowed=Count("pk", filter=allowed), refused=Count("pk", filter=refused))
    )
    given = list(by_day)
    return {
        "authorizations": {
            r["day"]: r["n"] for r in acts.order_by().values("day").annotate(n=Count("pk"))
        },
        "allowed": {row["day"]: row["allowed"] for row in given},
        "refused": {row["day"]: row["refused"] for row in given},
        "events": {
            row["day"]: row["n"]
            for row in events.annotate(day=TruncDate("last_at"))
            .order_by()
            .values("day")
            .annotate(n=Sum(F("count")))
        },
    }
