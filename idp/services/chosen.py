"""Ending or disabling what an operator chose in a list, when it is too much for one request."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.db.models import F

from idp.conf import access_token_model, application_model, refresh_token_model
from idp.domain.consent import EventKind
from idp.models import ClientPolicy, Consent
from idp.models.expression import among
from idp.services.client import disable_client
from idp.services.consent_batch import end_consents
from idp.services.consent_change import Cause
from idp.services.event import record_event
from idp.services.step import Step
from idp.services.token_revocation import end_named, revoke_tokens

MOST = 10_000
"""How many rows can be chosen; whoever needs more takes access back from a client or a user."""
BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Rows of one kind.

    Attributes:
        what: ``consent``, ``authorization``, ``access``, ``refresh`` or ``client``.
        keys: their primary keys.
    """

    what: str
    keys: tuple[Any, ...]


def begin_ending(chosen: Chosen, cause: Cause) -> str:
    """Make tokens that rest on chosen consents worthless, and return the first position.

    It is recorded that the work begins, unless each client is going to have an event of its own.
    """
    if chosen.what == "client":
        return "0"
    record_event(
        "consent.taken_back" if chosen.what == "consent" else "authorization.ended_by_operator",
        severity="info",
        origin=cause.origin,
        detail={**cause.told(), "count": len(chosen.keys)},
        distinct=uuid.uuid4().hex,
        now=cause.at,
    )
    if chosen.what == "consent":
        rows = Consent.objects.filter(among(Consent, "pk", chosen.keys))
        rows.filter(status=Consent.Status.ACTIVE).update(epoch=F("epoch") + 1)
    return "0"


def ending_step(chosen: Chosen, position: str, cause: Cause) -> Step:
    """End the next batch, and return how far the work has come.

    Args:
        chosen: the rows.
        position: where the step before ended; a strange text begins anew.
        cause: who and why.
    """
    start = int(position) if position.isdecimal() else 0
    keys = chosen.keys[start : start + BATCH]
    changed = _ENDS[chosen.what](keys, cause) if keys else 0
    end = start + BATCH
    left = str(end) if end < len(chosen.keys) else ""
    return Step(position=left, looked=len(keys), changed=changed)


def _end_consents(keys: Sequence[Any], cause: Cause) -> int:
    return end_consents(keys, Consent.Status.REVOKED, EventKind.REVOKED, cause)


def _disable_clients(keys: Sequence[Any], cause: Cause) -> int:
    rows = application_model()._default_manager.filter(pk__in=keys).order_by("pk")
    found = rows.exclude(idp_policy__status=ClientPolicy.Status.DISABLED)
    changed = 0
    for application in found:
        disable_client(application, reason=cause.reason, by=cause.by, now=cause.at)
        changed += 1
    return changed


_ENDS: Mapping[str, Callable[[Sequence[Any], Cause], int]] = MappingProxyType(
    {
        "consent": _end_consents,
        "client": _disable_clients,
        "authorization": end_named,
        "access": lambda keys, cause: revoke_tokens(access_token_model(), keys, cause),
        "refresh": lambda keys, cause: revoke_tokens(refresh_token_model(), keys, cause),
    }
)
