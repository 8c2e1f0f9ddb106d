"""Who began long work and why, as every change that it makes tells."""

from __future__ import annotations

from dataclasses import replace

from idp.models import BulkTask
from idp.services.consent_change import Cause
from idp.services.event import NOWHERE, Origin


def cause_of(task: BulkTask) -> Cause:
    """Return the cause of every change of a task; its time is the one at which the task began.

    Events and the ledger carry one reference for all of it: that of the request that began it, or
    of the task itself where no request did.
    """
    origin = Origin(**task.origin) if task.origin else NOWHERE
    if not origin.request_id:
        origin = replace(origin, request_id=str(task.pk))
    return Cause(
        actor="operator",
        at=task.created_at,
        by=task.by,
        reason=task.reason,
        origin=origin,
        task=str(task.pk),
    )
