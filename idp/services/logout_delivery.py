"""Telling clients that a session ended: claimed, sent through the guard, tried again, given up."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.utils import timezone

from idp.domain.decision import Reason, Severity
from idp.models import LogoutDelivery
from idp.services.client import policy_of
from idp.services.event import record_event
from idp.services.key_seal import KeyUnavailable
from idp.services.logout_token import logout_token
from idp.services.outbound import OutboundError, fetch

CLAIM = timedelta(seconds=60)
"""How long a message belongs to the worker that took it; far longer than one request may last."""
FIRST_DELAY = timedelta(seconds=30)
ATTEMPTS = 8
"""With the delay doubled each time, the last one comes about an hour after the sign-out."""
TIMEOUT_SECONDS = 5.0
ANSWER_LIMIT = 16 * 1024
BATCH = 20
ACCEPTED = frozenset({200, 204})
REFUSED = 400
REFERENCE = "Back-Channel Logout §2.8"

State = LogoutDelivery.State


def deliver_due(stop: Callable[[], bool] = lambda: False) -> Iterator[LogoutDelivery]:
    """Send what is due, one message after another, until nothing is; yield each as it now stands.

    Any number of workers may do so at once. One that dies loses nothing: what it had taken is due
    again after ``CLAIM``.

    Args:
        stop: asked before each message whether to leave the rest to others.

    Raises:
        RuntimeError: a transaction is open.
    """
    while rows := list(
        LogoutDelivery.objects.due(timezone.now()).select_related("application__idp_policy")[:BATCH]
    ):
        for row in rows:
            if stop():
                return
            if _claim(row, timezone.now()):
                yield _attempt(row)


def next_delay(attempts: int, spread: float) -> timedelta:
    """Return how long to wait after a failure.

    Args:
        attempts: how many were made, at least 1.
        spread: 0 to 1; moves the delay by up to a quarter, so that a client that comes back is not
            met by everything at once.
    """
    delay: timedelta = FIRST_DELAY * 2 ** (attempts - 1) * (0.75 + spread / 2)
    return delay


def _claim(row: LogoutDelivery, now: datetime) -> bool:
    """Take a message, with one statement that only one worker can win."""
    until = now + CLAIM
    won = LogoutDelivery.objects.filter(
        pk=row.pk, state=State.WAITING, attempts=row.attempts, next_at=row.next_at
    ).update(attempts=row.attempts + 1, next_at=until)
    row.attempts, row.next_at = row.attempts + 1, until
    return won == 1


def _attempt(row: LogoutDelivery) -> LogoutDelivery:
    uri = policy_of(row.application).backchannel_logout_uri
    if not uri:
        text = "The client has no address for sign-out messages any more."
        return _note(row, _reason("logout_no_address", text), final=True)
    try:
        answer = fetch(
            uri,
            method="POST",
            body=urlencode({"logout_token": logout_token(row, timezone.now())}).encode("ascii"),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            accept="*/*",
            limit_bytes=ANSWER_LIMIT,
            timeout_seconds=TIMEOUT_SECONDS,
        )
    except OutboundError as error:
        _spare_client(row)
        return _note(row, error.reason)
    except (KeyUnavailable, ValueError) as error:
        text = "The sign-out message could not be signed (%(kind)s)."
        return _note(row, _reason("logout_not_signed", text, kind=type(error).__name__))
    if answer.status in ACCEPTED:
        return _note(row, None)
    text = "The client answered a sign-out message with status %(status)s."
    reason = _reason("logout_not_accepted", text, status=answer.status)
    return _note(row, reason, answer=str(answer.status), final=answer.status == REFUSED)


def _note(
    row: LogoutDelivery, reason: Reason | None, *, answer: str = "", final: bool = False
) -> LogoutDelivery:
    """Record how an attempt ended, unless the message is no longer ours."""
    now, mine = timezone.now(), LogoutDelivery.objects.filter(pk=row.pk, attempts=row.attempts)
    row.answer = answer or (reason.code if reason is not None else "")
    if reason is None or final or row.attempts >= ATTEMPTS:
        row.state = State.DELIVERED if reason is None else State.FAILED
        row.ended_at = now
    else:
        row.next_at = now + next_delay(row.attempts, random.random())  # noqa: S311 - no secret
    mine.filter(state=State.WAITING).update(
        state=row.state, answer=row.answer, ended_at=row.ended_at, next_at=row.next_at
    )
    if reason is not None:
        ended = row.state == State.FAILED
        record_event(
            "logout.given_up" if ended else "logout.not_delivered",
            severity="error" if ended else "warning",
            client_id=row.application.client_id,
            reasons=[reason],
            now=now,
        )
    return row


def _spare_client(row: LogoutDelivery) -> None:
    """Let the client's other messages wait a while, so that its silence holds up nobody else's."""
    later = timezone.now() + FIRST_DELAY
    LogoutDelivery.objects.filter(
        application=row.application_id, state=State.WAITING, next_at__lt=later
    ).exclude(pk=row.pk).update(next_at=later)


def _reason(code: str, text: str, **params: object) -> Reason:
    return Reason(code, Severity.ERROR, text, REFERENCE, params)
