"""Rules for the components of a redirect URI other than its host."""

from __future__ import annotations

import re
from collections.abc import Mapping

from idp.domain import uri
from idp.domain.decision import Severity
from idp.domain.redirect_uri_name import (
    BLOCKED_PORTS,
    REDIRECTOR_PARAMETERS,
    REDIRECTOR_SEGMENTS,
    RESPONSE_PARAMETERS,
)
from idp.domain.redirect_uri_rule import Candidate, Rule, piece

_ELSEWHERE = re.compile(r"(?i)[\\/]{2}|[a-z][a-z0-9+.\-]*:[\\/]|(?:javascript|data):")
_ELSEWHERE_SEGMENT = re.compile(r"(?i)(?:https?|javascript|data):?")
_HOST_AND_PORT = re.compile(r"[0-9]{1,5}(?:/|\Z)")


def is_host_and_port(candidate: Candidate) -> bool:
    """Return whether the scheme is rather a host, because a port follows its colon."""
    parts = candidate.parts
    return parts.host is None and not candidate.is_web and bool(_HOST_AND_PORT.match(parts.path))


def query_fields(query: str) -> list[tuple[str, str]]:
    """Return names and values of a query, decoded once, as the most lenient server reads them.

    ``;`` separates like ``&`` for older servers. Undecodable text stays as written.
    """
    fields = [field.partition("=") for field in re.split("[&;]", query) if field]
    return [(_lenient(name), _lenient(value)) for name, _, value in fields]


def _lenient(text: str) -> str:
    spaced = text.replace("+", " ")
    decoded = uri.unquote(spaced)
    return spaced if decoded is None else decoded


def plain_name(name: str) -> str:
    """Return a parameter's name as servers fold it: case, ``name[]``, dots and spaces (PHP)."""
    return re.sub("[. ]", "_", name.strip(" \t\r\n\x00").partition("[")[0].lower())


def _response_parameter(candidate: Candidate) -> Mapping[str, object] | None:
    for name, _ in query_fields(candidate.parts.query or ""):
        if plain_name(name) in RESPONSE_PARAMETERS:
            return {"name": piece(name)}
    return None


def _redirector(candidate: Candidate) -> Mapping[str, object] | None:
    for name, value in query_fields(candidate.parts.query or ""):
        if name.strip().lower() in REDIRECTOR_PARAMETERS or _ELSEWHERE.match(value.lstrip()):
            return {"piece": piece(name)}
    if not candidate.is_web:
        return None
    segments = uri.normal_escapes(candidate.parts.path).split("/")
    for segment in segments:
        if segment.lower() in REDIRECTOR_SEGMENTS or _ELSEWHERE_SEGMENT.fullmatch(segment):
            return {"piece": piece(segment)}
    return None


def _dot_segment(candidate: Candidate) -> Mapping[str, object] | None:
    for segment in candidate.parts.path.split("/"):
        if uri.is_dot_segment(segment):
            return {"piece": piece(segment)}
    return None


def _bad_port(candidate: Candidate) -> Mapping[str, object] | None:
    port = candidate.parts.port
    return {"port": piece(port)} if port is not None and not uri.is_port(port) else None


def _default_port(candidate: Candidate) -> Mapping[str, object] | None:
    port = candidate.parts.port
    return {"port": port} if port and uri.DEFAULT_PORTS.get(candidate.scheme) == port else None


def _blocked_port(candidate: Candidate) -> Mapping[str, object] | None:
    port = candidate.parts.port
    return {"port": port} if candidate.is_web and port in BLOCKED_PORTS else None


RULES = (
    Rule(
        "not_absolute",
        Severity.ERROR,
        "The redirect URI is not absolute; begin it with its scheme, such as https://.",
        "RFC 6749 §3.1.2; RFC 3986 §4.3",
        lambda c: bool(c.text) and (c.parts.scheme is None or is_host_and_port(c)),
    ),
    Rule(
        "host_missing",
        Severity.ERROR,
        "The redirect URI names no host between its two slashes and its path, and browsers make"
        " up another one; write two slashes and the host.",
        "RFC 3986 §3.2; RFC 9110 §4.2; WHATWG URL §4.4",
        lambda c: c.is_web and not c.parts.host,
    ),
    Rule(
        "fragment",
        Severity.ERROR,
        "The redirect URI contains a number sign; remove it and what follows, even if nothing"
        " follows.",
        "RFC 6749 §3.1.2",
        lambda c: c.parts.fragment is not None,
    ),
    Rule(
        "userinfo",
        Severity.ERROR,
        "The redirect URI contains a user name or an at sign before its host, which disguises"
        " the host; remove all of it up to the at sign.",
        "RFC 3986 §3.2.1, §7.6; RFC 9110 §4.2.4",
        lambda c: c.parts.userinfo is not None,
    ),
    Rule(
        "port_invalid",
        Severity.ERROR,
        "The port %(port)s is not a number from 1 to 65535 without leading zeros; correct it or"
        " leave it out together with its colon.",
        "RFC 3986 §3.2.3; RFC 6335 §6",
        _bad_port,
    ),
    Rule(
        "default_port",
        Severity.WARNING,
        "Port %(port)s is the default of the scheme, and a client that leaves it out will not"
        " match; leave it out here as well.",
        "RFC 3986 §6.2.3",
        _default_port,
    ),
    Rule(
        "port_blocked",
        Severity.WARNING,
        "Browsers refuse to open port %(port)s; choose another one.",
        "Fetch §2.9",
        _blocked_port,
    ),
    Rule(
        "uppercase_scheme",
        Severity.WARNING,
        "The scheme is not in lower case, and a client that writes it as usual will not match;"
        " write it in lower case.",
        "RFC 3986 §3.1, §6.2.2.1",
        lambda c: (c.parts.scheme or "") != c.scheme,
    ),
    Rule(
        "dot_segment",
        Severity.ERROR,
        "The path contains the dot segment %(piece)s, which leads to another path when it is"
        " resolved; write the path that is meant.",
        "RFC 3986 §3.3, §5.2.4",
        _dot_segment,
    ),
    Rule(
        "empty_segment",
        Severity.WARNING,
        "The path contains two slashes in a row, which some servers merge and others read as a"
        " host; write a single slash.",
        "RFC 3986 §3.3, §7.6",
        lambda c: c.is_web and "//" in c.parts.path,
    ),
    Rule(
        "response_parameter",
        Severity.ERROR,
        "The query contains the parameter %(name)s, which the answer itself carries; remove it"
        " and use the state parameter of the request.",
        "RFC 6749 §3.1.2, §4.1.2; RFC 9207 §2",
        _response_parameter,
    ),
    Rule(
        "empty_query",
        Severity.WARNING,
        "The redirect URI ends in a question mark without a query, and a client that leaves it"
        " out will not match; leave it out here as well.",
        "RFC 3986 §3.4",
        lambda c: c.parts.query == "",
    ),
    Rule(
        "open_redirector",
        Severity.WARNING,
        "%(piece)s looks like part of a page that sends visitors on to other addresses, and such a"
        " page leaks codes; register a page that only receives the answer.",
        "RFC 9700 §4.11.1; RFC 6749 §10.15",
        _redirector,
    ),
)
