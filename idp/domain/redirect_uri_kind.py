"""Rules for what a client's kind may have: schemes, loopback, and any redirect URI at all."""

from __future__ import annotations

import re
from collections.abc import Mapping

from idp.domain import host as hosts
from idp.domain import uri
from idp.domain.decision import Severity
from idp.domain.redirect_uri_name import DANGEROUS_SCHEMES
from idp.domain.redirect_uri_rule import KINDS, WEB_SCHEMES, Candidate, Rule, piece
from idp.domain.redirect_uri_structure import is_host_and_port

_REVERSE_DOMAIN = re.compile(
    r"[a-z][a-z0-9]*(?:-+[a-z0-9]+)*(?:\.[a-z0-9]+(?:-+[a-z0-9]+)*)+", re.IGNORECASE
)
_OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


def is_private_use(candidate: Candidate) -> bool:
    """Return whether the scheme is a safe private-use scheme in reverse-domain form.

    Source: RFC 8252 §7.1, §8.4; RFC 7595 §3.8.
    """
    scheme = candidate.scheme
    first = scheme.partition(".")[0]
    return _REVERSE_DOMAIN.fullmatch(scheme) is not None and (
        first not in DANGEROUS_SCHEMES | WEB_SCHEMES or hosts.known_suffix(first) is not None
    )


def _scheme(candidate: Candidate, *, broken: bool) -> Mapping[str, object] | None:
    return {"scheme": piece(candidate.scheme)} if broken else None


def _other_scheme(candidate: Candidate) -> bool:
    return not (
        not candidate.scheme
        or candidate.is_web
        or candidate.scheme in DANGEROUS_SCHEMES
        or is_host_and_port(candidate)
    )


def _plain_http(candidate: Candidate) -> bool:
    host = candidate.host
    return candidate.scheme == "http" and bool(host) and not hosts.is_loopback(host)


def _odd_loopback(candidate: Candidate) -> Mapping[str, object] | None:
    host = candidate.host
    named = host in hosts.LOOPBACK_LITERALS or hosts.is_localhost(host)
    odd = candidate.scheme == "http" and hosts.is_loopback(host) and not named
    return {"host": piece(host)} if odd else None


def _backwards(candidate: Candidate) -> Mapping[str, object] | None:
    """Return a breach where no registrable domain is behind the scheme's labels."""
    if not (candidate.is_app and _other_scheme(candidate) and is_private_use(candidate)):
        return None
    domain = ".".join(reversed(candidate.scheme.split(".")))
    suffix = hosts.known_suffix(domain)
    return _scheme(candidate, broken=suffix is None or suffix == domain)


def _slashes(candidate: Candidate) -> bool:
    parts = candidate.parts
    single = parts.host is None and parts.path.startswith("/")
    return candidate.is_app and _other_scheme(candidate) and not single


def _foreign_origin(candidate: Candidate) -> Mapping[str, object] | None:
    parts = candidate.parts
    if candidate.kind != "spa" or candidate.allowed_origins is None or not candidate.host:
        return None
    own = origin_text(parts)
    return None if own in candidate.allowed_origins else {"origin": piece(own)}


def origin_text(parts: uri.Parts) -> str:
    """Return the origin of an http or https URI as browsers write it (RFC 6454 §6.2)."""
    scheme = (parts.scheme or "").lower()
    port = "" if parts.port in (None, "", uri.DEFAULT_PORTS.get(scheme)) else f":{parts.port}"
    return f"{scheme}://{(parts.host or '').lower()}{port}"


RULES = (
    Rule(
        "kind_unknown",
        Severity.ERROR,
        "%(kind)s is not a kind of client; choose one of web, spa, native, service, device and"
        " agent.",
        "RFC 6749 §2.1",
        lambda c: None if c.kind in KINDS else {"kind": piece(str(c.kind))},
    ),
    Rule(
        "kind_without_redirect",
        Severity.ERROR,
        "A service acts without a user and is never redirected to; remove the redirect URI, or"
        " change the kind of the client.",
        "RFC 6749 §4.4; RFC 9700 §2.1",
        lambda c: c.kind == "service",
    ),
    Rule(
        "redirect_not_needed",
        Severity.WARNING,
        "A device shows a code instead of being redirected to; remove the redirect URI unless the"
        " client also signs users in through a browser.",
        "RFC 8628 §3",
        lambda c: c.kind == "device",
    ),
    Rule(
        "out_of_band",
        Severity.ERROR,
        "Copying codes out of the browser is no longer allowed; let the app listen on"
        " http://127.0.0.1 or use the device flow.",
        "RFC 8252 §7.3; RFC 8628 §1",
        lambda c: c.text.lower().startswith(_OUT_OF_BAND),
    ),
    Rule(
        "dangerous_scheme",
        Severity.ERROR,
        "The scheme %(scheme)s runs code, reaches other programs or leaves the web; use https, or a"
        " scheme made of a domain name for an app.",
        "RFC 8252 §7.1, §8.4; RFC 3986 §7.5",
        lambda c: _scheme(c, broken=c.scheme in DANGEROUS_SCHEMES),
    ),
    Rule(
        "https_required",
        Severity.ERROR,
        "Plain http would show the code to everybody on the way; use https.",
        "RFC 9700 §2.1, §4.1; RFC 6749 §3.1.2.1",
        _plain_http,
    ),
    Rule(
        "loopback_not_literal",
        Severity.ERROR,
        "%(host)s is not one of the two loopback addresses that clients may use; write 127.0.0.1"
        " or [::1].",
        "RFC 8252 §7.3",
        _odd_loopback,
    ),
    Rule(
        "localhost_name",
        Severity.WARNING,
        "The name localhost can be resolved to another machine, and gets no freedom of port; write"
        " 127.0.0.1.",
        "RFC 8252 §8.3",
        lambda c: bool(c.host) and hosts.is_localhost(c.host.removesuffix(".")),
    ),
    Rule(
        "scheme_not_for_kind",
        Severity.ERROR,
        "The scheme %(scheme)s is for apps on the user's device; use https, or change the kind of"
        " the client to native or agent.",
        "RFC 9700 §2.1; RFC 8252 §7.1",
        lambda c: _scheme(c, broken=_other_scheme(c) and not c.is_app),
    ),
    Rule(
        "scheme_not_reverse_domain",
        Severity.ERROR,
        "Any app may claim the scheme %(scheme)s; use a domain name that the app's owner holds, in"
        " reverse order, such as com.example.app.",
        "RFC 8252 §7.1, §8.4",
        lambda c: _scheme(c, broken=c.is_app and _other_scheme(c) and not is_private_use(c)),
    ),
    Rule(
        "scheme_unknown_domain",
        Severity.WARNING,
        "No domain that somebody can hold is behind the scheme %(scheme)s; begin it with the"
        " top-level domain, followed by the owner's name.",
        "RFC 8252 §7.1",
        _backwards,
    ),
    Rule(
        "single_slash",
        Severity.WARNING,
        "A private-use scheme names no host; write one single slash after its colon.",
        "RFC 8252 §7.1; RFC 3986 §3.2",
        _slashes,
    ),
    Rule(
        "origin_not_allowed",
        Severity.WARNING,
        "The page's origin %(origin)s is not among the client's allowed origins, so that its"
        " scripts could not redeem the code; add it there.",
        "RFC 6454 §7; RFC 9700 §2.1",
        _foreign_origin,
    ),
)
