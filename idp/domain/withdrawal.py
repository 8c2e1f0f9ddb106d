"""Access that operators took back and that is still being written down, row by row.

Until that is done, everything that existed at the moment of the decision is judged as if it were.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from idp.domain.offline_access import OFFLINE_ACCESS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """What was taken back; what is not named is not limited.

    Attributes:
        at: the moment of the decision; what was given later is left alone.
        key: identifies the work that writes it down.
        user, client: keys as text; empty for every user, for every client.
        scope: this scope alone; empty for everything.
        consents: whether consent goes as well, or tokens alone.
    """

    at: datetime
    key: str = ""
    user: str = ""
    client: str = ""
    scope: str = ""
    consents: bool = True

    def covers(self, user: object, client: object, since: datetime | None) -> bool:
        """Return whether it is about what a client holds of a user since a moment.

        Args:
            user: key of the user; None for a client in its own name.
            client: key of the client.
            since: when it was given; None where nobody knows, which is taken for long ago.
        """
        whose = self.user in {"", _text(user)} and self.client in {"", _text(client)}
        return whose and (since is None or since <= self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What a client holds of a user by one act.

    What a consent gives silently is as old as that consent. So nothing slips through that was given
    while an operator's decision was on its way, and what users decide later holds.

    Attributes:
        user: key of the user; None for a client in its own name.
        client: key of the client.
        since: when it was given; None where nobody knows, which is taken for long ago.
        decided_at: when the consent behind it was decided; None without one.
        scopes_since: since when that consent grants each scope.
        outlives: whether its sign-in ended, so that ``offline_access`` alone keeps it.
    """

    user: object
    client: object
    since: datetime | None
    decided_at: datetime | None = None
    scopes_since: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    outlives: bool = False

    def given(self, row: Withdrawal) -> datetime | None:
        """Return when what a withdrawal names was given; None for long ago."""
        if self.since is None or not row.consents:
            return self.since
        decided = self.scopes_since.get(row.scope) if row.scope else self.decided_at
        return min(self.since, decided or self.since)


def lost(
    withdrawals: Iterable[Withdrawal], held: frozenset[str], holding: Holding
) -> frozenset[str]:
    """Return which of the scopes that a client holds of a user were taken back.

    Args:
        withdrawals: what operators took back.
        held: the scopes.
        holding: by which it holds them.
    """
    gone = _gone(withdrawals, holding)
    return held if _ends(gone, holding) else held & gone


def is_ended(withdrawals: Iterable[Withdrawal], holding: Holding) -> bool:
    """Return whether everything that a client holds of a user by one act was taken back.

    Who signed out stays connected by ``offline_access``: with it goes all the rest.
    """
    return _ends(_gone(withdrawals, holding), holding)


def _gone(withdrawals: Iterable[Withdrawal], holding: Holding) -> frozenset[str]:
    """Return the scopes that were taken back; an empty name among them stands for everything."""
    return frozenset(
        row.scope
        for row in withdrawals
        if row.covers(holding.user, holding.client, holding.given(row))
    )


def _ends(gone: frozenset[str], holding: Holding) -> bool:
    return "" in gone or (holding.outlives and OFFLINE_ACCESS in gone)


def _text(key: object) -> str | None:
    return None if key is None else str(key)
