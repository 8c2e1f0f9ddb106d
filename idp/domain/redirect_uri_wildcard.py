"""Rules for the one asterisk that a site may let its development clients use."""

from __future__ import annotations

from idp.domain import host as hosts
from idp.domain.decision import Severity
from idp.domain.redirect_uri_rule import Candidate, Rule


def _wildcard(candidate: Candidate) -> bool:
    return "*" in candidate.text and not candidate.may_have_wildcard


def _wide_wildcard(candidate: Candidate) -> bool:
    name = candidate.host.lower()
    if not candidate.may_have_wildcard:
        return False
    return not hosts.is_name(name) or hosts.labels_below_suffix(f"a.{name}") < 2


def _endless_wildcard(candidate: Candidate) -> bool:
    known = candidate.wildcard_until is not None and candidate.now is not None
    return candidate.may_have_wildcard and not known


def _ended_wildcard(candidate: Candidate) -> bool:
    until, now = candidate.wildcard_until, candidate.now
    return candidate.may_have_wildcard and None not in (until, now) and until <= now  # type: ignore[operator]


RULES = (
    Rule(
        "wildcard",
        Severity.ERROR,
        "The redirect URI contains an asterisk, and redirect URIs are compared as they stand; list"
        " each address in full.",
        "RFC 9700 §2.1, §4.1.1",
        _wildcard,
    ),
    Rule(
        "wildcard_too_wide",
        Severity.ERROR,
        "The asterisk stands next to a public suffix and covers names of other owners; put a"
        " domain of the client's owner between them.",
        "Public Suffix List; RFC 9700 §4.1.1",
        _wide_wildcard,
    ),
    Rule(
        "wildcard_without_end",
        Severity.ERROR,
        "The redirect URI contains a wildcard without an end date; set one.",
        "RFC 9700 §4.1.1",
        _endless_wildcard,
    ),
    Rule(
        "wildcard_ended",
        Severity.ERROR,
        "The end date of this wildcard has passed; list each address in full, or set a new date.",
        "RFC 9700 §4.1.1",
        _ended_wildcard,
    ),
    Rule(
        "wildcard_in_use",
        Severity.WARNING,
        "Every host that fits the asterisk receives codes, among them forgotten ones; list each"
        " address in full before the client leaves development.",
        "RFC 9700 §4.1.1",
        lambda c: c.may_have_wildcard,
    ),
)
