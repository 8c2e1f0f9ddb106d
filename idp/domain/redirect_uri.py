"""Redirect URIs: which one a request may use, and which ones a client may register.

At request time URIs are compared as text. At registration time every rule looks at the URI on its
own and all findings are returned at once, with the corrected URI where one can be guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from idp.domain import host as hosts
from idp.domain import (
    redirect_uri_host,
    redirect_uri_kind,
    redirect_uri_place,
    redirect_uri_repair,
    redirect_uri_structure,
    redirect_uri_text,
    redirect_uri_wildcard,
)
from idp.domain import uri as syntax
from idp.domain.decision import Reason, Severity
from idp.domain.redirect_uri_rule import PRODUCTION, Candidate, Rule
from idp.domain.redirect_uri_view import differing_component, is_on_device, return_host
from idp.domain.uri import shorten

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

__all__ = [
    "DEVELOPMENT_ONLY",
    "MAX_REDIRECT_URIS",
    "RULES",
    "Inspection",
    "differing_component",
    "inspect",
    "inspect_all",
    "is_on_device",
    "match",
    "match_wildcard",
    "registrable",
    "return_host",
    "shorten",
]

MAX_REDIRECT_URIS = 50

# The order is the order in which people read the findings.
RULES: tuple[Rule, ...] = (
    *redirect_uri_text.RULES,
    *redirect_uri_structure.RULES,
    *redirect_uri_kind.RULES,
    *redirect_uri_host.RULES,
    *redirect_uri_place.RULES,
    *redirect_uri_wildcard.RULES,
)

_WILDCARD_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?")

DEVELOPMENT_ONLY = frozenset(rule.code for rule in RULES if rule.in_development is not None)
"""Codes of findings that say: this address belongs to development."""


def match(
    requested: str,
    registered: str,
    loopback_port: bool = False,  # noqa: FBT001, FBT002 - callers name it
    localhost: bool = False,  # noqa: FBT001, FBT002 - callers name it
) -> bool:
    """Return whether a requested redirect URI equals a registered one.

    Simple string comparison of the raw texts; nothing is normalised, trimmed, folded or decoded.
    Only the port of an http loopback URI may vary, where the caller grants that.

    Args:
        requested: ``redirect_uri`` after exactly one form-decoding of what was received.
        registered: one registered URI, as stored.
        loopback_port: the client is native or an agent, so that the port of ``127.0.0.1`` and
            ``[::1]`` may vary.
        localhost: the policy of a native client or an agent grants ``localhost`` that freedom too.

    Returns:
        False, never an exception, when either text is not an absolute URI without fragment.

    Source: RFC 9700 §2.1, §4.1.3; RFC 3986 §6.2.1; RFC 8252 §7.3, §8.3.
    """
    if not (syntax.is_absolute(requested) and syntax.is_absolute(registered)):
        return False
    if requested == registered:
        return True
    free = (hosts.LOOPBACK_LITERALS if loopback_port else frozenset()) | (
        {"localhost"} if localhost else frozenset()
    )
    return bool(free) and _same_but_port(syntax.split(requested), syntax.split(registered), free)


def _same_but_port(asked: syntax.Parts, known: syntax.Parts, free_hosts: frozenset[str]) -> bool:
    return (
        asked.scheme == "http"
        and asked.host in free_hosts
        and asked.userinfo is None
        and all(part.port is None or syntax.is_port(part.port) for part in (asked, known))
        and replace(asked, port=None, authority=None) == replace(known, port=None, authority=None)
    )


def match_wildcard(requested: str, registered: str) -> bool:
    """Return whether a requested URI fits a registered one whose leftmost host label is ``*``.

    The caller has made sure by ``registrable`` that the wildcard is allowed here and now. The
    asterisk stands for exactly one lower-case label; everything else is compared as text.
    """
    head, star, tail = registered.partition("https://*.")
    if head or not star or "*" in tail or not syntax.is_absolute(registered):
        return False
    if not syntax.is_absolute(requested) or not requested.startswith("https://"):
        return False
    label, dot, rest = requested.removeprefix("https://").partition(".")
    return bool(dot) and rest == tail and _WILDCARD_LABEL.fullmatch(label) is not None


def inspect(
    uri: str,
    kind: str = "web",
    environment: str = PRODUCTION,
    *,
    allow_wildcard: bool = False,
    wildcard_until: datetime | None = None,
    now: datetime | None = None,
    allowed_origins: Iterable[str] | None = None,
) -> list[Reason]:
    """Return everything that is to be said about a redirect URI before it is registered.

    Args:
        uri: the URI exactly as entered; any text at all.
        kind: ``web``, ``spa``, ``native``, ``service``, ``device`` or ``agent``.
        environment: ``production`` or ``development``; anything else is judged as production.
        allow_wildcard: whether the site lets development clients use a wildcard label.
        wildcard_until: when this URI's wildcard ends, aware.
        now: the present, aware; needed for wildcards only.
        allowed_origins: the CORS origins of a single-page app, or None while they are not known.

    Returns:
        Findings in the order of ``RULES``; an error refuses the URI. ``suggestion`` is a corrected
        URI that breaks no error rule and no longer has the finding, or None. Never raises for any
        ``uri``.

    Source: RFC 6749 §3.1.2; RFC 8252 §7, §8; RFC 9700 §2.1, §4.1; RFC 3986; WHATWG URL.
    """
    candidate = Candidate(
        uri,
        syntax.split(uri),
        kind,
        environment,
        allow_wildcard=allow_wildcard,
        wildcard_until=wildcard_until,
        now=now,
        allowed_origins=None if allowed_origins is None else frozenset(allowed_origins),
    )
    found = _judge(candidate)
    return _with_suggestion(candidate, found) if found else found


def _judge(candidate: Candidate) -> list[Reason]:
    return [reason for rule in RULES if (reason := rule.judge(candidate)) is not None]


def _with_suggestion(candidate: Candidate, found: list[Reason]) -> list[Reason]:
    better = redirect_uri_repair.guess(candidate.text, candidate.kind)
    if better is None or better == candidate.text:
        return found
    left = _judge(replace(candidate, text=better, parts=syntax.split(better)))
    if any(reason.is_error for reason in left):
        return found
    remaining = {reason.code for reason in left}
    return [r if r.code in remaining else replace(r, suggestion=better) for r in found]


def registrable(
    uri: str,
    kind: str,
    environment: str,
    *,
    allow_wildcard: bool = False,
    wildcard_until: datetime | None = None,
    now: datetime | None = None,
) -> bool:
    """Return whether a URI breaks no error rule, so that it may be registered and may match.

    The request rule of an enforcing site is ``registrable(known, …) and match(asked, known, …)``,
    whatever way ``known`` found into the database.

    Args:
        uri: the URI, as stored.
        kind: kind of the client.
        environment: ``production`` or ``development``.
        allow_wildcard: whether the site lets development clients use a wildcard label.
        wildcard_until: when this URI's wildcard ends, aware.
        now: the present, aware; needed for wildcards only.
    """
    candidate = Candidate(
        uri, syntax.split(uri), kind, environment, allow_wildcard, wildcard_until, now
    )
    return not any(
        reason is not None and reason.is_error
        for reason in (rule.judge(candidate) for rule in RULES)
    )


@dataclass(frozen=True, slots=True)
class Inspection:
    """One entry of a client's list of redirect URIs and what is to be said about it."""

    uri: str
    findings: tuple[Reason, ...]

    @property
    def is_error(self) -> bool:
        """Return whether the entry is refused."""
        return any(reason.is_error for reason in self.findings)


def inspect_all(
    uris: Iterable[str],
    kind: str = "web",
    environment: str = PRODUCTION,
    *,
    allow_wildcard: bool = False,
    wildcard_until: datetime | None = None,
    now: datetime | None = None,
    allowed_origins: Iterable[str] | None = None,
) -> list[Inspection]:
    """Return the findings of each URI of one client, in order, repetitions included.

    Beyond what ``inspect`` says, an entry is an error when an earlier one is the same, when it
    differs from an earlier one by its normal form only, and when 50 entries stand before it.

    Args:
        uris: the URIs as entered, one an entry.
        kind: kind of the client.
        environment: ``production`` or ``development``.
        allow_wildcard: whether the site lets development clients use a wildcard label.
        wildcard_until: when the client's wildcards end, aware.
        now: the present, aware; needed for wildcards only.
        allowed_origins: the CORS origins of a single-page app, or None while they are not known.
    """
    origins = None if allowed_origins is None else frozenset(allowed_origins)
    seen: dict[str, str] = {}
    inspections = []
    for position, text in enumerate(uris):
        findings = inspect(
            text,
            kind,
            environment,
            allow_wildcard=allow_wildcard,
            wildcard_until=wildcard_until,
            now=now,
            allowed_origins=origins,
        )
        first = seen.setdefault(redirect_uri_repair.normal_form(text), text)
        findings.extend(_in_list(text, first, position, seen))
        seen.setdefault(f"\0{text}", text)
        inspections.append(Inspection(text, tuple(findings)))
    return inspections


def _in_list(text: str, first: str, position: int, seen: dict[str, str]) -> Iterable[Reason]:
    if f"\0{text}" in seen:
        yield Reason(
            "duplicate",
            Severity.ERROR,
            "This redirect URI is listed twice; remove one of the two.",
            "RFC 9700 §4.1.3",
        )
    elif first != text:
        yield Reason(
            "duplicate_normal_form",
            Severity.ERROR,
            "This redirect URI leads to the same place as %(other)s; keep the one that the client"
            " sends.",
            "RFC 3986 §6.2.2, §6.2.3",
            {"other": shorten(first)},
        )
    if position >= MAX_REDIRECT_URIS:
        yield Reason(
            "too_many",
            Severity.ERROR,
            "A client has at most %(limit)s redirect URIs; remove those that are no longer used.",
            "RFC 9700 §4.1.3",
            {"limit": MAX_REDIRECT_URIS},
        )
