"""Devices that ask for access (RFC 8628): their codes, what was decided, and their one success."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import F

from idp.domain import credential
from idp.domain import device as rules
from idp.domain.device import Answer
from idp.domain.scope import to_text
from idp.models import Authorization, DeviceAuthorization, SignIn
from idp.services.authorization import PARTIES, checksum, end_authorizations, report_replay
from idp.services.event import NOWHERE, Origin, record_event

if TYPE_CHECKING:
    from idp.services.client import Client

MOST_WAITING = 10_000
"""Devices of one client that wait at the same time; a guess in 2.5 million finds one of them."""
_TRIES = 5

State = DeviceAuthorization.State


class TooManyDevices(RuntimeError):
    """So many devices of a client wait that no other can."""


class AlreadyDecided(RuntimeError):
    """Somebody decided before, or the codes have expired."""


@dataclass(frozen=True, slots=True)
class Poll:
    """What a device is told, and the request that it asked about."""

    answer: Answer
    device: DeviceAuthorization | None = None


def request_device(
    client: Client,
    *,
    scopes: frozenset[str] | None,
    resource: Iterable[str] = (),
    origin: Origin = NOWHERE,
    now: datetime,
) -> tuple[str, DeviceAuthorization]:
    """Keep the request of a device, and return its device code with the row.

    Args:
        client: the authenticated client.
        scopes: what it asks for, or None for the defaults.
        resource: identifiers of the APIs that it asks for.
        origin: where the device is.
        now: the time.

    Raises:
        TooManyDevices: too many devices of this client wait already.

    Source: RFC 8628 §3.2.
    """
    _refuse_crowd(client.application, now)
    device_code = credential.generate(credential.DEVICE)
    for left in reversed(range(_TRIES)):
        row = DeviceAuthorization(
            device_digest=checksum(device_code),
            user_code=rules.draw_user_code(secrets.choice),
            application=client.application,
            scopes=to_text(scopes or ()),
            resource=list(resource),
            interval=int(rules.INTERVAL.total_seconds()),
            created_at=now,
            expires_at=now + rules.LIFETIME,
            address=origin.address or None,
            user_agent=origin.user_agent[:500],
        )
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            # Another device that waits has the same user code.
            if not left:
                raise
        else:
            break
    return device_code, row


def find_device(typed: str, now: datetime) -> DeviceAuthorization | None:
    """Return the device that waits under a code as somebody typed it, or None."""
    code = rules.normalise(typed)
    if not code:
        return None
    waiting = DeviceAuthorization.objects.waiting(now).select_related("application")
    return waiting.filter(user_code=code).first()


def asked_scopes(device: DeviceAuthorization) -> frozenset[str] | None:
    """Return what a device asks for, or None for the defaults."""
    return frozenset(device.scopes.split()) or None


def settle_device(
    device: DeviceAuthorization,
    *,
    state: str,
    user: Any,
    sign_in: SignIn | None = None,
    authorization: Authorization | None = None,
    now: datetime,
) -> None:
    """Write down what a person decided about a device; the first decision is the only one.

    Raises:
        AlreadyDecided: it was decided before, or has expired. The caller's transaction must fail.
    """
    waiting = DeviceAuthorization.objects.waiting(now).filter(pk=device.pk)
    written = waiting.update(
        state=state, user=user, sign_in=sign_in, authorization=authorization, decided_at=now
    )
    if not written:
        raise AlreadyDecided


def poll_device(
    device_code: str, application: Any, now: datetime, origin: Origin = NOWHERE
) -> Poll:
    """Return what a device is told; of several questions at once, one gets the tokens.

    One conditional statement decides. A device code that comes again later ends what it gave, as
    with authorization codes, and that end outlives the failing request.

    Source: RFC 8628 §§3.4, 3.5; RFC 6749 §4.1.2.
    """
    device = _by_code(device_code)
    if device is None:
        return Poll(Answer.SPENT)
    if device.application_id != application.pk:
        _tell_wrong_client(device, application, origin, now)
        return Poll(Answer.SPENT)
    told = rules.answer(_standing(device), now)
    if told is Answer.TOKENS and not _redeem(device, now):
        device.refresh_from_db(fields=("state", "redeemed_at"))
        told = Answer.SPENT
    if told in {Answer.PENDING, Answer.SLOW_DOWN}:
        _note_question(device, now, slower=told is Answer.SLOW_DOWN)
    if told is Answer.SPENT:
        _suspect(device, now, origin)
    return Poll(told, device)


@transaction.atomic
def close_device(device: DeviceAuthorization, *, reason: str, now: datetime) -> bool:
    """End a device's request, with every token that it got; return whether anything ended.

    Args:
        device: which.
        reason: short cause, kept with the authorization.
        now: the time.
    """
    rows = DeviceAuthorization.objects.filter(pk=device.pk)
    closed = rows.filter(state__in=(State.PENDING, State.ALLOWED), expires_at__gt=now).update(
        state=State.CLOSED
    )
    authorizations = Authorization.objects.filter(device=device.pk)
    return bool(end_authorizations(authorizations, reason=reason, now=now) or closed)


def _by_code(device_code: str) -> DeviceAuthorization | None:
    if not credential.is_well_formed(device_code, credential.DEVICE):
        return None
    parties = [f"authorization__{name}" for name in PARTIES]
    rows = DeviceAuthorization.objects.select_related(*parties)
    return rows.filter(device_digest=checksum(device_code)).first()


def _standing(device: DeviceAuthorization) -> rules.Standing:
    return rules.Standing(
        state=device.state,
        expires_at=device.expires_at,
        interval=timedelta(seconds=device.interval),
        polled_at=device.polled_at,
    )


def _redeem(device: DeviceAuthorization, now: datetime) -> bool:
    """Take the one success of a device."""
    allowed = DeviceAuthorization.objects.filter(
        pk=device.pk, state=State.ALLOWED, expires_at__gt=now
    )
    return bool(allowed.update(state=State.REDEEMED, redeemed_at=now, polled_at=now))


def _note_question(device: DeviceAuthorization, now: datetime, *, slower: bool) -> None:
    """Write down that a device asked; one that asked too soon waits longer from now on."""
    more = int(rules.SLOWER.total_seconds()) if slower else 0
    waiting = DeviceAuthorization.objects.filter(pk=device.pk, state=State.PENDING)
    waiting.update(polled_at=now, interval=F("interval") + more)


def _suspect(device: DeviceAuthorization, now: datetime, origin: Origin) -> None:
    authorization = device.authorization
    if authorization is None or authorization.ended_at is not None:
        return
    if rules.is_theft(device.redeemed_at, now):
        report_replay(authorization, "device_code", now, origin)


def _tell_wrong_client(
    device: DeviceAuthorization, application: Any, origin: Origin, now: datetime
) -> None:
    record_event(
        "device_code.wrong_client",
        client_id=application.client_id,
        origin=origin,
        detail={"device": str(device.pk)},
        now=now,
    )


def _refuse_crowd(application: Any, now: datetime) -> None:
    waiting = DeviceAuthorization.objects.waiting(now).filter(application=application)
    if waiting[:MOST_WAITING].count() >= MOST_WAITING:
        raise TooManyDevices
