"""Rules for the text of a redirect URI: its characters, its escapes, and the form they are in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from idp.domain import uri
from idp.domain.decision import Severity
from idp.domain.redirect_uri_rule import Candidate, Rule, piece

MAX_LENGTH = 2000

_CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f]")
_NON_ASCII = re.compile("[^\\x00-\\x9f]")
_NEVER_LEGAL = re.compile(r'["<>^`{|}]')
_BRACKET = re.compile(r"[\[\]]")
_MALFORMED = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL)
_RUN = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_ENCODED_CONTROL = re.compile(r"%(?:0[1-9A-Fa-f]|1[0-9A-Fa-f]|7[Ff]|[Cc]2%[89][0-9A-Fa-f])")
_ENCODED_TWICE = re.compile(r"%25[0-9A-Fa-f]{2}")
_ENCODED_SLASH = re.compile(r"%2[Ff]")
_ENCODED_BACKSLASH = re.compile(r"%5[Cc]")
_ENCODED_DELIMITER = re.compile(r"%(?:23|3[Ff])")

Broken = Mapping[str, object] | None


def _first(pattern: re.Pattern[str], text: str) -> Broken:
    found = pattern.search(text)
    return {"piece": piece(found[0])} if found else None


def _code_point(pattern: re.Pattern[str], text: str) -> Broken:
    found = pattern.search(text)
    return {"character": f"U+{ord(found[0]):04X}"} if found else None


def _illegal_character(candidate: Candidate) -> Broken:
    parts = candidate.parts
    outside_host = f"{parts.userinfo}{parts.path}{parts.query}{parts.fragment}"
    return _first(_NEVER_LEGAL, candidate.text) or _first(_BRACKET, outside_host)


def _not_utf8(candidate: Candidate) -> Broken:
    for found in _RUN.finditer(candidate.text):
        if uri.unquote(found[0]) is None:
            return {"piece": piece(found[0])}
    return None


def _encoded_invisible(candidate: Candidate) -> Broken:
    for found in _RUN.finditer(candidate.text):
        for character in uri.unquote(found[0]) or "":
            if unicodedata.category(character) in ("Cf", "Zl", "Zp"):
                return {"character": f"U+{ord(character):04X}"}
    return None


RULES = (
    Rule(
        "empty",
        Severity.ERROR,
        "The redirect URI is empty; write the whole address that the answer goes to.",
        "RFC 6749 §3.1.2",
        lambda c: not c.text,
    ),
    Rule(
        "too_long",
        Severity.ERROR,
        "The redirect URI has %(length)s characters; keep it within %(limit)s and carry"
        " data of the request in the state parameter instead.",
        "RFC 9110 §4.1",
        lambda c: (
            {"length": len(c.text), "limit": MAX_LENGTH} if len(c.text) > MAX_LENGTH else None
        ),
    ),
    Rule(
        "space",
        Severity.ERROR,
        "The redirect URI contains a space; remove it, and write each URI on a line of its own.",
        "RFC 3986 §2",
        lambda c: " " in c.text,
    ),
    Rule(
        "control_character",
        Severity.ERROR,
        "The redirect URI contains the control character %(character)s, which parsers drop or"
        " keep as they like; remove it.",
        "RFC 3986 §2",
        lambda c: _code_point(_CONTROL, c.text),
    ),
    Rule(
        "backslash",
        Severity.ERROR,
        "The redirect URI contains a backslash, which browsers read as a slash; write a slash.",
        "RFC 3986 §2; WHATWG URL §4.4",
        lambda c: "\\" in c.text,
    ),
    Rule(
        "non_ascii",
        Severity.ERROR,
        "The redirect URI contains %(character)s, which is not ASCII; write the host as A-labels"
        " (xn--) and percent-encode the rest as UTF-8.",
        "RFC 3986 §2; RFC 5890 §2.3.2.1",
        lambda c: _code_point(_NON_ASCII, c.text),
    ),
    Rule(
        "illegal_character",
        Severity.ERROR,
        "The redirect URI contains %(piece)s, which no URI may hold at this place;"
        " percent-encode it or leave it out.",
        "RFC 3986 §2, §3.2.2",
        _illegal_character,
    ),
    Rule(
        "malformed_escape",
        Severity.ERROR,
        "The redirect URI contains %(piece)s, which is not a percent sign with two hexadecimal"
        " digits; write a literal percent sign as its own escape.",
        "RFC 3986 §2.1",
        lambda c: _first(_MALFORMED, c.text),
    ),
    Rule(
        "escape_not_utf8",
        Severity.ERROR,
        "The escapes %(piece)s are not the shortest valid UTF-8, and parsers disagree about what"
        " they mean; encode the intended characters as UTF-8.",
        "RFC 3629 §3, §10; RFC 3986 §2.5",
        _not_utf8,
    ),
    Rule(
        "encoded_nul",
        Severity.ERROR,
        "The redirect URI contains an escaped NUL, which ends the text for some programs;"
        " remove it.",
        "RFC 3986 §7.3",
        lambda c: "%00" in c.text,
    ),
    Rule(
        "encoded_control_character",
        Severity.ERROR,
        "The redirect URI contains the escaped control character %(piece)s, which can split"
        " headers and logs; remove it.",
        "RFC 3986 §7.3; RFC 9110 §5.5",
        lambda c: _first(_ENCODED_CONTROL, c.text),
    ),
    Rule(
        "encoded_slash",
        Severity.ERROR,
        "The redirect URI contains an escaped slash, which servers decode at different moments;"
        " write a plain slash or leave it out.",
        "RFC 3986 §2.2, §7.3",
        lambda c: _ENCODED_SLASH.search(c.text) is not None,
    ),
    Rule(
        "encoded_backslash",
        Severity.ERROR,
        "The redirect URI contains an escaped backslash, which servers and browsers may turn"
        " into a slash; leave it out.",
        "RFC 3986 §7.3; WHATWG URL §4.4",
        lambda c: _ENCODED_BACKSLASH.search(c.text) is not None,
    ),
    Rule(
        "encoded_twice",
        Severity.ERROR,
        "The escape %(piece)s is encoded twice and becomes another address where a server decodes"
        " twice; encode the intended character once.",
        "RFC 3986 §2.4",
        lambda c: _first(_ENCODED_TWICE, uri.normal_escapes(c.text)),
    ),
    Rule(
        "encoded_delimiter",
        Severity.WARNING,
        "The escape %(piece)s hides a question mark or number sign that cuts the URI where it is"
        " decoded too early; choose a path and query without it.",
        "RFC 3986 §2.2, §7.3",
        lambda c: _first(_ENCODED_DELIMITER, c.text),
    ),
    Rule(
        "encoded_invisible_character",
        Severity.WARNING,
        "The redirect URI contains the escaped invisible character %(character)s, which changes"
        " how the address looks to people; remove it.",
        "RFC 3987 §4.1, §8",
        _encoded_invisible,
    ),
    Rule(
        "escape_not_normal",
        Severity.WARNING,
        "Some escapes are needless or in lower case, and a client that writes them in their"
        " normal form will not match; write them in the normal form.",
        "RFC 3986 §6.2.2.1, §6.2.2.2",
        lambda c: uri.normal_escapes(c.text) != c.text,
    ),
)
