"""What is wrong with keys, the ledger, sign-out messages, and with what only grows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connections, router

from idp.conf import idp_settings
from idp.models import ConsentEvent, SigningKey
from idp.models.append_only import missing
from idp.services.attention import old_keys
from idp.services.consent_unused import MOST_COUNTED, count_unused
from idp.services.doctor_code import Code
from idp.services.doctor_finding import Finding, finding
from idp.services.key_seal import KeyUnavailable, private_jwk
from idp.services.ledger_check import last_check
from idp.services.logout import logout_state
from idp.services.purge_kind import KINDS

OVERDUE = timedelta(days=7)


def examine_keys(now: datetime) -> Iterator[Finding]:
    """Yield keys that are missing, old or locked away."""
    keys = SigningKey.objects.exclude(state=SigningKey.State.RETIRED)
    active = [key for key in keys if key.state == SigningKey.State.ACTIVE]
    if not any(key.algorithm == "RS256" and key.use == SigningKey.Use.TOKENS for key in active):
        yield finding(Code.KEY_MISSING)
    for key in keys:
        try:
            private_jwk(key)
        except KeyUnavailable:
            yield finding(Code.KEY_UNREADABLE, key.kid)
    for kid in old_keys(now).values_list("kid", flat=True):
        yield finding(Code.KEY_OLD, kid)


def examine_ledger(now: datetime) -> Iterator[Finding]:
    """Yield what threatens the ledger: no triggers, broken chains, nobody who looks."""
    absent = missing(connections[router.db_for_write(ConsentEvent)])
    if absent:
        yield finding(Code.TRIGGERS_MISSING, detail=", ".join(absent))
    check = last_check()
    if check is not None and check.broken:
        yield finding(Code.LEDGER_BROKEN, detail=str(check.broken))
    stale = check is None or check.started_at <= now - timedelta(days=7)
    if stale and ConsentEvent.objects.filter(at__lte=now - timedelta(days=7)).exists():
        yield finding(Code.LEDGER_UNVERIFIED)


def examine_consents(now: datetime) -> Iterator[Finding]:
    """Yield how many consents nobody uses."""
    count = count_unused(now)
    if count:
        most = "at least " if count == MOST_COUNTED else ""
        after = f"{idp_settings.consent_unused_after.days} days"
        yield finding(Code.CONSENTS_UNUSED, after, f"{most}{count}")


def examine_logout(now: datetime) -> Iterator[Finding]:
    """Yield sign-out messages that wait for nobody, or were given up."""
    state = logout_state(now)
    if state.late:
        yield finding(Code.LOGOUT_LATE, detail=str(state.late))
    if state.failed:
        yield finding(Code.LOGOUT_FAILED, detail=str(state.failed))


def examine_growth(now: datetime) -> Iterator[Finding]:
    """Yield the kinds of rows that a purge should have removed a week ago."""
    for kind in KINDS:
        if kind.rows(now - OVERDUE).exists():
            yield finding(Code.PURGE_OVERDUE, kind.name.capitalize())
