"""Access that operators took back and that is still being written down, row by row.

Until that is done, everything that existed at the moment of the decision is judged as if it were.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
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


def lost(
    withdrawals: Iterable[Withdrawal],
    held: frozenset[str],
    *,
    user: object,
    client: object,
    since: datetime | None,
) -> frozenset[str]:
    """Return which of the scopes that a client holds of a user were taken back.

    Args:
        withdrawals: what operators took back.
        held: the scopes.
        user: as ``Withdrawal.covers`` takes it.
        client: as ``Withdrawal.covers`` takes it.
        since: as ``Withdrawal.covers`` takes it.
    """
    covering = [row for row in withdrawals if row.covers(user, client, since)]
    if any(not row.scope for row in covering):
        return held
    return held & {row.scope for row in covering}


def is_ended(
    withdrawals: Iterable[Withdrawal], *, user: object, client: object, since: datetime | None
) -> bool:
    """Return whether everything that a client held of a user at a moment was taken back."""
    return any(not row.scope and row.covers(user, client, since) for row in withdrawals)


def _text(key: object) -> str | None:
    return None if key is None else str(key)
