"""URIs as plain text and as components, by RFC 3986 alone.

Nothing here trims, folds or repairs: `urllib.parse` drops tabs and newlines and browsers turn a
backslash into a slash, and each such kindness is a way past a comparison. All functions take any
text, lone surrogates included, and need time linear in its length.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass

DEFAULT_PORTS = {"http": "80", "https": "443"}
UNRESERVED = frozenset(string.ascii_letters + string.digits + "-._~")
# RFC 3986 §3.3: what a path segment may hold unescaped; the query adds "/" and "?" (§3.4).
PCHAR = UNRESERVED | frozenset("!$&'()*+,;=:@")

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_PCHARS = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]++|%[0-9A-Fa-f]{2})*+"
_ABSOLUTE_URI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.\-]*+:"
    r"(?://(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]++|%[0-9A-Fa-f]{2})*+"
    r"(?:\[[0-9A-Za-z\-._~!$&'()*+,;=:]++\](?::[0-9]*+)?)?(?=[/?]|\Z))?"
    + _PCHARS
    + r"(?:\?(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]++|%[0-9A-Fa-f]{2})*+)?"
)


@dataclass(frozen=True, slots=True)
class Parts:
    """The components of a URI as written; None where the component and its delimiter are absent.

    Attributes:
        scheme: text before the first colon, only where it has the form of a scheme.
        authority: text between ``//`` and the next ``/``, ``?`` or ``#``.
        userinfo: text before the last ``@`` of the authority.
        host: host, with the brackets of an IP literal.
        port: text after the host's colon; may be empty.
        path: never None.
        query, fragment: text after ``?`` and ``#``; may be empty.
    """

    scheme: str | None
    authority: str | None
    userinfo: str | None
    host: str | None
    port: str | None
    path: str
    query: str | None
    fragment: str | None

    def text(self) -> str:
        """Return the URI made of the components (RFC 3986 §5.3)."""
        pieces = [f"{self.scheme}:" if self.scheme is not None else ""]
        if self.host is not None:
            pieces.append("//" + (f"{self.userinfo}@" if self.userinfo is not None else ""))
            pieces.append(self.host + (f":{self.port}" if self.port is not None else ""))
        pieces.append(self.path)
        pieces.append(f"?{self.query}" if self.query is not None else "")
        pieces.append(f"#{self.fragment}" if self.fragment is not None else "")
        return "".join(pieces)


def split(text: str) -> Parts:
    """Return the components of any text, as RFC 3986 Appendix B cuts them.

    Source: RFC 3986 §3, §3.2, Appendix B.
    """
    rest, hash_sign, fragment = text.partition("#")
    rest, question, query = rest.partition("?")
    scheme = None
    if found := _SCHEME.match(rest):
        scheme, rest = found[1], rest[found.end() :]
    authority = userinfo = host = port = None
    if rest.startswith("//"):
        authority, slash, path = rest[2:].partition("/")
        rest = slash + path
        userinfo, host, port = _split_authority(authority)
    return Parts(
        scheme,
        authority,
        userinfo,
        host,
        port,
        rest,
        query if question else None,
        fragment if hash_sign else None,
    )


def _split_authority(authority: str) -> tuple[str | None, str, str | None]:
    userinfo, at_sign, place = authority.rpartition("@")
    bracket = place.rfind("]")
    colon = place.rfind(":")
    if colon > bracket and (bracket >= 0 or not place.startswith("[")):
        return (userinfo if at_sign else None), place[:colon], place[colon + 1 :]
    return (userinfo if at_sign else None), place, None


def is_absolute(text: str) -> bool:
    """Return whether the text is an absolute URI: a scheme, no fragment, legal characters only.

    Source: RFC 3986 §4.3; RFC 6749 §3.1.2.
    """
    return _ABSOLUTE_URI.fullmatch(text) is not None


def is_port(text: str) -> bool:
    """Return whether the text is a port from 1 to 65535 in plain decimal without leading zeros."""
    return _PORT.fullmatch(text) is not None and int(text) <= 65535


def unquote(text: str) -> str | None:
    """Return the text percent-decoded once, or None where the escapes are not valid UTF-8."""
    if "%" not in text:
        return text
    try:
        raw = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), _as_latin(text))
        return raw.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return None


def _as_latin(text: str) -> str:
    return text.encode("utf-8").decode("latin-1")


def normal_escapes(text: str) -> str:
    """Return the text with needless escapes decoded and the others in upper case.

    Source: RFC 3986 §6.2.2.1, §6.2.2.2.
    """
    return _ESCAPE.sub(_normal_escape, text)


def _normal_escape(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return character if character in UNRESERVED else found[0].upper()


def is_dot_segment(segment: str) -> bool:
    """Return whether a path segment is ``.`` or ``..``, plain, escaped or with ``;parameters``.

    Servlet containers cut parameters before they resolve ``..``, so ``..;x`` climbs as well.
    """
    plain = segment.replace("%2e", ".").replace("%2E", ".").replace("%3b", ";").replace("%3B", ";")
    return plain.partition(";")[0] in (".", "..")


def remove_dot_segments(path: str) -> str:
    """Return the path that a browser would ask for (RFC 3986 §5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if not is_dot_segment(segment):
            kept.append(segment)
        elif ".." in normal_escapes(segment) and len(kept) > 1:
            kept.pop()
    if is_dot_segment(segments[-1]):
        kept.append("")
    return "/".join(kept)


def shorten(text: str, limit: int = 120) -> str:
    r"""Return any text as one short printable ASCII line for logs and messages.

    Everything outside printable ASCII becomes a Python escape such as ``\x00`` or ``\u202e``, and
    a backslash is doubled, so that two different short texts never look alike.

    Args:
        text: any text.
        limit: most characters of the escaped text that are kept, at least 1.

    Returns:
        At most ``limit`` characters, followed by the number of characters left out, if any.
    """
    pieces: list[str] = []
    room = limit
    for character in text[:limit]:
        piece = character.encode("unicode_escape", "backslashreplace").decode("ascii")
        room -= len(piece)
        if room < 0:
            break
        pieces.append(piece)
    left_out = len(text) - len(pieces)
    return "".join(pieces) + (f"… (+{left_out})" if left_out else "")
