"""Rules for where a redirect URI leads: whose machine or name that is, in which environment."""

from __future__ import annotations

from collections.abc import Mapping

from idp.domain import host as hosts
from idp.domain.decision import Severity
from idp.domain.redirect_uri_host import maps_ipv4, show, unusable
from idp.domain.redirect_uri_name import BORROWED_DOMAINS, RESERVED_DOMAINS
from idp.domain.redirect_uri_rule import Candidate, Rule

Broken = Mapping[str, object] | None


def _private(candidate: Candidate) -> Broken:
    found = hosts.any_address(candidate.host)
    if found is None or unusable(candidate):
        return None
    # What the standard library says of a mapped address depends on its version.
    mapped = maps_ipv4(candidate.host)
    return show(candidate, broken=mapped or not (found.is_loopback or found.is_global))


def _public_literal(candidate: Candidate) -> Broken:
    found = hosts.any_address(candidate.host)
    if found is None or unusable(candidate):
        return None
    return show(candidate, broken=found.is_global and not maps_ipv4(candidate.host))


def _loopback(candidate: Candidate) -> Broken:
    served_by_app = candidate.is_app and candidate.scheme == "http"
    return show(candidate, broken=not served_by_app and hosts.is_loopback(candidate.host))


def _reserved(candidate: Candidate) -> Broken:
    domain = hosts.is_under(candidate.name, RESERVED_DOMAINS)
    return {"domain": domain} if domain and candidate.name != "localhost" else None


def _single_label(candidate: Candidate) -> Broken:
    name = candidate.name
    bare = bool(name) and "." not in name and not hosts.is_localhost(name)
    return show(candidate, broken=bare and name not in RESERVED_DOMAINS)


def _public_name(candidate: Candidate) -> str:
    reserved = hosts.is_under(candidate.name, RESERVED_DOMAINS)
    return "" if reserved or "." not in candidate.name else candidate.name


def _undelegated(candidate: Candidate) -> Broken:
    name = _public_name(candidate)
    return show(candidate, broken=bool(name) and hosts.known_suffix(name) is None)


def _borrowed(candidate: Candidate) -> Broken:
    domain = hosts.is_under(candidate.name, BORROWED_DOMAINS)
    return {"domain": domain} if domain else None


RULES = (
    Rule(
        "loopback_in_production",
        Severity.ERROR,
        "%(host)s is the user's own machine, where a production client of this kind does not run;"
        " register its public address, or move the client to development.",
        "RFC 8252 §7.3, §8.3; RFC 9700 §4.1",
        _loopback,
        in_development=Severity.INFO,
    ),
    Rule(
        "ip_literal",
        Severity.ERROR,
        "%(host)s is an address that changes owners without notice; register a domain name.",
        "RFC 9700 §2.1; RFC 3986 §3.2.2",
        _public_literal,
        in_development=Severity.INFO,
    ),
    Rule(
        "private_address",
        Severity.ERROR,
        "%(host)s is a private or link-local address, which is another machine in every network;"
        " register a public domain name, or move the client to development.",
        "RFC 1918 §3; RFC 6890 §2.2",
        _private,
        in_development=Severity.INFO,
    ),
    Rule(
        "reserved_name",
        Severity.ERROR,
        "Names under %(domain)s are reserved and belong to nobody in public; register a name that"
        " the client's owner holds, or move the client to development.",
        "RFC 6761 §6; RFC 6762 §3; RFC 7686 §2",
        _reserved,
        in_development=Severity.INFO,
    ),
    Rule(
        "single_label",
        Severity.ERROR,
        "The host %(host)s has no dot, so that every network gives it another meaning; register"
        " the full domain name, or move the client to development.",
        "RFC 1123 §2.1; RFC 3986 §3.2.2",
        _single_label,
        in_development=Severity.INFO,
    ),
    Rule(
        "unknown_top_level_domain",
        Severity.WARNING,
        "The end of the host %(host)s is not a known top-level domain, and whoever gets it"
        " delegated gets the codes; check the spelling.",
        "Public Suffix List; RFC 9700 §4.1",
        _undelegated,
        in_development=Severity.INFO,
    ),
    Rule(
        "public_suffix",
        Severity.WARNING,
        "The host %(host)s is a public suffix under which anybody can hold a name; register the"
        " client's own name.",
        "Public Suffix List; RFC 6265 §5.3",
        lambda c: show(
            c, broken=bool(name := _public_name(c)) and hosts.known_suffix(name) == name
        ),
    ),
    Rule(
        "borrowed_name",
        Severity.WARNING,
        "Names under %(domain)s lead to whatever address or tunnel their user wants, for as long"
        " as that lasts; register a name that the client's owner holds.",
        "RFC 9700 §4.1",
        _borrowed,
        in_development=Severity.INFO,
    ),
)
