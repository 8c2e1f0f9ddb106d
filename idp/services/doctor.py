"""What is wrong with a site, how bad it is and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from idp.domain.decision import Severity
from idp.models import SiteState
from idp.services.doctor_client import examine_addresses, examine_clients, examine_use
from idp.services.doctor_code import Code
from idp.services.doctor_finding import Finding, finding
from idp.services.doctor_policy import examine_policies, examine_roles, examine_scopes
from idp.services.doctor_record import (
    examine_consents,
    examine_growth,
    examine_keys,
    examine_ledger,
    examine_logout,
)
from idp.services.doctor_site import examine_settings, examine_site_scopes
from idp.services.site import site_state

SHOWN = 20
"""How many findings of one kind are remembered with their words."""

_ORDER = [str(severity) for severity in Severity]


def examine(now: datetime) -> list[Finding]:
    """Return everything that is wrong with the site, the worst first; nothing is changed."""
    return by_severity(each for part in PARTS for each in part(now))


def by_severity(found: Iterable[Finding]) -> list[Finding]:
    """Return findings, the worst first."""
    return sorted(found, key=lambda each: _ORDER.index(each.severity))


def remember_examination(found: Iterable[Finding], now: datetime) -> None:
    """Keep what an examination found, for the start page of the desk.

    Args:
        found: all that was found.
        now: the time.
    """
    kept: dict[str, dict[str, Any]] = {}
    for each in found:
        entry = kept.setdefault(each.code, {"count": 0, "first": []})
        entry["count"] += 1
        if len(entry["first"]) < SHOWN:
            entry["first"].append([each.subject, each.detail])
    site_state()
    SiteState.objects.filter(pk=1).update(examined_at=now, examination=kept)


def _settings(now: datetime) -> Iterator[Finding]:
    yield from examine_settings()
    if site_state().mode == SiteState.Mode.REPORT:
        yield finding(Code.REPORTING)


PARTS = (
    _settings,
    examine_site_scopes,
    examine_clients,
    examine_addresses,
    examine_use,
    examine_scopes,
    examine_policies,
    examine_roles,
    examine_keys,
    examine_ledger,
    examine_consents,
    examine_logout,
    examine_growth,
)
"""What is looked at, in this order."""
