"""The end of sign-ins, and the clients that are to hear of it (Back-Channel Logout 1.0)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Min, Q, QuerySet

from idp.conf import application_model, idp_settings
from idp.models import Authorization, LogoutDelivery, SignIn
from idp.services.event import record_event
from idp.services.subject_identifier import subject_for

LATE = timedelta(minutes=5)
"""A message that waits longer without any attempt has no worker."""


@transaction.atomic
def end_sign_ins(
    sign_ins: QuerySet[SignIn], *, issuer: Callable[[], str], now: datetime
) -> Iterable[LogoutDelivery]:
    """End sign-ins, and queue one message for each client that got an ID token under one of them.

    Nothing is sent here: the page of the person who signs out waits for no client.

    Args:
        sign_ins: which; those that ended before are left alone.
        issuer: returns the issuer that the clients know; asked only where there is one to tell.
            Where it is empty, nobody can be told.
        now: the time.

    Returns:
        The messages; a client that already waits to hear of the session gets no second one.

    Source: OpenID Connect Back-Channel Logout §2.5.
    """
    rows = list(
        sign_ins.filter(ended_at=None).select_related("user").select_for_update(of=("self",))
    )
    if not rows:
        return ()
    SignIn.objects.filter(pk__in=[row.pk for row in rows]).update(ended_at=now)
    told = {
        (sign_in.sid, application.pk): LogoutDelivery(
            application=application,
            sid=sign_in.sid,
            subject=subject_for(application, sign_in.user),
            created_at=now,
            next_at=now,
        )
        for sign_in, application in _clients(rows)
    }
    if not told:
        return ()
    name = issuer()
    if not name:
        return ()
    for delivery in told.values():
        delivery.issuer = name
    return LogoutDelivery.objects.bulk_create(told.values(), ignore_conflicts=True)


def end_sign_ins_of(user: Any, *, now: datetime) -> Iterable[LogoutDelivery]:
    """End every sign-in of a user who loses access, where no request of theirs is at hand.

    Clients are told under the issuer that the site sets; without that setting nobody is told.

    Args:
        user: whose; they need not be able to sign in any more.
        now: the time.
    """
    rows = SignIn.objects.filter(user_id=user.pk)
    return end_sign_ins(rows, issuer=lambda: idp_settings.issuer, now=now)


def clients_to_tell(sign_ins: Iterable[SignIn]) -> list[Any]:
    """Return the rows of the clients that would hear of the end of sign-ins, by name."""
    found = {application.pk: application for _sign_in, application in _clients(sign_ins)}
    return sorted(found.values(), key=lambda application: application.name.casefold())


def _clients(sign_ins: Iterable[SignIn]) -> list[tuple[SignIn, Any]]:
    """Return each sign-in with the clients that learned of it by an ID token, and can be told."""
    known = {sign_in.pk: sign_in for sign_in in sign_ins}
    if not known:
        return []
    acts = (
        Authorization.objects.filter(
            sign_in__in=list(known), application__idp_policy__backchannel_logout_uri__gt=""
        )
        .exclude(grant_type="authorization_code", redeemed_at=None)
        .values_list("sign_in", "application", "scopes")
        .distinct()
    )
    pairs = sorted({(sign_in, client) for sign_in, client, scopes in acts if _has_openid(scopes)})
    rows = application_model()._default_manager.select_related("idp_policy")
    clients = rows.in_bulk({client for _sign_in, client in pairs}) if pairs else {}
    return [(known[sign_in], clients[client]) for sign_in, client in pairs]


def _has_openid(scopes: str) -> bool:
    return "openid" in scopes.split()


@dataclass(frozen=True, slots=True)
class LogoutState:
    """How the delivery of messages stands.

    Attributes:
        waiting: how many wait.
        oldest: since when the oldest of these waits, or None.
        late: how many wait for long without any attempt, because nobody works them.
        retried: how many wait after an attempt that failed.
        failed: how many were given up in the last 30 days.
    """

    waiting: int
    oldest: datetime | None
    late: int
    retried: int
    failed: int


def logout_state(now: datetime) -> LogoutState:
    """Return how the delivery of messages stands, in one statement."""
    waiting = Q(state=LogoutDelivery.State.WAITING)
    failed = Q(state=LogoutDelivery.State.FAILED, ended_at__gt=now - timedelta(days=30))
    found = LogoutDelivery.objects.filter(waiting | failed).aggregate(
        waiting=Count("pk", filter=waiting),
        oldest=Min("created_at", filter=waiting),
        late=Count("pk", filter=waiting & Q(attempts=0, created_at__lte=now - LATE)),
        retried=Count("pk", filter=waiting & Q(attempts__gt=0)),
        failed=Count("pk", filter=failed),
    )
    return LogoutState(**found)


@transaction.atomic
def retry_deliveries(
    deliveries: QuerySet[LogoutDelivery], *, by: str, reason: str = "", now: datetime
) -> int:
    """Let messages that wait or were given up be sent at once, with all their attempts anew.

    Args:
        deliveries: which; delivered ones are left alone.
        by: name of the operator.
        reason: why.
        now: the time.
    """
    count = deliveries.exclude(state=LogoutDelivery.State.DELIVERED).update(
        state=LogoutDelivery.State.WAITING, attempts=0, next_at=now, ended_at=None
    )
    detail = {"by": by, "reason": reason, "messages": count}
    distinct = uuid.uuid4().hex
    record_event("logout.retried", severity="info", detail=detail, distinct=distinct, now=now)
    return count
