"""The catalogue of scopes and their policies, as plain values read by every rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta

    from idp.domain.withdrawal import Withdrawal


class Sensitivity(StrEnum):
    """How much harm a scope can do in the wrong hands."""

    BASIC = "basic"
    SENSITIVE = "sensitive"
    RESTRICTED = "restricted"


class Admission(StrEnum):
    """Which clients a policy lets ask, from the widest to the narrowest."""

    ANY = "any"
    LISTED = "listed"
    VERIFIED = "verified"
    FIRST_PARTY = "first_party"
    APPROVED = "approved"


class ConsentMode(StrEnum):
    """How often a policy wants the user asked."""

    REMEMBER = "remember"
    ALWAYS = "always"
    IMPLICIT_FIRST_PARTY = "implicit_first_party"


class Unpoliced(StrEnum):
    """What a scope without a policy gets."""

    DENY = "deny"
    PASS_THROUGH = "pass_through"  # noqa: S105 - no password
    DEFAULTS_ONLY = "defaults_only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A named rule set that scopes share.

    Attributes:
        name: unique name.
        sensitivity: a ``Sensitivity``.
        clients: an ``Admission``; any other word admits nobody.
        groups: the user must be in one of them; None means everyone, an empty set nobody.
        permission: permission that the user must have, or empty.
        user_check: dotted path of a site's callable that must say yes, or empty; it is evaluated
            outside and its answer arrives in ``UserFacts.checks``.
        grant_types: grant types that may obtain the scope; None means any.
        consent: a ``ConsentMode``; any other word asks always.
        consent_lifetime: longest life of a consent with this scope; None means until revoked.
        optional: whether the user may decline the scope where the client does not require it.
        choose_duration: whether the user may choose how long the consent lasts.
        max_authentication_age: oldest sign-in that may give the scope; None means any.
        acr_values: authentication contexts that are strong enough; empty means any.
        access_token_lifetime: longest life of an access token; None means no opinion.
        refresh_token_lifetime: longest life of a refresh token family; None means no opinion.
        refresh_token_idle_lifetime: longest pause between two refreshes; None means no opinion.
        refresh: whether a refresh token may be issued together with the scope.
        approver_differs: whether an approval must come from someone else than the requester.
        revision: grows with each change of meaning.
    """

    name: str
    sensitivity: str = Sensitivity.BASIC
    clients: str = Admission.ANY
    groups: frozenset[str] | None = None
    permission: str = ""
    user_check: str = ""
    grant_types: frozenset[str] | None = None
    consent: str = ConsentMode.REMEMBER
    consent_lifetime: timedelta | None = None
    optional: bool = False
    choose_duration: bool = False
    max_authentication_age: timedelta | None = None
    acr_values: tuple[str, ...] = ()
    access_token_lifetime: timedelta | None = None
    refresh_token_lifetime: timedelta | None = None
    refresh_token_idle_lifetime: timedelta | None = None
    refresh: bool = True
    approver_differs: bool = True
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Scope:
    """One scope of the catalogue.

    Attributes:
        name: scope-token (RFC 6749 §3.3).
        api: identifier URI of the protected resource that it belongs to.
        api_name: name of that resource for people.
        policy: the rule set that it follows, or None while it has none.
        active: False once retired.
        public: whether discovery may list it.
        default: whether a request that names no scope asks for it, where the client has no
            defaults of its own.
        implies: names of the scopes that it includes directly.
    """

    name: str
    api: str = ""
    api_name: str = ""
    policy: Policy | None = None
    active: bool = True
    public: bool = True
    default: bool = False
    implies: frozenset[str] = frozenset()


class Family(NamedTuple):
    """A scope with all that it includes.

    Attributes:
        members: the scope first, then those that it includes, by name.
        policies: those of the members, each once.
    """

    members: tuple[Scope, ...]
    policies: tuple[Policy, ...]


NO_FAMILY = Family((), ())


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every scope of the site under one version.

    Attributes:
        scopes: name to scope.
        version: grows with each change; two catalogues of one version are equal.
        unpoliced: an ``Unpoliced``: what a scope without a policy gets; any other word denies.
        jwt_apis: identifiers of the APIs that read access tokens by themselves.
        withdrawals: what operators took back and is still being written down.
    """

    scopes: Mapping[str, Scope] = field(default_factory=lambda: MappingProxyType({}))
    version: int = 0
    unpoliced: str = Unpoliced.DENY
    jwt_apis: frozenset[str] = frozenset()
    withdrawals: tuple[Withdrawal, ...] = ()
    _families: dict[str, Family] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def family(self, name: str) -> Family:
        """Return a scope with all that it includes; empty for an unknown name.

        Includes nothing through an unknown or retired scope. Cycles do no harm.
        """
        known = self._families.get(name)
        if known is None:
            if name not in self.scopes:
                return NO_FAMILY
            known = self._families[name] = self._family(self.scopes[name])
        return known

    def implied(self, name: str) -> frozenset[str]:
        """Return the names of all scopes that a scope includes, itself excepted."""
        return frozenset(scope.name for scope in self.family(name).members[1:])

    def effective(self, scopes: Iterable[str]) -> frozenset[str]:
        """Return scopes plus everything that they include: what a token can really do."""
        names = frozenset(scopes)
        return names.union(*(self.implied(name) for name in names))

    def policies(self, scopes: Iterable[str]) -> tuple[Policy, ...]:
        """Return the policies that rule scopes and all that they include, each once, by name."""
        found = {policy.name: policy for name in scopes for policy in self.family(name).policies}
        return tuple(found[name] for name in sorted(found))

    def _family(self, root: Scope) -> Family:
        found: dict[str, Scope] = {}
        waiting = set(root.implies)
        while waiting:
            scope = self.scopes.get(waiting.pop())
            if scope is None or not scope.active or scope.name == root.name:
                continue
            if scope.name not in found:
                found[scope.name] = scope
                waiting |= scope.implies
        members = (root, *(found[name] for name in sorted(found)))
        policies = {scope.policy.name: scope.policy for scope in members if scope.policy}
        return Family(members, tuple(policies.values()))


def find_cycle(implies: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Return one cycle of a relation as names, first equal to last; empty when there is none.

    Args:
        implies: name to the names that it includes directly.
    """
    done: set[str] = set()
    for start in sorted(implies):
        cycle = _walk(start, implies, done)
        if cycle:
            return cycle
    return ()


def _walk(start: str, implies: Mapping[str, Iterable[str]], done: set[str]) -> tuple[str, ...]:
    """Search depth-first without recursion, so that a long chain cannot exhaust the stack."""
    path: list[str] = []
    on_path: set[str] = set()
    stack: list[tuple[str, bool]] = [(start, True)]
    while stack:
        name, entering = stack.pop()
        if not entering:
            path.pop()
            on_path.discard(name)
            done.add(name)
            continue
        if name in on_path:
            return (*path[path.index(name) :], name)
        if name in done:
            continue
        path.append(name)
        on_path.add(name)
        stack.append((name, False))
        stack.extend((child, True) for child in sorted(implies.get(name, ()), reverse=True))
    return ()
