"""Who lost access by an operator's hand where no event of the ledger tells it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from idp.conf import application_model
from idp.models.expression import among
from idp.services.consent_change import Cause
from idp.services.event import record_for_each


def record_losses(kind: str, held: Iterable[tuple[Any, Any]], cause: Cause) -> None:
    """Record for each user and client how much ended; by whom, why and in which task stands there.

    Args:
        kind: of the events.
        held: keys of user and client of each row that ended; None for a row without one.
        cause: who and why.
    """
    counts = Counter(held)
    if not counts:
        return
    model = application_model()
    keys = {client for _user, client in counts if client is not None}
    names = dict(
        model._default_manager.filter(among(model, "pk", keys)).values_list("pk", "client_id")
    )
    record_for_each(
        kind,
        {(user, names.get(client, "")): number for (user, client), number in counts.items()},
        origin=cause.origin,
        detail=cause.told(),
        now=cause.at,
    )
