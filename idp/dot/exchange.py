"""What is known of one request at a back-channel endpoint while it passes through oauthlib."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from idp.services.origin import origin_of_meta

if TYPE_CHECKING:
    from oauthlib.common import Request

    from idp.domain.resolution import Resolution
    from idp.models import Authorization, IssuedToken
    from idp.services.client import Client
    from idp.services.event import Origin

KEY = "idp.exchange"
"""Where the exchange travels in the request's variables."""

_ATTRIBUTE = "idp_exchange"
"""Where it rests on an oauthlib request."""


@dataclass(slots=True)
class Exchange:
    """State of one token, revocation or introspection request.

    Attributes:
        origin: where it came from.
        now: one time for the whole request.
        client: the authenticated client, once it is.
        method: how the client authenticated; empty until it did.
        audiences: identifiers of this provider that a client assertion may name.
        authorization: the act of authorization behind a code or refresh token.
        grant: the toolkit's row of the code.
        issued: our row of the presented refresh token.
        presented: the refresh token as presented.
        resolution: what may be granted now.
        resources: the APIs that the new token was asked for (RFC 8707), once they are judged.
        redeemed: whether this request took the one redemption of its code.
        unwritten: our rows of new tokens, where whoever began the exchange holds a transaction open
            and writes them at its end; else None.
    """

    origin: Origin
    now: datetime = field(default_factory=timezone.now)
    client: Client | None = None
    method: str = ""
    audiences: frozenset[str] = frozenset()
    authorization: Authorization | None = None
    grant: Any = None
    issued: IssuedToken | None = None
    presented: str = ""
    resolution: Resolution | None = None
    resources: list[str] | None = None
    redeemed: bool = False
    unwritten: list[IssuedToken] | None = None


def exchange_of(request: Request) -> Exchange:
    """Return the exchange of an oauthlib request, begun here where no view began it."""
    # Asked for by every rule: as an attribute it is found without a search through the headers.
    found = vars(request).get(_ATTRIBUTE)
    if found is None:
        found = request.headers.get(KEY) or Exchange(origin_of_meta(request.headers))
        setattr(request, _ATTRIBUTE, found)
    exchange: Exchange = found
    return exchange
