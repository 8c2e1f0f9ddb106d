"""The parties of a request, as plain values: what is known of client, user and sign-in."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta


class Requirement(StrEnum):
    """Whether a client can do without a scope."""

    REQUIRED = "required"
    OPTIONAL = "optional"


class ScopeState(StrEnum):
    """How far a client has come with a scope."""

    REGISTERED = "registered"
    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class ClientScope:
    """One scope that a client is registered for.

    Attributes:
        name: scope-token.
        requirement: a ``Requirement``.
        default: whether it is asked when the client names no scope.
        state: a ``ScopeState``; any other word holds nothing.
        until: when the right ends, or None.
    """

    name: str
    requirement: str = Requirement.REQUIRED
    default: bool = False
    state: str = ScopeState.REGISTERED
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFacts:
    """What decisions know of a client.

    Attributes:
        client_id: identifier on the wire.
        kind: a ``client.Kind``.
        environment: a ``client.Environment``.
        active: False once disabled.
        verified: whether the site vouches for it.
        first_party: whether it belongs to the site itself.
        grant_types: grant types that it may use, as on the wire.
        scopes: scopes that it may ask for, by name: the ceiling for every scope with a policy.
        access_token_lifetime: longest life of its access tokens; None means no opinion.
        refresh_token_lifetime: longest life of its refresh token families; None means no opinion.
        refresh_token_idle_lifetime: longest pause between two refreshes; None means no opinion.
    """

    client_id: str
    kind: str = "web"
    environment: str = "production"
    active: bool = True
    verified: bool = False
    first_party: bool = False
    grant_types: frozenset[str] = frozenset()
    scopes: Mapping[str, ClientScope] = field(default_factory=lambda: MappingProxyType({}))
    access_token_lifetime: timedelta | None = None
    refresh_token_lifetime: timedelta | None = None
    refresh_token_idle_lifetime: timedelta | None = None


@dataclass(frozen=True, slots=True)
class UserFacts:
    """What decisions know of a user.

    Attributes:
        active: False once disabled.
        groups: names of the groups.
        permissions: those permissions, among the ones that policies name, that the user has.
        checks: answers of the site's callables, by dotted path; a missing answer is a no.
    """

    active: bool = True
    groups: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    checks: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class SignInFacts:
    """How and when a user signed in.

    Attributes:
        at: when.
        acr: authentication context class reference, or empty.
        amr: authentication methods (RFC 8176).
        fresh: whether it happened for the very request at hand; it then counts as new whatever
            the clock says, so that a very short maximum age cannot send the user in circles.
    """

    at: datetime
    acr: str = ""
    amr: tuple[str, ...] = ()
    fresh: bool = False
