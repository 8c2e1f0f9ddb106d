"""The mode of the site: report or enforce."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from idp.conf import application_model, idp_settings
from idp.models import ClientPolicy, SiteState
from idp.services.event import record_event


def site_state() -> SiteState:
    """Return the one row, made on first use: report if clients exist already, else enforce."""
    state = SiteState.objects.filter(pk=1).first()
    if state is not None:
        return state
    exists = application_model()._default_manager.exists()
    mode = SiteState.Mode.REPORT if exists else SiteState.Mode.ENFORCE
    state, _created = SiteState.objects.get_or_create(
        pk=1, defaults={"mode": mode, "mode_changed_at": timezone.now()}
    )
    return state


def enforces(rule_set: str, mode: str, policy: ClientPolicy | None = None) -> bool:
    """Return whether a rule set refuses, or only reports.

    The site's code has the first word, then the client's own setting, then the site's mode.

    Args:
        rule_set: one of ``conf.RULE_SETS``.
        mode: the site's ``SiteState.mode``.
        policy: the client's row, or None for the strict defaults.
    """
    forced = idp_settings.enforce or {}
    if rule_set in forced:
        return bool(forced[rule_set])
    if policy is not None and policy.enforcement != ClientPolicy.Enforcement.INHERIT:
        return policy.enforcement == ClientPolicy.Enforcement.ENFORCE
    return mode == SiteState.Mode.ENFORCE


@transaction.atomic
def set_mode(mode: str, *, by: str = "", reason: str = "", now: datetime | None = None) -> bool:
    """Switch the site to ``report`` or ``enforce`` for a reason; return whether anything changed.

    Raises:
        ValueError: the mode is neither.
    """
    chosen = SiteState.Mode(mode)
    at = now or timezone.now()
    site_state()
    changed = (
        SiteState.objects.filter(pk=1).exclude(mode=chosen).update(mode=chosen, mode_changed_at=at)
    )
    if changed:
        record_event(
            "site.mode_changed",
            severity="info",
            detail={"mode": chosen, "by": by, "reason": reason},
            distinct=uuid.uuid4().hex,
            now=at,
        )
    return bool(changed)
