"""What of what a client holds the rules leave, for a user or in its own name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from idp.domain.catalogue import Catalogue
from idp.domain.party import ClientFacts
from idp.domain.scope import narrow
from idp.services.user import user_facts

OWN_NAME = frozenset({"client_credentials"})
"""Grant types of a client in its own name."""

_CONTINUED = frozenset({"refresh_token"})


def kept(
    held: frozenset[str],
    *,
    facts: ClientFacts,
    application: Any,
    user: Any,
    catalogue: Catalogue,
    now: datetime,
    grant_types: frozenset[str] | None = None,
) -> frozenset[str]:
    """Return the scopes that at least one grant type still gives.

    How a consent came about is not recorded with it, so the kindest grant type decides.

    Args:
        held: scopes that were given.
        facts: the client.
        application: the client's row, which the site's own checks receive.
        user: who gave them; None to leave the rules about users out.
        catalogue: what judges.
        now: the time.
        grant_types: by which it may have come about; None for all that the client may use.
    """
    if not held:
        return held
    giver = None if user is None else user_facts(user, application, catalogue, scopes=held)
    if grant_types is None:
        grant_types = facts.grant_types - _CONTINUED - (frozenset() if user is None else OWN_NAME)
    return frozenset().union(
        *(
            narrow(held, client=facts, user=giver, catalogue=catalogue, now=now, grant_type=name)
            for name in sorted(grant_types) or ["authorization_code"]
        )
    )
