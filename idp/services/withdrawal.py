"""What operators took back and unfinished tasks still write down, as the rules read it."""

from __future__ import annotations

from typing import Any

from idp.domain.withdrawal import Withdrawal
from idp.models import BulkTask

_CONSENTS = {BulkTask.Kind.TAKE_BACK: True, BulkTask.Kind.END_TOKENS: False}


def pending_withdrawals() -> tuple[Withdrawal, ...]:
    """Return what was taken back by tasks that are not finished, the oldest first."""
    rows = BulkTask.objects.filter(finished_at=None, kind__in=list(_CONSENTS))
    found = rows.order_by("created_at", "id")
    return tuple(_withdrawal(task) for task in found if not task.target.get("unused_since"))


def _withdrawal(task: BulkTask) -> Withdrawal:
    named: dict[str, Any] = task.target
    return Withdrawal(
        at=task.created_at,
        key=str(task.pk),
        user=named.get("user") or "",
        client=named.get("application") or "",
        scope=named.get("scope") or "",
        consents=_CONSENTS[BulkTask.Kind(task.kind)],
    )
