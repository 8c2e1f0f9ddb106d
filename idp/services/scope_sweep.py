"""Taking a scope from the consents of a client that gave it and saw no use of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from idp.services.consent_batch import narrow_consents
from idp.services.consent_change import Cause
from idp.services.event import record_event
from idp.services.scope_use import consents_with, unused_consents
from idp.services.step import Step

BATCH = 1_000
START = "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unused:
    """A scope that users gave a client, and that it never used.

    Attributes:
        application: the client's row.
        scope: its name.
    """

    application: Any
    scope: str


def begin(work: Unused, cause: Cause, count: int) -> str:
    """Record that a scope is taken away where it is not used, and return the first position."""
    record_event(
        "client.unused_scope_taken",
        severity="info",
        client_id=work.application.client_id,
        origin=cause.origin,
        detail={**cause.told(), "scope": work.scope, "count": count},
        distinct=uuid.uuid4().hex,
        now=cause.at,
    )
    return START


def step(work: Unused, position: str, cause: Cause) -> Step:
    """Look at the next consents that gave it, and return how far the work has come.

    What is used until its turn comes is left alone.

    Args:
        work: what is taken.
        position: key of the consent that the step before ended with; a strange text begins anew.
        cause: who and why; its time is the one at which the work began.
    """
    after = int(position) if position.isdecimal() else 0
    given = consents_with(work.application, work.scope, after)
    keys = list(given.order_by("pk").values_list("pk", flat=True)[:BATCH])
    unused = list(unused_consents(keys, work.scope, cause.at).values_list("pk", flat=True))
    changed = narrow_consents(unused, frozenset({work.scope}), cause) if unused else 0
    left = str(keys[-1]) if len(keys) == BATCH else ""
    return Step(position=left, looked=len(keys), changed=changed)
