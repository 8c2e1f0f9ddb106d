"""CORS origins: which pages may call the provider on behalf of a client."""

from __future__ import annotations

from dataclasses import replace

from idp.domain import redirect_uri, uri
from idp.domain.decision import Reason, Severity
from idp.domain.redirect_uri_kind import origin_text
from idp.domain.redirect_uri_rule import PRODUCTION, WEB_SCHEMES, Candidate, Rule

# Rules of redirect URIs that say nothing about an origin, or that a stricter one here replaces.
_OTHER_SUBJECT = frozenset(
    {
        "kind_without_redirect",
        "redirect_not_needed",
        "localhost_name",
        "uppercase_scheme",
        "uppercase_host",
        "default_port",
        "empty",
    }
)

RULES: tuple[Rule, ...] = (
    Rule(
        "origin_opaque",
        Severity.ERROR,
        "The origin is empty or null, which files, sandboxed frames and redirects share; write the"
        " scheme and host of the page.",
        "RFC 6454 §7.3",
        lambda c: c.text in ("", "null"),
    ),
    Rule(
        "origin_not_web",
        Severity.ERROR,
        "Browsers send origins of web pages only; begin the origin with https://.",
        "RFC 6454 §6.2; Fetch §3.2",
        lambda c: c.text not in ("", "null") and not c.is_web,
    ),
    Rule(
        "origin_with_path",
        Severity.ERROR,
        "An origin ends after its host and port; remove the slash or question mark and what"
        " follows.",
        "RFC 6454 §6.2",
        lambda c: c.is_web and bool(c.parts.path or c.parts.query is not None),
    ),
    Rule(
        "origin_not_serialized",
        Severity.ERROR,
        "Browsers write scheme and host in lower case and leave the default port out, so that this"
        " origin would never match; write it as they do.",
        "RFC 6454 §6.2; WHATWG HTML, serialization of an origin",
        lambda c: c.is_web and bool(c.parts.host) and _authority(c) != origin_text(c.parts),
    ),
)


def _authority(candidate: Candidate) -> str:
    parts = candidate.parts
    port = f":{parts.port}" if parts.port is not None else ""
    return f"{parts.scheme}://{parts.host}{port}"


def match(requested: str, registered: str) -> bool:
    """Return whether the ``Origin`` header equals a registered origin, character by character.

    ``null`` and everything else that is not scheme, host and port matches nothing.

    Source: RFC 6454 §5, §6.2, §7.1; Fetch §3.3.
    """
    return requested == registered and _is_serialized(registered)


def _is_serialized(text: str) -> bool:
    parts = uri.split(text)
    return uri.is_absolute(text) and bool(parts.host) and of(text) == text


def of(text: str) -> str | None:
    """Return the origin of an http or https URI as browsers write it, or None for anything else.

    Source: RFC 6454 §4, §6.2.
    """
    parts = uri.split(text)
    if (parts.scheme or "").lower() not in WEB_SCHEMES or not parts.host:
        return None
    return origin_text(parts)


def inspect(text: str, kind: str = "spa", environment: str = PRODUCTION) -> list[Reason]:
    """Return everything that is to be said about an origin before it is registered.

    Args:
        text: the origin exactly as entered; any text at all.
        kind: kind of the client; native clients and agents may use http on loopback anywhere.
        environment: ``production`` or ``development``; http on loopback needs the latter elsewhere.

    Returns:
        Findings; ``suggestion`` is an origin without errors, or None. Never raises.

    Source: RFC 6454 §6.2; RFC 9700 §2.1.
    """
    found = _judge(text, kind, environment)
    better = _guess(text, kind) if found else None
    if better is None or better == text:
        return found
    left = _judge(better, kind, environment)
    if any(reason.is_error for reason in left):
        return found
    remaining = {reason.code for reason in left}
    return [r if r.code in remaining else replace(r, suggestion=better) for r in found]


def _judge(text: str, kind: str, environment: str) -> list[Reason]:
    place_kind = "web" if kind in ("service", "device") else kind
    candidate = Candidate(text, uri.split(text), place_kind, environment)
    own = (rule.judge(candidate) for rule in RULES)
    shared = (
        rule.judge(candidate) for rule in redirect_uri.RULES if rule.code not in _OTHER_SUBJECT
    )
    return [reason for reason in (*own, *shared) if reason is not None]


def _guess(text: str, kind: str) -> str | None:
    findings = redirect_uri.inspect(text, kind)
    suggestions = [reason.suggestion for reason in findings if reason.suggestion]
    return of(suggestions[0] if suggestions else text)
