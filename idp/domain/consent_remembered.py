"""What one user has allowed one client, as decisions read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from idp.domain.consent_answer import Duration

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class RememberedScope:
    """Under which policy and words a scope was allowed.

    Attributes:
        policy_revision: of its policy then; 0 without one.
        words_version: of the words that were shown.
        implied: names of the scopes that it included then; None when that was not recorded.
        policy: name of its policy then; None when that was not recorded.
    """

    policy_revision: int = 0
    words_version: int = 0
    implied: frozenset[str] | None = None
    policy: str | None = None


@dataclass(frozen=True, slots=True)
class Remembered:
    """The present consent of one user to one client.

    Attributes:
        granted: what is allowed.
        declined: optional scopes that were offered and not taken.
        expires_at: when it ends, or None.
        live: False once revoked.
        duration: a ``Duration``; one given ``once`` never answers another request.
    """

    granted: Mapping[str, RememberedScope]
    declined: frozenset[str] = frozenset()
    expires_at: datetime | None = None
    live: bool = True
    duration: str = Duration.UNTIL_REVOKED
