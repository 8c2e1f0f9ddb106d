"""Who had access to what at some moment: read from the ledger alone, so that the past stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import OuterRef, Q, QuerySet, Subquery

from idp.models import ConsentEvent, Subject

CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Access:
    """What one client was allowed by one person.

    Attributes:
        subject: the person's key in the ledger.
        user: name of the account, or empty for one that was deleted or forgotten.
        client_id: of the client.
        client_name: as it was called then.
        scopes: what was allowed.
        since: when the event was written that says so.
        expires_at: when it would end by itself, or None.
        event: identifier of that event.
    """

    subject: str
    user: str
    client_id: str
    client_name: str
    scopes: frozenset[str]
    since: datetime
    expires_at: datetime | None
    event: str


def access_events(
    start: datetime,
    end: datetime | None = None,
    *,
    client_id: str = "",
    user: Any = None,
    subject: str = "",
) -> QuerySet[Any]:
    """Return the events that gave access at some time from a start until before an end.

    The last event of a person about a client says what stood from then on; an end that nobody
    wrote down counts all the same. A pair has several events where it changed in between.

    Args:
        start: first moment.
        end: first moment that no longer counts; None for the first moment alone.
        client_id: of one client, or empty for all.
        user: one user, or None for all.
        subject: key of one person, also of one who is forgotten, or empty for all.
    """
    last = ConsentEvent.objects.filter(
        subject_key=OuterRef("subject_key"), client_id=OuterRef("client_id"), at__lte=start
    ).order_by("-sequence")
    stood = Q(at__lte=start, pk=Subquery(last.values("pk")[:1])) & (
        Q(expires_at=None) | Q(expires_at__gt=start)
    )
    given = Q(at__gt=start, at__lt=end or start) & ~Q(kind=ConsentEvent.Kind.DECLINED)
    rows = ConsentEvent.objects.filter(stood | given).exclude(scopes_after="")
    if client_id:
        rows = rows.filter(client_id=client_id)
    if user is not None:
        rows = rows.filter(subject_key__in=Subject.objects.filter(user=user).values("key"))
    if subject:
        rows = rows.filter(subject_key=subject)
    found: QuerySet[Any] = rows.order_by("subject_key", "client_id", "sequence")
    return found


def who_had_access(start: datetime, end: datetime | None = None, **limits: Any) -> Iterator[Access]:
    """Yield who had given access to what, ordered by person, client and time.

    Args:
        start: first moment.
        end: first moment that no longer counts; None for the first moment alone.
        **limits: ``client_id``, ``user`` and ``subject`` as in ``access_events``.
    """
    name = f"user__{get_user_model().USERNAME_FIELD}"
    names = Subject.objects.filter(key=OuterRef("subject_key")).values(name)
    events = access_events(start, end, **limits).annotate(account=Subquery(names))
    for event in events.iterator(chunk_size=CHUNK):
        yield Access(
            subject=event.subject_key,
            user=str(event.account or ""),
            client_id=event.client_id,
            client_name=event.client_name,
            scopes=frozenset(event.scopes_after.split()),
            since=event.at,
            expires_at=event.expires_at,
            event=str(event.event_id),
        )


def who_had_access_on(day: date, **limits: Any) -> Iterator[Access]:
    """Yield who had given access to what at any time of a day in UTC.

    Args:
        day: the day; of the very last one that there is, its beginning alone.
        **limits: as ``who_had_access``.
    """
    start = datetime.combine(day, time(), UTC)
    end = start + timedelta(days=1) if day < date.max else start
    return who_had_access(start, end, **limits)
