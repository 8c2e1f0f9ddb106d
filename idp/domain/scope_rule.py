"""The rules that judge one scope for one request: small functions in a fixed order.

A scope that includes others is judged by their policies too, so that no policy can be passed by
asking for a scope that includes what it guards. An included scope without a policy of its own
follows the one that includes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from idp.domain import scope_sight as sight
from idp.domain.catalogue import Admission, Unpoliced
from idp.domain.offline_access import OFFLINE_ACCESS, can_last
from idp.domain.party import ScopeState
from idp.domain.refusal import Code, Fault

if TYPE_CHECKING:
    from datetime import datetime

    from idp.domain.catalogue import Catalogue, Policy, Scope
    from idp.domain.party import ClientFacts, ClientScope, SignInFacts, UserFacts


class Outcome(StrEnum):
    """What a rule says where it does not refuse, and how a refusal is recorded."""

    PASS = "pass"  # noqa: S105 - no password
    REFUSE = "refuse"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks for scopes, for whom, how and when."""

    client: ClientFacts
    user: UserFacts | None
    sign_in: SignInFacts | None
    catalogue: Catalogue
    grant_type: str
    now: datetime


class Item(NamedTuple):
    """One scope of the question.

    Attributes:
        name: as asked.
        family: the scope and all that it includes; empty when it is unknown.
        policies: those of the whole family, each once.
        row: what the client is registered for under this name, or None.
    """

    name: str
    family: tuple[Scope, ...]
    policies: tuple[Policy, ...]
    row: ClientScope | None


Verdict = Outcome | Code

# Which states of a client's scope are enough where a policy wants an operator's hand; elsewhere
# it is enough that the client holds it and nobody refused.
_HELD = frozenset({ScopeState.REGISTERED, ScopeState.REQUESTED, ScopeState.APPROVED})
_ENOUGH: Mapping[str, frozenset[ScopeState]] = MappingProxyType(
    {
        Admission.LISTED: frozenset({ScopeState.REGISTERED, ScopeState.APPROVED}),
        Admission.APPROVED: frozenset({ScopeState.APPROVED}),
    }
)
_CLASSLESS = frozenset({Admission.ANY, Admission.LISTED, Admission.APPROVED})


class Rule(NamedTuple):
    """One rule: its name, whose fault a refusal is, what it says and what it saw."""

    name: str
    fault: Fault
    judge: Callable[[Question, Item], Verdict]
    saw: Callable[[Question, Item], str]


def item(question: Question, name: str) -> Item:
    """Return what the rules look at for one scope name."""
    return Item(name, *question.catalogue.family(name), question.client.scopes.get(name))


def first_refusal(question: Question, asked: Item) -> tuple[Code, Fault] | None:
    """Return the first refusal of a scope and whose fault it is, or None when all rules let it."""
    for rule in RULES:
        verdict = rule.judge(question, asked)
        if isinstance(verdict, Code):
            return verdict, rule.fault
    return None


def trace(question: Question, name: str) -> Iterator[tuple[str, Outcome, str]]:
    """Yield each rule's name, outcome and the values that it saw, in order."""
    asked = item(question, name)
    for rule in RULES:
        verdict = rule.judge(question, asked)
        outcome = Outcome.REFUSE if isinstance(verdict, Code) else verdict
        yield rule.name, outcome, rule.saw(question, asked)


def _client_active(question: Question, asked: Item) -> Verdict:
    return Outcome.PASS if question.client.active else Code.CLIENT_DISABLED


def _user_active(question: Question, asked: Item) -> Verdict:
    if question.user is None:
        return Outcome.SKIP
    return Outcome.PASS if question.user.active else Code.USER_INACTIVE


def _known(question: Question, asked: Item) -> Verdict:
    return Outcome.PASS if asked.family else Code.UNKNOWN_SCOPE


def _retired(question: Question, asked: Item) -> Verdict:
    if not asked.family:
        return Outcome.SKIP
    return Outcome.PASS if asked.family[0].active else Code.RETIRED


def _registered(question: Question, asked: Item) -> Verdict:
    if not asked.family:
        return Outcome.SKIP
    if asked.row is None:
        return Code.NOT_REGISTERED if asked.family[0].policy else Outcome.SKIP
    return Outcome.PASS


def _approved(question: Question, asked: Item) -> Verdict:
    verdict: Verdict = Outcome.SKIP
    for scope in asked.family:
        row = question.client.scopes.get(scope.name)
        answer = _approval(row, scope.policy, question.now)
        if isinstance(answer, Code):
            # That the asked scope itself is not registered is for the rule before to say.
            if row is not None or scope is not asked.family[0]:
                return answer
        elif row is not None:
            verdict = answer
    return verdict


def _approval(row: ClientScope | None, policy: Policy | None, now: datetime) -> Verdict:
    enough = _ENOUGH.get(policy.clients, _HELD) if policy else _HELD
    if row is None:
        return Outcome.PASS if enough is _HELD else Code.APPROVAL_MISSING
    if row.state == ScopeState.REFUSED:
        return Code.APPROVAL_REFUSED
    if row.until is not None and row.until <= now:
        return Code.APPROVAL_ENDED
    return Outcome.PASS if row.state in enough else Code.APPROVAL_MISSING


def _grant_type(question: Question, asked: Item) -> Verdict:
    if not asked.family:
        return Outcome.SKIP
    allowed = question.grant_type in question.client.grant_types and all(
        policy.grant_types is None or question.grant_type in policy.grant_types
        for policy in asked.policies
    )
    if asked.name == OFFLINE_ACCESS:
        allowed = allowed and can_last(question.grant_type, question.client.grant_types)
    return Outcome.PASS if allowed else Code.GRANT_TYPE_NOT_ALLOWED


def _trusted(question: Question, asked: Item) -> Verdict:
    if not asked.family:
        return Outcome.SKIP
    scope = asked.family[0]
    if scope.policy is None and not _passes_unpoliced(question.catalogue, scope):
        return Code.CLIENT_NOT_TRUSTED
    trusted = all(_admits(policy, question.client) for policy in asked.policies)
    return Outcome.PASS if trusted else Code.CLIENT_NOT_TRUSTED


def _passes_unpoliced(catalogue: Catalogue, scope: Scope) -> bool:
    if catalogue.unpoliced == Unpoliced.DEFAULTS_ONLY:
        return scope.default
    return catalogue.unpoliced == Unpoliced.PASS_THROUGH


def _admits(policy: Policy, client: ClientFacts) -> bool:
    """Trust is a ladder: what the site owns it need not verify."""
    if policy.clients in _CLASSLESS:
        return True
    if policy.clients == Admission.VERIFIED:
        return client.verified or client.first_party
    return policy.clients == Admission.FIRST_PARTY and client.first_party


def _eligible(question: Question, asked: Item) -> Verdict:
    user = question.user
    if user is None or not asked.family:
        return Outcome.SKIP
    if all(_may_give(policy, user) for policy in asked.policies):
        return Outcome.PASS
    return Code.USER_NOT_ELIGIBLE


def _may_give(policy: Policy, user: UserFacts) -> bool:
    return (
        (policy.groups is None or not policy.groups.isdisjoint(user.groups))
        and (not policy.permission or policy.permission in user.permissions)
        and (not policy.user_check or user.checks.get(policy.user_check) is True)
    )


def _fresh(question: Question, asked: Item) -> Verdict:
    sign_in = question.sign_in
    if sign_in is None or not asked.family:
        return Outcome.SKIP
    age = question.now - sign_in.at
    good = sign_in.fresh or all(
        policy.max_authentication_age is None or age <= policy.max_authentication_age
        for policy in asked.policies
    )
    return Outcome.PASS if good else Code.SIGN_IN_TOO_OLD


def _strong(question: Question, asked: Item) -> Verdict:
    sign_in = question.sign_in
    if sign_in is None or not asked.family:
        return Outcome.SKIP
    good = all(
        not policy.acr_values or sign_in.acr in policy.acr_values for policy in asked.policies
    )
    return Outcome.PASS if good else Code.ACR_TOO_WEAK


# The order is the specification: who acts, then what the client may ask, then what the user may
# give, then whether the sign-in is good enough. The first refusal of a scope is its reason.
RULES: tuple[Rule, ...] = (
    Rule("client_active", Fault.CLIENT, _client_active, sight.client_active),
    Rule("user_active", Fault.USER, _user_active, sight.user_active),
    Rule("known", Fault.CLIENT, _known, sight.known),
    Rule("not_retired", Fault.CLIENT, _retired, sight.retired),
    Rule("registered", Fault.CLIENT, _registered, sight.registered),
    Rule("approved", Fault.CLIENT, _approved, sight.approved),
    Rule("grant_type", Fault.CLIENT, _grant_type, sight.grant_type),
    Rule("client_trusted", Fault.CLIENT, _trusted, sight.trusted),
    Rule("user_eligible", Fault.USER, _eligible, sight.eligible),
    Rule("sign_in_age", Fault.SIGN_IN, _fresh, sight.fresh),
    Rule("sign_in_strength", Fault.SIGN_IN, _strong, sight.strong),
)
