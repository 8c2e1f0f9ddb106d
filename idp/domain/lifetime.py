"""How long tokens live: the strictest of server, client and scopes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from idp.domain.catalogue import Policy
    from idp.domain.party import ClientFacts

# Grants that stand for no user's standing permission get no refresh token (RFC 6749 §4.4.3).
WITHOUT_REFRESH = frozenset({"client_credentials", "implicit"})


@dataclass(frozen=True, slots=True)
class ServerLifetimes:
    """What the site allows at most.

    Attributes:
        access: life of an access token.
        refresh: life of a refresh token family; None means without limit.
        refresh_idle: longest pause between two refreshes; None means without limit.
    """

    access: timedelta
    refresh: timedelta | None = None
    refresh_idle: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """What one grant gets.

    Attributes:
        access: life of its access tokens.
        refresh: life of its refresh token family; None when it gets no refresh token
            (``refreshable`` is False) or when nothing limits it (``refreshable`` is True).
        refresh_idle: longest pause between two refreshes; None likewise.
        refreshable: whether a refresh token is issued at all.
    """

    access: timedelta
    refresh: timedelta | None = None
    refresh_idle: timedelta | None = None
    refreshable: bool = True


def strictest(
    *,
    server: ServerLifetimes,
    client: ClientFacts,
    policies: Iterable[Policy] = (),
    grant_type: str = "authorization_code",
) -> Lifetimes:
    """Return the lifetimes of a grant: of each kind the shortest that anyone names.

    No refresh token is issued where the grant type has none, the client may not use
    ``refresh_token``, or one policy forbids it.

    Source: RFC 6749 §§4.4.3, 6; RFC 9700 §4.14.
    """
    rules = tuple(policies)
    of_access = [client.access_token_lifetime, *(rule.access_token_lifetime for rule in rules)]
    access = min([server.access, *(span for span in of_access if span is not None)])
    if not _refreshable(client, rules, grant_type):
        return Lifetimes(access, refreshable=False)
    refresh = [server.refresh, client.refresh_token_lifetime]
    refresh += [policy.refresh_token_lifetime for policy in rules]
    idle = [server.refresh_idle, client.refresh_token_idle_lifetime]
    idle += [policy.refresh_token_idle_lifetime for policy in rules]
    longest = _shortest(refresh)
    return Lifetimes(access, longest, _shortest([*idle, longest]))


def _refreshable(client: ClientFacts, policies: Iterable[Policy], grant_type: str) -> bool:
    return (
        grant_type not in WITHOUT_REFRESH
        and "refresh_token" in client.grant_types
        and all(policy.refresh for policy in policies)
    )


def _shortest(spans: Iterable[timedelta | None]) -> timedelta | None:
    return min((span for span in spans if span is not None), default=None)
