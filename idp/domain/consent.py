"""Consent: what must be asked, what an answer grants, and how long it lasts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from idp.domain.catalogue import Catalogue, Policy
    from idp.domain.decision import Reason
    from idp.domain.party import ClientFacts
    from idp.domain.snapshot import ConsentDocument


class Duration(StrEnum):
    """How long a user lets a consent last."""

    ONCE = "once"
    THIRTY_DAYS = "30d"
    UNTIL_REVOKED = "until_revoked"


class ConsentKind(StrEnum):
    """What must be asked."""

    NOTHING = "nothing"
    NEW = "new"
    EVERYTHING = "everything"
    REFUSE = "refuse"


class EventKind(StrEnum):
    """What happened to a consent."""

    GRANTED = "granted"
    EXTENDED = "extended"
    NARROWED = "narrowed"
    DECLINED = "declined"
    RENEWED = "renewed"
    EXPIRED = "expired"
    REVOKED = "revoked"
    IMPORTED = "imported"


@dataclass(frozen=True, slots=True)
class RememberedScope:
    """Under which policy and words a scope was allowed.

    Attributes:
        policy_revision: of its policy then; 0 without one.
        words_version: of the words that were shown.
        implied: names of the scopes that it included then; None when that was not recorded.
    """

    policy_revision: int = 0
    words_version: int = 0
    implied: frozenset[str] | None = None


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


@dataclass(frozen=True, slots=True)
class ConsentDecision:
    """What must be asked.

    Attributes:
        kind: a ``ConsentKind``.
        new: asked scopes that the user has not allowed (declined ones are among them).
        changed: asked scopes that were allowed under other words, policy or meaning.
        allowed: asked scopes that hold without asking. With ``NOTHING`` exactly these are granted.
        declined: those of ``new`` that the user declined before; offered, but no cause to ask.
        reason: why; with ``REFUSE`` its code is the OAuth error.
    """

    kind: ConsentKind
    new: frozenset[str]
    changed: frozenset[str]
    allowed: frozenset[str]
    reason: Reason
    declined: frozenset[str] = frozenset()


class Accepted(NamedTuple):
    """What the answer to a consent page grants and leaves."""

    granted: frozenset[str]
    declined: frozenset[str]


def decide(
    *,
    asked: frozenset[str],
    client: ClientFacts,
    catalogue: Catalogue,
    words: Mapping[str, int],
    remembered: Remembered | None,
    prompt: frozenset[str],
    on_device: bool,
    now: datetime,
    client_consent_mode: str = "",
) -> ConsentDecision:
    """Return what must be asked before the asked scopes may be granted."""
    raise NotImplementedError


def durations(granted: frozenset[str], catalogue: Catalogue) -> tuple[str, ...]:
    """Return the durations that the user may choose from; empty for no choice."""
    raise NotImplementedError


def choose_duration(document: ConsentDocument, posted: str) -> str:
    """Return the duration that a posted one stands for."""
    raise NotImplementedError


def expiry(
    *,
    granted: frozenset[str],
    catalogue: Catalogue,
    duration: str,
    access_token_lifetime: timedelta,
    now: datetime,
    client_lifetime: timedelta | None = None,
) -> datetime | None:
    """Return when a consent ends, or None for until revoked."""
    raise NotImplementedError


def accept(document: ConsentDocument, decision: str, kept: frozenset[str]) -> Accepted:
    """Return what an answer grants; nothing that the document did not show."""
    raise NotImplementedError


def may_decline(scope: str, client: ClientFacts, policy: Policy | None) -> bool:
    """Return whether the user may decline a scope."""
    raise NotImplementedError


def difference(before: frozenset[str] | None, after: frozenset[str]) -> EventKind:
    """Return which event leads from one set of granted scopes to another."""
    raise NotImplementedError
