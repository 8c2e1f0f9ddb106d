"""How often a client may call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.throttling import SimpleRateThrottle

from idp.contrib.rest_framework import access_of

if TYPE_CHECKING:
    from rest_framework.request import Request


class ClientThrottle(SimpleRateThrottle):
    """Counts by client and user together, so that one user's load does not shut out another."""

    scope = "client"
    rate = "240/min"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        """Return the name of the counter, or None where nobody is known."""
        access = access_of(request)
        if access is None:
            return None
        user = access.user.pk if access.user else "-"
        return self.cache_format % {"scope": self.scope, "ident": f"{access.client_id}:{user}"}
