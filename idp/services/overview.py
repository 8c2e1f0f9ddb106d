"""What happened lately, day by day, for the charts of the start page."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import Count, Q
from django.db.models.functions import TruncDate

from idp.models import Authorization, ConsentEvent
from idp.services.refusal import refusals

REFUSED = "refused:"
"""What the names of reasons begin with."""

UNCOUNTED = "uncounted"
"""The name under which the first day stands that refusals were counted of, if not of all."""


def happened(start: datetime, end: datetime) -> dict[str, dict[date, int]]:
    """Return what happened, by name and day: authorizations, decisions, refusals by reason.

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
    by_day = (
        decisions.order_by()
        .values("day")
        .annotate(allowed=Count("pk", filter=allowed), refused=Count("pk", filter=refused))
    )
    given = list(by_day)
    reasons, uncounted = refusals(start, end)
    return {
        "authorizations": {
            r["day"]: r["n"] for r in acts.order_by().values("day").annotate(n=Count("pk"))
        },
        "allowed": {row["day"]: row["allowed"] for row in given},
        "refused": {row["day"]: row["refused"] for row in given},
        **{f"{REFUSED}{reason}": by_day for reason, by_day in reasons.items()},
        **({UNCOUNTED: {uncounted: 1}} if uncounted else {}),
    }
