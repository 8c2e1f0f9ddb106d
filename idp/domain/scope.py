"""Scopes: their text form, and what of them may be granted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idp.domain.catalogue import Catalogue, Policy, Scope, find_cycle
from idp.domain.party import ClientFacts, ClientScope, SignInFacts, UserFacts
from idp.domain.resolution import Fault, Refusal, Resolution, RuleOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from idp.domain.lifetime import ServerLifetimes

__all__ = [
    "Catalogue",
    "ClientFacts",
    "ClientScope",
    "Fault",
    "InvalidScope",
    "Policy",
    "Refusal",
    "Resolution",
    "RuleOutcome",
    "Scope",
    "SignInFacts",
    "UserFacts",
    "as_report",
    "check_name",
    "find_cycle",
    "narrow",
    "parse",
    "reconsider",
    "resolve",
    "to_text",
]


class InvalidScope(ValueError):
    """A text that is no scope; on the wire ``invalid_scope``."""


def parse(text: str) -> frozenset[str]:
    """Return the scope names of a space-separated text."""
    raise NotImplementedError


def to_text(scopes: Iterable[str]) -> str:
    """Return scopes as they go over the wire: sorted, separated by one space."""
    return " ".join(sorted(scopes))


def check_name(name: str) -> None:
    """Raise InvalidScope unless the name is one scope-token."""
    raise NotImplementedError


def resolve(
    *,
    requested: frozenset[str] | None,
    client: ClientFacts,
    user: UserFacts | None,
    sign_in: SignInFacts | None,
    catalogue: Catalogue,
    grant_type: str,
    now: datetime,
    lifetimes: ServerLifetimes,
) -> Resolution:
    """Return what may be granted of a request, what is refused, and why."""
    raise NotImplementedError


def reconsider(
    granted: frozenset[str],
    *,
    client: ClientFacts,
    user: UserFacts | None,
    catalogue: Catalogue,
    now: datetime,
    lifetimes: ServerLifetimes,
    grant_type: str = "refresh_token",
    sign_in: SignInFacts | None = None,
) -> Resolution:
    """Return what of an earlier grant still holds; what does not is left out, not an error."""
    raise NotImplementedError


def narrow(
    granted: frozenset[str],
    *,
    client: ClientFacts,
    user: UserFacts | None,
    catalogue: Catalogue,
    now: datetime,
    grant_type: str = "refresh_token",
) -> frozenset[str]:
    """Return the subset of an earlier grant that still holds."""
    raise NotImplementedError


def as_report(resolution: Resolution) -> Resolution:
    """Return a resolution that refuses nothing but an inactive user or client."""
    raise NotImplementedError
