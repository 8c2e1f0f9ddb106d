"""What each rule about a scope saw, in short sentences for operators and developers.

They explain a decision and are never shown to a client: they may name groups and permissions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from idp.domain.catalogue import Admission

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idp.domain.catalogue import Policy, Scope
    from idp.domain.scope_rule import Item, Question

UNKNOWN = "no such scope"
NO_USER = "no user"
NO_SIGN_IN = "no sign-in"
ACTIVE = ("disabled", "active")


def client_active(question: Question, asked: Item) -> str:
    """Say whether the client may act."""
    return f"client {question.client.client_id} {ACTIVE[question.client.active]}"


def user_active(question: Question, asked: Item) -> str:
    """Say whether the user may act."""
    return NO_USER if question.user is None else f"account {ACTIVE[question.user.active]}"


def known(question: Question, asked: Item) -> str:
    """Say whether the catalogue has the scope."""
    return f"in catalogue version {question.catalogue.version}" if asked.family else UNKNOWN


def retired(question: Question, asked: Item) -> str:
    """Say whether the scope is in use."""
    if not asked.family:
        return UNKNOWN
    return "in use" if asked.family[0].active else "retired"


def registered(question: Question, asked: Item) -> str:
    """Say as what the client is registered for the scope."""
    if not asked.family:
        return UNKNOWN
    if asked.row is not None:
        return f"registered as {asked.row.requirement}"
    return (
        "not registered" if asked.family[0].policy else "not registered, and no policy asks for it"
    )


def approved(question: Question, asked: Item) -> str:
    """Say where the approvals of the scope and of all that it includes stand."""
    return "; ".join(_approval(question, scope) for scope in asked.family) or UNKNOWN


def grant_type(question: Question, asked: Item) -> str:
    """Say which grant types client and policies allow."""
    if not asked.family:
        return UNKNOWN
    parts = [f"grant type {question.grant_type}; client has {_list(question.client.grant_types)}"]
    parts += [
        f"policy {policy.name} allows {_list(policy.grant_types)}"
        for policy in asked.policies
        if policy.grant_types is not None
    ]
    return "; ".join(parts)


def trusted(question: Question, asked: Item) -> str:
    """Say whom the policies admit and how far the client is trusted."""
    if not asked.family:
        return UNKNOWN
    client = question.client
    marks = {"verified": client.verified, "first_party": client.first_party}
    held = [mark for mark, true in marks.items() if true]
    parts = [f"client is {_list(held or ['unverified'])}"]
    if asked.family[0].policy is None:
        parts.append(f"no policy, unpoliced scopes: {question.catalogue.unpoliced}")
        if asked.family[0].default:
            parts.append("a default scope")
    parts += [f"policy {policy.name} admits {policy.clients}" for policy in asked.policies]
    return "; ".join(parts)


def eligible(question: Question, asked: Item) -> str:
    """Say whom the policies let give the scope, and who the user is."""
    user = question.user
    if user is None:
        return NO_USER
    if not asked.family:
        return UNKNOWN
    demands = [demand for policy in asked.policies for demand in _demands(policy)]
    if not demands:
        return "everyone may give it"
    groups, permissions = _list(user.groups), _list(user.permissions)
    checks = [f"{path}: {'yes' if answer else 'no'}" for path, answer in user.checks.items()]
    has = f"user has groups {groups}; permissions {permissions}; checks {_list(checks)}"
    return "; ".join((*demands, has))


def fresh(question: Question, asked: Item) -> str:
    """Say how old the sign-in is and may be."""
    if question.sign_in is None:
        return NO_SIGN_IN
    if not asked.family:
        return UNKNOWN
    age = int((question.now - question.sign_in.at).total_seconds())
    made = "signed in for this request" if question.sign_in.fresh else f"signed in {age} s ago"
    limits = [
        f"policy {policy.name} allows {int(policy.max_authentication_age.total_seconds())} s"
        for policy in asked.policies
        if policy.max_authentication_age is not None
    ]
    return "; ".join((made, *limits))


def strong(question: Question, asked: Item) -> str:
    """Say how strong the sign-in is and must be."""
    if question.sign_in is None:
        return NO_SIGN_IN
    if not asked.family:
        return UNKNOWN
    needs = [
        f"policy {policy.name} needs {_list(policy.acr_values)}"
        for policy in asked.policies
        if policy.acr_values
    ]
    return "; ".join((f"acr {question.sign_in.acr or 'none'}", *needs))


def _approval(question: Question, scope: Scope) -> str:
    row = question.client.scopes.get(scope.name)
    admission = scope.policy.clients if scope.policy else Admission.ANY
    needed = ", approval needed" if admission == Admission.APPROVED else ""
    if row is None:
        return f"{scope.name}: not registered{needed}"
    until = f" until {row.until.isoformat()}" if row.until else ""
    return f"{scope.name}: {row.state}{until}{needed}"


def _demands(policy: Policy) -> list[str]:
    demands = []
    if policy.groups is not None:
        demands.append(f"one of the groups {_list(policy.groups)}")
    if policy.permission:
        demands.append(f"the permission {policy.permission}")
    if policy.user_check:
        demands.append(f"the check {policy.user_check}")
    return [f"policy {policy.name} asks for {demand}" for demand in demands]


def _list(words: Iterable[str]) -> str:
    return ", ".join(sorted(words)) or "none"
