"""Scopes: their text form, and what of them may be granted."""

from __future__ import annotations

import re
import unicodedata
from types import MappingProxyType
from typing import TYPE_CHECKING

from idp.domain import resolution
from idp.domain.catalogue import Catalogue, Policy, Scope, Unpoliced, find_cycle
from idp.domain.decision import Reason, Severity
from idp.domain.lifetime import Lifetimes, ServerLifetimes
from idp.domain.party import ClientFacts, ClientScope, SignInFacts, UserFacts
from idp.domain.refusal import Code, Fault, Refusal
from idp.domain.resolution import Resolution, RuleOutcome
from idp.domain.scope_rule import Question

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

__all__ = [
    "Catalogue",
    "ClientFacts",
    "ClientScope",
    "Code",
    "Fault",
    "InvalidScope",
    "Lifetimes",
    "Policy",
    "Refusal",
    "Resolution",
    "RuleOutcome",
    "Scope",
    "ServerLifetimes",
    "SignInFacts",
    "UserFacts",
    "as_report",
    "check_name",
    "defaults",
    "find_cycle",
    "holdings",
    "narrow",
    "parse",
    "reconsider",
    "resolve",
    "to_text",
]

_NOT_IN_A_TOKEN = re.compile(r"[^\x21\x23-\x5b\x5d-\x7e]")


class InvalidScope(ValueError):
    """A text that is no scope; on the wire ``invalid_scope``.

    Attributes:
        reason: what is wrong with it, naming the character and where it stands.
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.message)
        self.reason = reason


def parse(text: str) -> frozenset[str]:
    """Return the scope names of a text; an empty text holds none.

    Whether an empty parameter means none or the defaults is for the caller to say: parameters
    without a value count as omitted (RFC 6749 §3.1).

    Args:
        text: names separated by exactly one space, as received.

    Raises:
        InvalidScope: a character that no scope-token has, or a space too many.

    Source: RFC 6749 §3.3.
    """
    if not text:
        return frozenset()
    start = 0
    names = text.split(" ")
    for name in names:
        if not name:
            raise InvalidScope(_misplaced(" ", start))
        _check(name, start)
        start += len(name) + 1
    return frozenset(names)


def to_text(scopes: Iterable[str]) -> str:
    """Return scopes as they go over the wire: sorted, separated by one space."""
    return " ".join(sorted(scopes))


def check_name(name: str) -> None:
    """Refuse a name that is not one scope-token.

    Raises:
        InvalidScope: the name is empty, or has a character that no scope-token has.

    Source: RFC 6749 §3.3.
    """
    if not name:
        text = "A scope name has at least one character."
        raise InvalidScope(Reason("empty_scope_name", Severity.ERROR, text, "RFC 6749 §3.3"))
    _check(name, 0)


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
    """Return what may be granted of a request, what is refused, and why.

    Granted is never more than what was requested or, where nothing was named, the defaults.
    A fault of the client in what it named refuses the whole request; in defaults, which it did
    not name, and with ``offline_access`` it only leaves the scope out.

    Args:
        requested: scopes that the request names, or None when it names none.
        client: who asks.
        user: who would give; None while unknown, or when there is none: rules about users skip.
        sign_in: how they signed in; None while unknown: rules about the sign-in skip.
        catalogue: scopes and policies of the site.
        grant_type: as on the wire, ``authorization_code`` at the authorization endpoint.
        now: the moment of the decision.
        lifetimes: the longest lifetimes that the site allows.

    Source: RFC 6749 §3.3.
    """
    asked = defaults(client, catalogue) if requested is None else requested
    question = Question(client, user, sign_in, catalogue, grant_type, now)
    return resolution.answer(question, asked, lifetimes, strict=requested is not None, late=False)


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
    """Return what of an earlier grant still holds; what no longer does is left out.

    The answer is an error only when client or user may not act (``access_denied``) or nothing is
    left (``invalid_scope``); at the token endpoint both are ``invalid_grant``.

    Args:
        granted: scopes of the authorization, or those of them that a refresh names.
        client: who holds the grant.
        user: who gave it; None only for client credentials. A deleted user is an inactive one.
        catalogue: scopes and policies of the site.
        now: the moment of the decision.
        lifetimes: the longest lifetimes that the site allows.
        grant_type: ``refresh_token`` at refresh; elsewhere the one that the grant came from.
        sign_in: given only where its age counts again, as at a resource server.

    Source: RFC 6749 §6; RFC 7662 §2.2.
    """
    question = Question(client, user, sign_in, catalogue, grant_type, now)
    return resolution.answer(question, granted, lifetimes, strict=False, late=True)


def narrow(
    granted: frozenset[str],
    *,
    client: ClientFacts,
    user: UserFacts | None,
    catalogue: Catalogue,
    now: datetime,
    grant_type: str = "refresh_token",
) -> frozenset[str]:
    """Return the subset of an earlier grant that still holds, as ``reconsider`` judges it."""
    question = Question(client, user, None, catalogue, grant_type, now)
    return granted - resolution.refused_names(question, granted)


def as_report(answer: Resolution, *, binding: frozenset[str] = frozenset()) -> Resolution:
    """Return an answer that refuses nothing but a disabled client or user.

    What the rules would have refused stays in ``refused`` and ``rules``.

    Args:
        answer: what the rules say.
        binding: codes of refusals that hold all the same: one such scope refuses the request.
    """
    return resolution.report(answer, binding)


def defaults(client: ClientFacts, catalogue: Catalogue) -> frozenset[str]:
    """Return the scopes of a request that names none.

    They are the client's own defaults; where it has none, those of the catalogue that it holds.

    Source: RFC 6749 §3.3.
    """
    own = frozenset(name for name, row in client.scopes.items() if row.default)
    return own or frozenset(
        scope.name
        for scope in catalogue.scopes.values()
        if scope.default and scope.active and _holds(client, scope, catalogue.unpoliced)
    )


def holdings(client: ClientFacts, catalogue: Catalogue) -> frozenset[str]:
    """Return the scopes that a client holds: its own, and those that need no registration."""
    return frozenset(
        scope.name
        for scope in catalogue.scopes.values()
        if scope.active and _holds(client, scope, catalogue.unpoliced)
    )


def _holds(client: ClientFacts, scope: Scope, unpoliced: str) -> bool:
    if scope.name in client.scopes:
        return True
    return scope.policy is None and unpoliced in {Unpoliced.PASS_THROUGH, Unpoliced.DEFAULTS_ONLY}


def _check(name: str, start: int) -> None:
    found = _NOT_IN_A_TOKEN.search(name)
    if found:
        raise InvalidScope(_misplaced(found[0], start + found.start()))


def _misplaced(character: str, index: int) -> Reason:
    """Name a character in plain ASCII, so that the sentence can go into an error_description."""
    named = f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()
    return Reason(
        "invalid_scope_character",
        Severity.ERROR,
        "The character %(character)s at position %(position)s has no place in a scope.",
        "RFC 6749 §3.3",
        MappingProxyType({"character": named, "position": index + 1}),
    )
