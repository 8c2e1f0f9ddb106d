"""Security events: recorded so that nobody can fill the table from outside."""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from idp.domain.decision import Reason
from idp.models import SecurityEvent

logger = logging.getLogger("idp.event")

MAX_DETAIL = 500


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from.

    Attributes:
        address: IP address as text, or empty.
        user_agent: the browser's name for itself, at most 500 characters.
        request_id: reference that the operator can look up, or empty.
    """

    address: str = ""
    user_agent: str = ""
    request_id: str = ""


NOWHERE = Origin()


def record_event(
    kind: str,
    *,
    severity: str = "warning",
    client_id: str = "",
    user: Any = None,
    origin: Origin = NOWHERE,
    reasons: Iterable[Reason] = (),
    detail: Mapping[str, Any] | None = None,
    distinct: str = "",
    now: datetime | None = None,
) -> None:
    """Record what happened; the same again within the hour only counts.

    Args:
        kind: dotted name such as ``authorization.refused``.
        severity: ``info``, ``warning`` or ``error``.
        client_id: the client as named in the request; cut to 255 characters.
        user: the user concerned, or None.
        origin: where the request came from.
        reasons: why, in the words of the decision.
        detail: plain values; texts are escaped and cut. Never a secret, code or token.
        distinct: what else tells this event from another within the hour, such as the entry that
            an operator changed; never anything that comes from outside, which could fill the table.
        now: the time; defaults to the clock.
    """
    at = now or timezone.now()
    rows = [_reason(reason) for reason in reasons]
    client_id = printable(client_id, 255)
    mark = _fingerprint(kind, client_id, user, origin.address, rows, at, distinct)
    if _count_again(mark, origin.request_id, at):
        return
    try:
        with transaction.atomic():
            SecurityEvent.objects.create(
                kind=kind,
                severity=severity,
                first_at=at,
                last_at=at,
                client_id=client_id,
                user_id=getattr(user, "pk", None),
                address=origin.address or None,
                request_id=origin.request_id[:64],
                reasons=rows,
                detail={key: _plain(value) for key, value in (detail or {}).items()},
                fingerprint=mark,
            )
    except IntegrityError:
        _count_again(mark, origin.request_id, at)
    logger.info("%s client=%s count=1", kind, client_id)


def record_for_each(
    kind: str,
    parties: Mapping[tuple[Any, str], int],
    *,
    severity: str = "info",
    origin: Origin = NOWHERE,
    detail: Mapping[str, Any] | None = None,
    now: datetime,
) -> None:
    """Record what an operator did to many at once: an event for each user and client.

    Never for what comes from outside: nothing limits how many rows these are.

    Args:
        kind: dotted name.
        parties: key of the user, or None, and id of the client, with how often it happened to them.
        severity: as ``record_event`` takes it.
        origin: as ``record_event`` takes it.
        detail: as ``record_event`` takes it.
        now: the time.
    """
    once = uuid.uuid4().hex
    known = {key: _plain(value) for key, value in (detail or {}).items()}
    SecurityEvent.objects.bulk_create(
        SecurityEvent(
            kind=kind,
            severity=severity,
            first_at=now,
            last_at=now,
            client_id=printable(client_id, 255),
            user_id=user,
            address=origin.address or None,
            request_id=origin.request_id[:64],
            detail=known,
            count=count,
            fingerprint=hashlib.sha256(f"{once}\x1f{user}\x1f{client_id}".encode()).hexdigest(),
        )
        for (user, client_id), count in parties.items()
    )
    logger.info("%s parties=%d", kind, len(parties))


def printable(text: str, limit: int = MAX_DETAIL) -> str:
    """Return text from outside as it may be shown: control characters escaped, cut to ``limit``."""
    safe = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text[: limit + 1]
    )
    return safe if len(safe) <= limit else f"{safe[: limit - 1]}…"


def _count_again(mark: str, request_id: str, at: datetime) -> bool:
    return bool(
        SecurityEvent.objects.filter(fingerprint=mark).update(
            count=F("count") + 1, last_at=at, request_id=request_id[:64]
        )
    )


def _fingerprint(
    kind: str,
    client_id: str,
    user: Any,
    address: str,
    reasons: list[dict[str, Any]],
    at: datetime,
    distinct: str,
) -> str:
    codes = ",".join(sorted({str(reason["code"]) for reason in reasons}))
    who = (client_id, str(getattr(user, "pk", "")), address)
    parts = (kind, *who, codes, distinct, f"{at:%Y%m%d%H}")
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "code": reason.code,
        "severity": str(reason.severity),
        "text": reason.text,
        "params": {key: _plain(value) for key, value in reason.params.items()},
        "message": printable(reason.message),
        "reference": reason.reference,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, bool | int) or value is None:
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in sorted(value, key=str)[:50]]
    return printable(str(value))
