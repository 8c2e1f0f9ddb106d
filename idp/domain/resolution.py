"""The answer to a request for scopes: granted, refused, needed, and the rules that led there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from idp.domain.decision import Reason
    from idp.domain.lifetime import Lifetimes


class Fault(StrEnum):
    """Whose fault a refusal is: it decides who hears of it, and how."""

    CLIENT = "client"
    USER = "user"
    SIGN_IN = "sign_in"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One scope that is not granted."""

    scope: str
    reason: Reason
    fault: Fault


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What one rule said of one scope, and the values that it saw."""

    scope: str
    rule: str
    outcome: str
    saw: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """What may be granted of a request.

    Attributes:
        asked: the scopes that were judged: requested ones, or the defaults.
        granted: what may be granted; empty whenever ``error`` is set.
        refused: what is not, each with the first reason.
        needs_sign_in: scopes that a fresher or stronger sign-in would give.
        needs_approval: scopes that an approval would give.
        required_missing: scopes that the client requires and this user may not give.
        lifetimes: of the tokens.
        error: OAuth error code, or None.
        description: for the developer, naming scope and rule; empty without error.
        rules: every rule in order for every scope.
    """

    asked: frozenset[str]
    granted: frozenset[str]
    refused: tuple[Refusal, ...]
    needs_sign_in: frozenset[str]
    needs_approval: frozenset[str]
    required_missing: frozenset[str]
    lifetimes: Lifetimes
    error: str | None
    description: str
    rules: tuple[RuleOutcome, ...] = ()
