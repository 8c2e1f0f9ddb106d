"""What needs an operator's hand: counted in one statement, with what the doctor found last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from idp.domain.decision import Severity
from idp.models import (
    ClientPolicy,
    ClientScope,
    ClientSecret,
    LedgerCheck,
    LogoutDelivery,
    RedirectUri,
    SecurityEvent,
    SigningKey,
    SiteState,
)
from idp.services import doctor_words_site
from idp.services.doctor_code import Code
from idp.services.doctor_finding import TEXTS
from idp.services.doctor_site import examine_settings
from idp.services.logout import LATE

UNUSED_AFTER = timedelta(days=90)
SECRET_WARNING = timedelta(days=14)
KEY_AGE = timedelta(days=180)
EXAMINED_EVERY = timedelta(days=7)
REPEATED = 10

Rows = Callable[[datetime], QuerySet[Any]]


@dataclass(frozen=True, slots=True)
class Need:
    """One kind of finding on the start page.

    Attributes:
        code: which.
        count: how many there are.
        first: subject and detail of the first of them, where they are known.
        at: when they were found; None for just now.
    """

    code: Code
    count: int
    first: tuple[tuple[str, str], ...] = ()
    at: datetime | None = None


def needs(now: datetime) -> list[Need]:
    """Return every kind of finding that stands, the worst first, in one statement.

    Settings are looked at and numbers counted anew; what takes long is as the doctor found it last.
    """
    state = _counted(now).values("mode", "examined_at", "examination", *map(_name, QUERIES)).first()
    found = {need.code: need for need in (*_remembered(state or {}), *_settings())}
    if state is not None:
        for code in QUERIES:
            count = int(state[_name(code)])
            if code is Code.KEY_MISSING:
                count = int(not count)
            if count:
                found[code] = Need(code, count)
        if state["mode"] == SiteState.Mode.REPORT:
            found[Code.REPORTING] = Need(Code.REPORTING, 1)
        if (
            state["examined_at"] or datetime.min.replace(tzinfo=now.tzinfo)
        ) <= now - EXAMINED_EVERY:
            found[Code.NOT_EXAMINED] = Need(Code.NOT_EXAMINED, 1)
    order = [*Severity]
    known = [*Code]
    return sorted(
        found.values(), key=lambda n: (order.index(TEXTS[n.code].severity), known.index(n.code))
    )


def _settings() -> list[Need]:
    by_code: dict[Code, list[tuple[str, str]]] = {}
    for each in examine_settings():
        by_code.setdefault(Code(each.code), []).append((each.subject, each.detail))
    return [Need(code, len(first), tuple(first)) for code, first in by_code.items()]


def _remembered(state: Mapping[str, Any]) -> list[Need]:
    """Return what the doctor found last, but for what is looked at anew."""
    kept: dict[str, Any] = state.get("examination") or {}
    return [
        Need(
            Code(name),
            entry["count"],
            tuple((subject, detail) for subject, detail in entry["first"]),
            state["examined_at"],
        )
        for name, entry in kept.items()
        if name in _CODES and Code(name) not in FRESH
    ]


def _counted(now: datetime) -> QuerySet[SiteState]:
    return SiteState.objects.filter(pk=1).annotate(
        **{_name(code): Coalesce(Subquery(_number(rows(now))), 0) for code, rows in QUERIES.items()}
    )


def _name(code: Code) -> str:
    return f"n_{code}"


def _number(rows: QuerySet[Any]) -> QuerySet[Any]:
    one = rows.order_by().annotate(one=Value(1)).values("one")
    number: QuerySet[Any] = one.annotate(number=Count("pk")).values("number")
    return number


def replays(now: datetime) -> QuerySet[SecurityEvent]:
    """Return the codes and tokens that were used twice in the last seven days."""
    week = SecurityEvent.objects.filter(last_at__gte=now - timedelta(days=7))
    return week.filter(kind="token.replayed")


def repeated_refusals(now: datetime) -> QuerySet[SecurityEvent]:
    """Return the refusals that came again and again within the last day."""
    return SecurityEvent.objects.filter(
        last_at__gte=now - timedelta(days=1), count__gte=REPEATED, severity="warning"
    )


def waiting_requests(_now: datetime) -> QuerySet[ClientScope]:
    """Return the requests for a scope that wait for an operator."""
    return ClientScope.objects.filter(state=ClientScope.State.REQUESTED)


def unused_clients(now: datetime) -> QuerySet[ClientPolicy]:
    """Return active clients that nobody used for 90 days."""
    before = now - UNUSED_AFTER
    idle = Q(last_used_at__lte=before) | Q(last_used_at=None, created_at__lte=before)
    rows: QuerySet[ClientPolicy] = ClientPolicy.objects.active().filter(idle)
    return rows


def secrets_running_out(now: datetime) -> QuerySet[ClientSecret]:
    """Return secrets that end soon, of clients that then have none: a rotation is no finding."""
    soon = now + SECRET_WARNING
    live = ClientSecret.objects.filter(revoked_at=None)
    lasting = live.filter(Q(expires_at=None) | Q(expires_at__gt=soon))
    ending = live.filter(expires_at__gt=now, expires_at__lte=soon)
    return ending.exclude(application__in=lasting.values("application"))


def old_keys(now: datetime) -> QuerySet[SigningKey]:
    """Return the keys that have signed tokens for more than 180 days."""
    return _active_keys(now).filter(activated_at__lte=now - KEY_AGE)


def _active_keys(_now: datetime) -> QuerySet[SigningKey]:
    return SigningKey.objects.filter(state=SigningKey.State.ACTIVE, use=SigningKey.Use.TOKENS)


def _broken_addresses(_now: datetime) -> QuerySet[RedirectUri]:
    return RedirectUri.objects.filter(accepted_at=None, findings__icontains='"severity": "error"')


def _unused_addresses(now: datetime) -> QuerySet[RedirectUri]:
    before = now - UNUSED_AFTER
    idle = Q(last_used_at__lte=before) | Q(last_used_at=None, created_at__lte=before)
    return RedirectUri.objects.filter(idle, accepted_at=None)


def _broken_check(_now: datetime) -> QuerySet[LedgerCheck]:
    ended = LedgerCheck.objects.exclude(finished_at=None)
    newer = ended.filter(started_at__gt=OuterRef("started_at"))
    return ended.filter(~Exists(newer), broken__gt=0)


def _late_messages(now: datetime) -> QuerySet[LogoutDelivery]:
    return LogoutDelivery.objects.filter(
        state=LogoutDelivery.State.WAITING, attempts=0, created_at__lte=now - LATE
    )


def _failed_messages(now: datetime) -> QuerySet[LogoutDelivery]:
    return LogoutDelivery.objects.filter(
        state=LogoutDelivery.State.FAILED, ended_at__gt=now - timedelta(days=30)
    )


QUERIES: Mapping[Code, Rows] = MappingProxyType(
    {
        Code.TOKEN_REPLAYED: replays,
        Code.REFUSALS_REPEAT: repeated_refusals,
        Code.REDIRECT_URI_BROKEN: _broken_addresses,
        Code.REDIRECT_URI_UNUSED: _unused_addresses,
        Code.CLIENT_UNUSED: unused_clients,
        Code.SECRET_EXPIRING: secrets_running_out,
        Code.APPROVAL_WAITING: waiting_requests,
        # Counted are those that are there; the finding is that there are none.
        Code.KEY_MISSING: _active_keys,
        Code.KEY_OLD: old_keys,
        Code.LEDGER_BROKEN: _broken_check,
        Code.LOGOUT_LATE: _late_messages,
        Code.LOGOUT_FAILED: _failed_messages,
    }
)
"""What is counted whenever the start page opens."""

FRESH = frozenset({*QUERIES, *doctor_words_site.WORDS, Code.NOT_EXAMINED})
"""What is looked at whenever the start page opens."""

_CODES = frozenset(map(str, Code))
