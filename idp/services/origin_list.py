"""Origins that enabled clients registered, as every process remembers them for a moment."""

from __future__ import annotations

import time
from functools import lru_cache

from idp.conf import application_model
from idp.domain import origin as rules
from idp.models import ClientPolicy

REMEMBERED_SECONDS = 10
LONGEST = 300


def is_registered_origin(origin: str) -> bool:
    """Return whether an enabled client registered an origin, by exact comparison (RFC 6454 §5)."""
    if not origin or len(origin) > LONGEST:
        return False
    return origin in _registered(int(time.monotonic() // REMEMBERED_SECONDS))


def forget_origins() -> None:
    """Drop this process's copy, after a client changed."""
    _registered.cache_clear()


@lru_cache(maxsize=1)
def _registered(_moment: int) -> frozenset[str]:
    rows = (
        application_model()
        ._default_manager.exclude(allowed_origins="")
        .exclude(idp_policy__status=ClientPolicy.Status.DISABLED)
        .values_list("allowed_origins", "idp_policy__kind", "idp_policy__environment")
    )
    return frozenset(
        origin
        for origins, kind, environment in rows.iterator(chunk_size=500)
        for origin in origins.split()
        if not any(
            reason.is_error
            for reason in rules.inspect(
                origin, kind=kind or "spa", environment=environment or "production"
            )
        )
    )
