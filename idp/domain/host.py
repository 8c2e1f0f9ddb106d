"""Hosts of http and https URIs: what they are, and whether every parser sees the same one.

The WHATWG URL Standard reads ``0x7f.1``, ``2130706433``, full-width digits and soft hyphens as
hosts of their own; RFC 3986 reads names. Whatever the two read differently is called odd here.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address

import idna
from publicsuffixlist import PublicSuffixList

LOOPBACK_LITERALS = frozenset({"127.0.0.1", "[::1]"})
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
# Lower-case Cyrillic and Greek letters that many fonts draw like Latin ones.
_LATIN_TWINS = frozenset("аеорсухіїјѕһԁԛԝӏүҽӕєοανρτικυχωγηεϲϳ")
# Phonetic letters of the Latin script are twins of its ordinary ones (U+0250 to U+02AF, U+1D00 on).
_PHONETIC = re.compile("[\u0250-\u02af\u1d00-\u1dbf]")
_SCRIPTS_TOGETHER = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
)


@cache
def _suffixes(*, accept_unknown: bool) -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=accept_unknown)


def address(host: str) -> IPv4Address | IPv6Address | None:
    """Return the IP address that the host is, in its one canonical text form, else None.

    Source: RFC 3986 §3.2.2; RFC 5952 §4.
    """
    found = _bracketed(host) if host.startswith("[") else _dotted(host)
    if found is None or host != literal(found):
        return None
    return found


def literal(found: IPv4Address | IPv6Address) -> str:
    """Return an address as a URI's host, IPv6 in hexadecimal digits alone (WHATWG URL §3.5)."""
    if isinstance(found, IPv4Address):
        return str(found)
    if found.ipv4_mapped is None:
        return f"[{found.compressed}]"
    # Which form the standard library gives a mapped address depends on its version.
    carried = int(found.ipv4_mapped)
    return f"[::ffff:{carried >> 16:x}:{carried & 0xFFFF:x}]"


def _dotted(host: str) -> IPv4Address | None:
    try:
        return IPv4Address(host) if host.isascii() and len(host) <= 15 else None
    except AddressValueError:
        return None


def _bracketed(host: str) -> IPv6Address | None:
    inside = host[1:-1]
    if not host.endswith("]") or "%" in inside or len(inside) > 45:
        return None
    try:
        return IPv6Address(inside)
    except AddressValueError:
        return None


def any_address(host: str) -> IPv4Address | IPv6Address | None:
    """Return the address that a lenient parser takes the host for, whatever its spelling.

    Covers IPv6 in any spelling and the hexadecimal, octal, short and decimal forms of IPv4.

    Source: WHATWG URL §3.5 (host parsing), "IPv4 parser".
    """
    if host.startswith("["):
        return _bracketed(host)
    pieces = host.removesuffix(".").split(".")
    if len(host) > 253 or len(pieces) > 4:
        return None
    try:
        numbers = [_number(piece) for piece in pieces]
    except ValueError:
        return None
    *front, last = numbers
    if any(number > 255 for number in front) or last >= 256 ** (5 - len(numbers)):
        return None
    return IPv4Address(last + sum(n << (8 * (3 - i)) for i, n in enumerate(front)))


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    if text[:2] in ("0x", "0X"):
        return int(text[2:] or "0", 16)
    return int(text, 8) if len(text) > 1 and text[0] == "0" else int(text)


def ends_in_number(host: str) -> bool:
    """Return whether browsers parse the host as IPv4, or fail (WHATWG URL, "ends in a number")."""
    return _NUMBER.fullmatch(host.removesuffix(".").rpartition(".")[2]) is not None


def is_name(host: str) -> bool:
    """Return whether the host is a well-formed DNS name of letters, digits and hyphens.

    Source: RFC 1123 §2.1; RFC 5890 §2.3.1.
    """
    return (
        len(host) <= 253
        and not ends_in_number(host)
        and all(_LABEL.fullmatch(label) for label in host.split("."))
    )


def is_loopback(host: str) -> bool:
    """Return whether the host is the user's own machine, by address or name (RFC 6761 §6.3)."""
    found = any_address(host)
    if found is not None:
        return found.is_loopback or _mapped_loopback(found)
    return is_localhost(host)


def _mapped_loopback(found: IPv4Address | IPv6Address) -> bool:
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped is not None and mapped.is_loopback


def is_localhost(host: str) -> bool:
    """Return whether the host is the name ``localhost`` or below it, in any case."""
    return f".{host.lower()}".endswith(".localhost")


def is_under(host: str, domains: frozenset[str]) -> str | None:
    """Return the listed domain that the host is or lies under, else None."""
    labels = host.lower().split(".")
    tails = (".".join(labels[start:]) for start in range(max(0, len(labels) - 4), len(labels)))
    return next((tail for tail in tails if tail in domains), None)


def known_suffix(domain: str) -> str | None:
    """Return the public suffix of a lower-case domain, or None where its end is not delegated."""
    found: str | None = _suffixes(accept_unknown=False).publicsuffix(domain)
    return found


def labels_below_suffix(domain: str) -> int:
    """Return how many labels of a lower-case domain stand left of its public suffix."""
    suffix: str | None = _suffixes(accept_unknown=True).publicsuffix(domain)
    return domain.count(".") - (suffix or domain).count(".")


def to_ascii(host: str) -> str | None:
    """Return the host in A-label form as a browser would map it, else None (UTS #46)."""
    if len(host) > 253:
        return None
    try:
        found = idna.encode(host, uts46=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError, ValueError, IndexError):
        return None
    return found if is_name(found) else None


def to_unicode(label: str) -> str | None:
    """Return the U-label of a lower-case ``xn--`` label, or None unless it is a valid A-label.

    Letters that came late to Unicode are not valid either, because what a parser refuses depends on
    the age of its tables; Unicode 3.2 is the version that every IDNA implementation began with.

    Source: RFC 5891 §4.2, §5.4; RFC 3491 §5.
    """
    if not label.startswith("xn--") or len(label) > 63:
        return None
    try:
        unicode_label = idna.ulabel(label)
        back = idna.alabel(unicode_label).decode("ascii")
    except (idna.IDNAError, UnicodeError, ValueError, IndexError):
        return None
    known = back == label and all(_is_old(letter) for letter in unicode_label)
    return unicode_label if known else None


def _is_old(letter: str) -> bool:
    # The blocks from Latin Extended-B to Cyrillic Supplement are complete since Unicode 7.
    return "\u0180" <= letter <= "\u052f" or unicodedata.ucd_3_2_0.category(letter) != "Cn"


def looks_latin(label: str) -> bool:
    """Return whether a U-label mixes scripts, or is drawn wholly with twins of Latin letters.

    Source: UTS #39 §4, §5.1; RFC 5890 §4.4.
    """
    if _PHONETIC.search(label):
        return True
    letters = [character for character in label if unicodedata.category(character)[0] in "LM"]
    scripts = {unicodedata.name(letter, "?").split(" ")[0] for letter in letters} - {"COMBINING"}
    if len(scripts) > 1:
        return not any(scripts <= together for together in _SCRIPTS_TOGETHER)
    return scripts <= {"CYRILLIC", "GREEK"} and all(letter in _LATIN_TWINS for letter in letters)
