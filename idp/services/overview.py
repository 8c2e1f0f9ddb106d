"""What needs an operator's hand, and what happened lately: counted in few statements."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, TruncDate

from idp.models import (
    Authorization,
    ClientPolicy,
    ClientScope,
    ClientSecret,
    ConsentEvent,
    RedirectUri,
    SecurityEvent,
    SigningKey,
    SiteState,
)
from idp.services.site import site_state

UNUSED_AFTER = timedelta(days=90)
SECRET_WARNING = timedelta(days=14)
KEY_AGE = timedelta(days=180)
REPEATED = 10


def attention(now: datetime) -> dict[str, int]:
    """Return what needs a hand, by name; every count is a subquery of the site's one row."""
    site_state()
    before = now - UNUSED_AFTER
    uris = RedirectUri.objects.filter(accepted_at=None)
    active = SigningKey.objects.filter(state=SigningKey.State.ACTIVE, use=SigningKey.Use.TOKENS)
    week = SecurityEvent.objects.filter(last_at__gte=now - timedelta(days=7))
    rows: dict[str, QuerySet[Any]] = {
        "replays": week.filter(kind="token.replayed"),
        "broken_uris": uris.filter(findings__icontains='"severity": "error"'),
        "active_keys": active,
        "requested": ClientScope.objects.filter(state=ClientScope.State.REQUESTED),
        "secrets": secrets_running_out(now),
        "repeated": week.filter(
            last_at__gte=now - timedelta(days=1), count__gte=REPEATED, severity="warning"
        ),
        "old_key": active.filter(activated_at__lte=now - KEY_AGE),
        "unused_uris": uris.filter(
            Q(last_used_at__lte=before) | Q(last_used_at=None, created_at__lte=before)
        ),
        "unused": ClientPolicy.objects.active().filter(
            Q(last_used_at__lte=before) | Q(last_used_at=None, created_at__lte=before)
        ),
    }
    state = SiteState.objects.filter(pk=1).annotate(
        **{f"n_{name}": Coalesce(Subquery(_number(found)), 0) for name, found in rows.items()}
    )
    values = state.values("mode", *(f"n_{name}" for name in rows)).get()
    counts = {name: int(values[f"n_{name}"]) for name in rows}
    counts["no_key"] = int(not counts.pop("active_keys"))
    counts["reporting"] = int(values["mode"] == SiteState.Mode.REPORT)
    return counts


def secrets_running_out(now: datetime) -> QuerySet[ClientSecret]:
    """Return secrets that end soon, of clients that then have none: a rotation is no finding."""
    soon = now + SECRET_WARNING
    live = ClientSecret.objects.filter(revoked_at=None)
    lasting = live.filter(Q(expires_at=None) | Q(expires_at__gt=soon))
    ending = live.filter(expires_at__gt=now, expires_at__lte=soon)
    return ending.exclude(application__in=lasting.values("application"))


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


def _number(rows: QuerySet[Any]) -> QuerySet[Any]:
    one = rows.order_by().annotate(one=Value(1)).values("one")
    number: QuerySet[Any] = one.annotate(number=Count("pk")).values("number")
    return number
