"""Ending or disabling what an operator chose in a list, when it is too much for one request."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction

from idp.conf import access_token_model, application_model, refresh_token_model
from idp.models import ClientPolicy
from idp.services.client import disable_client, ensure_policy
from idp.services.consent_batch import begin_ends as begin_ends_of_consents
from idp.services.consent_batch import write_ends
from idp.services.consent_change import Cause
from idp.services.event import record_event
from idp.services.history import log_change
from idp.services.step import Step
from idp.services.token_revocation import begin_ends, begin_revoking, end_named, revoke_tokens

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
    """End chosen consents and authorizations at once, and return the first position.

    What no authorization stands behind, older tokens that is, ends when its turn comes, and so are
    clients disabled. It is recorded that the work begins, unless each client is going to have an
    event of its own.
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
    _BEGINS[chosen.what](chosen.keys, cause)
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


def _disable_clients(keys: Sequence[Any], cause: Cause) -> int:
    rows = application_model()._default_manager.filter(pk__in=keys).order_by("pk")
    found = rows.exclude(idp_policy__status=ClientPolicy.Status.DISABLED)
    users = get_user_model()
    by = users._default_manager.filter(**{users.USERNAME_FIELD: cause.by}).first()
    return sum(_disable(application, by, cause) for application in found)


@transaction.atomic
def _disable(application: Any, by: Any, cause: Cause) -> bool:
    """Disable a client, unless somebody switched it on or off after the decision."""
    policy = ensure_policy(application)
    later = policy.status_changed_at is not None and policy.status_changed_at > cause.at
    if later or policy.status == ClientPolicy.Status.DISABLED:
        return False
    disable_client(
        application,
        reason=cause.reason,
        by=by or cause.by,
        now=cause.at,
        origin=cause.origin,
        task=cause.task,
    )
    log_change(application, f"Disabled: {cause.reason}", by)
    return True


_BEGINS: Mapping[str, Callable[[Sequence[Any], Cause], None]] = MappingProxyType(
    {
        "consent": begin_ends_of_consents,
        "authorization": begin_ends,
        "access": lambda keys, cause: begin_revoking(access_token_model(), keys, cause),
        "refresh": lambda keys, cause: begin_revoking(refresh_token_model(), keys, cause),
    }
)
_ENDS: Mapping[str, Callable[[Sequence[Any], Cause], int]] = MappingProxyType(
    {
        "consent": write_ends,
        "client": _disable_clients,
        "authorization": end_named,
        "access": lambda keys, cause: revoke_tokens(access_token_model(), keys, cause),
        "refresh": lambda keys, cause: revoke_tokens(refresh_token_model(), keys, cause),
    }
)
