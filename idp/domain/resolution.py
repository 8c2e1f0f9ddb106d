"""The answer to a request for scopes: granted, refused, needed, and the rules that led there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from idp.domain import scope_rule
from idp.domain.lifetime import strictest
from idp.domain.offline_access import OFFLINE_ACCESS, without
from idp.domain.party import Requirement
from idp.domain.refusal import Code, Fault, Refusal, reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from idp.domain.catalogue import Policy
    from idp.domain.lifetime import Lifetimes, ServerLifetimes
    from idp.domain.scope_rule import Outcome, Question

NOTHING_ASKED = "The request names no scope, and no default scope applies."
_TOLD = 3
_APPROVABLE = frozenset({Code.APPROVAL_MISSING.value, Code.APPROVAL_ENDED.value})
_NOT_DESCRIPTIVE = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]")


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What one rule said of one scope.

    Attributes:
        scope: name as asked.
        rule: name of the rule.
        outcome: ``pass``, ``refuse`` or ``skip``.
        saw: the values that it saw, for operators.
    """

    scope: str
    rule: str
    outcome: Outcome
    saw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What may be granted of a request.

    Attributes:
        asked: the scopes that were judged: the requested ones, or the defaults.
        granted: what may be granted; empty whenever ``error`` is set.
        refused: what is not, by name, each with its first reason.
        needs_sign_in: scopes that a fresher or stronger sign-in would give.
        needs_approval: scopes that an approval would give.
        required_missing: scopes that the client requires and this user may not give.
        lifetimes: of the tokens, by the scopes that no rule refuses.
        error: ``invalid_scope``, ``access_denied``, ``login_required``, or None.
        description: for the developer, naming scope and rule, in the characters of
            ``error_description`` (RFC 6749 §5.2); empty without error.
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
    question: Question = field(repr=False, compare=False)
    server: ServerLifetimes = field(repr=False, compare=False)

    @property
    def rules(self) -> tuple[RuleOutcome, ...]:
        """Return what every rule said of every scope, in order; told only when somebody asks."""
        return tuple(
            RuleOutcome(name, *outcome)
            for name in sorted(self.asked)
            for outcome in scope_rule.trace(self.question, name)
        )


def answer(
    question: Question, asked: frozenset[str], server: ServerLifetimes, *, strict: bool, late: bool
) -> Resolution:
    """Return the answer to a question.

    Args:
        question: who asks, for whom, how and when.
        asked: the scopes that are asked for.
        server: the longest lifetimes that the site allows.
        strict: whether a fault of the client refuses the whole request.
        late: whether the scopes were granted before, so that what is refused now is left out.
    """
    refused = _refusals(question, asked)
    passed = asked.difference(refusal.scope for refusal in refused)
    lifetimes = _lifetimes(question, server, question.catalogue.policies(passed))
    if OFFLINE_ACCESS in passed and not lifetimes.refreshable:
        refused = (*refused, _never_lasts(question))
        passed = without(passed)
        lifetimes = _lifetimes(question, server, question.catalogue.policies(passed))
    missing = frozenset() if late else _required_missing(question, refused)
    error, blamed = _error(question, refused, passed, missing, strict=strict, late=late)
    return Resolution(
        asked=asked,
        granted=frozenset() if error else passed,
        refused=refused,
        needs_sign_in=frozenset(r.scope for r in refused if r.fault is Fault.SIGN_IN),
        needs_approval=frozenset(r.scope for r in refused if r.reason.code in _APPROVABLE),
        required_missing=missing,
        lifetimes=lifetimes,
        error=error or None,
        description=(describe(blamed) or _wordless(question)) if error else "",
        question=question,
        server=server,
    )


def report(resolution: Resolution, binding: frozenset[str] = frozenset()) -> Resolution:
    """Return the answer where rules only report: all that was asked, and what they would refuse.

    A disabled client or user is refused all the same, and so is a request with a refusal whose
    code is in ``binding``; ``offline_access`` alone is passed over. Policies shorten no lifetime.
    """
    if not is_active(resolution.question):
        return resolution
    lifetimes = _lifetimes(resolution.question, resolution.server, ())
    bound = tuple(r for r in resolution.refused if r.reason.code in binding)
    if resolution.question.user is not None and not lifetimes.refreshable:
        # Whatever the rules say, nothing of it could be given.
        bound += tuple(
            r for r in resolution.refused if r.scope == OFFLINE_ACCESS and r not in bound
        )
    left = resolution.asked.difference(r.scope for r in bound)
    if bound and not (left and all(r.scope == OFFLINE_ACCESS for r in bound)):
        words = describe(bound)
        nothing = frozenset[str]()
        return replace(resolution, granted=nothing, error="invalid_scope", description=words)
    return replace(
        resolution,
        granted=left,
        needs_sign_in=frozenset(),
        required_missing=frozenset(),
        lifetimes=lifetimes,
        error=None,
        description="",
    )


def is_active(question: Question) -> bool:
    """Return whether client and user, where there is one, may act at all."""
    return question.client.active and (question.user is None or question.user.active)


def refused_names(question: Question, asked: frozenset[str]) -> frozenset[str]:
    """Return the scopes that some rule refuses, without words."""
    return frozenset(
        name
        for name in asked
        if scope_rule.first_refusal(question, scope_rule.item(question, name))
    )


def describe(refused: Sequence[Refusal]) -> str:
    """Return an ``error_description`` that names scopes and rules, the first few of them.

    Source: RFC 6749 §5.2, which leaves out quotes, backslashes and all beyond ASCII.
    """
    told = [f"{r.scope[:100]}: {r.reason.code}. {r.reason.message[:200]}" for r in refused[:_TOLD]]
    if len(refused) > _TOLD:
        told.append(f"And {len(refused) - _TOLD} more.")
    return _NOT_DESCRIPTIVE.sub("?", " ".join(told))


def _wordless(question: Question) -> str:
    """Return the description of an error that no scope can be blamed for."""
    if is_active(question):
        return NOTHING_ASKED
    code = Code.USER_INACTIVE if question.client.active else Code.CLIENT_DISABLED
    return reason(code, scope="", grant_type=question.grant_type).message


def _refusals(question: Question, asked: Iterable[str]) -> tuple[Refusal, ...]:
    refused = []
    for name in sorted(asked):
        found = scope_rule.first_refusal(question, scope_rule.item(question, name))
        if found:
            code, fault = found
            words = reason(code, scope=name, grant_type=question.grant_type)
            refused.append(Refusal(name, words, fault))
    return tuple(refused)


def _never_lasts(question: Question) -> Refusal:
    """Return the refusal of a scope that no rule refuses, where a policy forbids refresh tokens."""
    code, name = Code.GRANT_TYPE_NOT_ALLOWED, OFFLINE_ACCESS
    return Refusal(name, reason(code, scope=name, grant_type=question.grant_type), Fault.CLIENT)


def _required_missing(question: Question, refused: Iterable[Refusal]) -> frozenset[str]:
    """A refusal for the user's sake means that the client is registered, or that nobody asks."""
    rows = question.client.scopes
    return frozenset(
        r.scope
        for r in refused
        if r.fault is Fault.USER
        and r.scope in rows
        and r.scope != OFFLINE_ACCESS
        and rows[r.scope].requirement != Requirement.OPTIONAL
    )


def _error(
    question: Question,
    refused: tuple[Refusal, ...],
    passed: frozenset[str],
    missing: frozenset[str],
    *,
    strict: bool,
    late: bool,
) -> tuple[str, tuple[Refusal, ...]]:
    """Return the error code, or an empty text, and the refusals that it comes from."""
    if not is_active(question):
        return "access_denied", refused
    of_client = tuple(r for r in refused if r.fault is Fault.CLIENT and r.scope != OFFLINE_ACCESS)
    if strict and of_client:
        return "invalid_scope", of_client
    if missing:
        return "access_denied", tuple(r for r in refused if r.scope in missing)
    of_sign_in = tuple(r for r in refused if r.fault is Fault.SIGN_IN)
    if of_sign_in and not late:
        return "login_required", of_sign_in
    return ("", ()) if passed else ("invalid_scope", refused)


def _lifetimes(
    question: Question, server: ServerLifetimes, policies: Iterable[Policy]
) -> Lifetimes:
    return strictest(
        server=server,
        client=question.client,
        policies=policies,
        grant_type=question.grant_type,
    )
