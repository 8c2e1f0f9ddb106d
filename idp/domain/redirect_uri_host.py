"""Rules for the host of a redirect URI: every parser must see the same one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv6Address

from idp.domain import host as hosts
from idp.domain.decision import Severity
from idp.domain.redirect_uri_rule import Candidate, Rule, piece

Broken = Mapping[str, object] | None


def show(candidate: Candidate, *, broken: bool) -> Broken:
    """Return the host for the sentence of a breach, or None where there is none."""
    return {"host": piece(candidate.host)} if broken else None


def _ill_formed(candidate: Candidate) -> Broken:
    host = candidate.host
    if not host or not host.isascii() or host.startswith("[") or hosts.ends_in_number(host):
        return None
    # What rules of their own report is made harmless first, so that it is not reported twice.
    rest = host.removesuffix(".").replace("_", "a").replace("*", "a").replace("%", "a")
    return show(candidate, broken=not hosts.is_name(rest))


def _odd_number(candidate: Candidate) -> Broken:
    host = candidate.host
    odd = hosts.ends_in_number(host) and hosts.address(host) is None
    return show(candidate, broken=odd and not host.startswith("["))


def _has_zone(host: str) -> bool:
    return host.startswith("[") and "%" in host


def maps_ipv4(host: str) -> bool:
    """Return whether the host is an IPv6 literal that stands for an IPv4 address."""
    found = hosts.any_address(host)
    return isinstance(found, IPv6Address) and found.ipv4_mapped is not None


def _odd_literal(candidate: Candidate) -> Broken:
    host = candidate.host
    odd = host.startswith("[") and hosts.address(host) is None
    return show(candidate, broken=odd and not _has_zone(host) and not maps_ipv4(host))


def unusable(candidate: Candidate) -> Broken:
    """Return a breach where the address is unspecified, multicast, reserved or "this network"."""
    found = hosts.any_address(candidate.host)
    if found is None or found.is_loopback or maps_ipv4(candidate.host):
        return None
    odd = found.is_unspecified or found.is_multicast or found.is_reserved
    return show(candidate, broken=odd or str(found).startswith("0."))


def _a_labels(candidate: Candidate) -> list[tuple[str, str | None]]:
    labels = candidate.host.lower().split(".") if len(candidate.host) <= 254 else []
    return [(label, hosts.to_unicode(label)) for label in labels if label.startswith("xn--")]


def _invalid_a_label(candidate: Candidate) -> Broken:
    for label, unicode_label in _a_labels(candidate):
        if unicode_label is None:
            return {"label": piece(label)}
    return None


def _international(candidate: Candidate, *, disguised: bool) -> Broken:
    for label, unicode_label in _a_labels(candidate):
        if unicode_label is not None and hosts.looks_latin(unicode_label) is disguised:
            return {"label": label, "unicode": unicode_label}
    return None


def _uppercase(candidate: Candidate) -> bool:
    letters = re.sub("%[0-9A-Fa-f]{2}", "", candidate.host)
    return letters.isascii() and not letters.startswith("[") and letters != letters.lower()


RULES = (
    Rule(
        "host_invalid",
        Severity.ERROR,
        "The host %(host)s is not a name of letters, digits, hyphens and dots with labels of 1 to"
        " 63 characters; write the name that DNS knows.",
        "RFC 1123 §2.1; RFC 3986 §3.2.2",
        _ill_formed,
    ),
    Rule(
        "host_encoded",
        Severity.ERROR,
        "The host %(host)s contains an escape, which browsers decode and other parsers keep; write"
        " the name itself.",
        "RFC 3986 §3.2.2; WHATWG URL §3.5",
        lambda c: show(c, broken="%" in c.host and not c.host.startswith("[")),
    ),
    Rule(
        "host_trailing_dot",
        Severity.ERROR,
        "The host %(host)s ends in a dot, which makes it another origin with the same address;"
        " remove the dot.",
        "RFC 3986 §3.2.2; RFC 6454 §4",
        lambda c: show(c, broken=c.host.endswith(".")),
    ),
    Rule(
        "host_underscore",
        Severity.ERROR,
        "The host %(host)s contains an underscore, which no host name may; use a name of letters,"
        " digits and hyphens.",
        "RFC 1123 §2.1",
        lambda c: show(c, broken="_" in c.host),
    ),
    Rule(
        "host_numeric",
        Severity.ERROR,
        "Browsers read the host %(host)s as a number or refuse it; write a domain name, or the"
        " address as four plain decimal numbers.",
        "RFC 3986 §7.4; WHATWG URL §3.5",
        _odd_number,
    ),
    Rule(
        "host_literal_invalid",
        Severity.ERROR,
        "The host %(host)s is not an IPv6 address in its shortest lower-case form; write it in"
        " that form.",
        "RFC 3986 §3.2.2; RFC 5952 §4",
        _odd_literal,
    ),
    Rule(
        "host_zone_id",
        Severity.ERROR,
        "The host %(host)s contains a zone id, which has a meaning on one machine only; remove it.",
        "RFC 6874 §1; WHATWG URL §3.5",
        lambda c: show(c, broken=_has_zone(c.host)),
    ),
    Rule(
        "host_ipv4_mapped",
        Severity.ERROR,
        "The host %(host)s is an IPv4 address in the clothes of IPv6; write the IPv4 address.",
        "RFC 4291 §2.5.5.2; RFC 5952 §5",
        lambda c: show(c, broken=maps_ipv4(c.host)),
    ),
    Rule(
        "host_unusable",
        Severity.ERROR,
        "The address %(host)s belongs to no single machine; write the address of the client.",
        "RFC 6890 §2.2.2, §2.2.3",
        unusable,
    ),
    Rule(
        "a_label_invalid",
        Severity.ERROR,
        "The label %(label)s is not a valid internationalised label, or has letters that not every"
        " parser knows; write the one that IDNA gives for the intended name.",
        "RFC 5891 §5.4",
        _invalid_a_label,
    ),
    Rule(
        "host_disguised",
        Severity.WARNING,
        "The label %(label)s shows as %(unicode)s, in letters that look like others; make sure"
        " that this is the name that is meant.",
        "RFC 5890 §4.4; UTS #39 §4, §5.1",
        lambda c: _international(c, disguised=True),
    ),
    Rule(
        "host_international",
        Severity.INFO,
        "The label %(label)s shows as %(unicode)s.",
        "RFC 5890 §2.3.2.1",
        lambda c: _international(c, disguised=False),
    ),
    Rule(
        "uppercase_host",
        Severity.WARNING,
        "The host is not in lower case, and a client that writes it as usual will not match; write"
        " it in lower case.",
        "RFC 3986 §3.2.2, §6.2.2.1",
        _uppercase,
    ),
)
