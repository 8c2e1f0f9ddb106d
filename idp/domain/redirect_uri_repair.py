"""The redirect URI that was probably meant, and the form in which two URIs are the same."""

from __future__ import annotations

import re
import string
from dataclasses import replace
from urllib.parse import quote

from idp.domain import host as hosts
from idp.domain import uri
from idp.domain.redirect_uri_kind import is_private_use
from idp.domain.redirect_uri_name import RESPONSE_PARAMETERS
from idp.domain.redirect_uri_rule import ON_DEVICE_KINDS, WEB_SCHEMES, Candidate
from idp.domain.redirect_uri_structure import plain_name, query_fields

# Longer texts are not worth guessing at.
MAX_GUESSED_LENGTH = 4000

_EDGE = string.whitespace + "".join(map(chr, range(32))) + "\u00a0\u200b\ufeff"
_BREAKS = re.compile(r"[\t\r\n]")
_WEB_START = re.compile(r"(?i)(https?):/*(?=[^/])")
_BARE_HOST = re.compile(r"(?i)[a-z0-9\-]+(?:\.[a-z0-9\-]+)+(?::[0-9]{1,5})?(?:[/?].*)?", re.DOTALL)
_LEGAL = "".join(sorted(uri.PCHAR)) + "/%"


def normal_form(text: str) -> str:
    """Return a form that is the same for two URIs which lead to the same place.

    For finding duplicates only; a request is never compared in this form.

    Source: RFC 3986 §6.2.2, §6.2.3.
    """
    stripped = _slashes(_BREAKS.sub("", text.strip(_EDGE)))
    parts = _tidy(uri.split(stripped))
    if parts.scheme in WEB_SCHEMES and not parts.path:
        parts = replace(parts, path="/")
    return parts.text()


def guess(text: str, kind: str) -> str | None:
    """Return the URI that was probably meant; the caller judges whether it is any better.

    Args:
        text: what was entered.
        kind: kind of the client.

    Returns:
        None where nothing sensible can be guessed.
    """
    if len(text) > MAX_GUESSED_LENGTH or not _is_encodable(text):
        return None
    stripped = text.strip(_EDGE)
    if re.search(r"\s", stripped) and stripped.count(":/") > 1:
        return None  # two URIs on one line
    parts = uri.split(_with_scheme(_slashes(_BREAKS.sub("", stripped))))
    parts = _tidy(_escaped(_without_answer(replace(parts, fragment=None))))
    return _for_kind(parts, kind).text()


def _is_encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _slashes(text: str) -> str:
    place, question, query = text.partition("?")
    return place.replace("\\", "/") + question + query


def _with_scheme(text: str) -> str:
    if text.startswith("//"):
        return f"https:{text}"
    if _BARE_HOST.fullmatch(text):
        return f"https://{text}"
    return _WEB_START.sub(r"\1://", text, count=1) if _WEB_START.match(text) else text


def _without_answer(parts: uri.Parts) -> uri.Parts:
    if not parts.query:
        return parts
    fields = [
        field
        for field in parts.query.split("&")
        if not any(plain_name(name) in RESPONSE_PARAMETERS for name, _ in query_fields(field))
    ]
    return replace(parts, query="&".join(fields) or None)


def _escaped(parts: uri.Parts) -> uri.Parts:
    query = parts.query
    if query is not None:
        query = quote(query, safe=_LEGAL + "?").replace("%2F", "/").replace("%2f", "/")
    return replace(parts, path=quote(parts.path, safe=_LEGAL), query=query)


def _tidy(parts: uri.Parts) -> uri.Parts:
    scheme = parts.scheme.lower() if parts.scheme else parts.scheme
    is_web = scheme in WEB_SCHEMES
    path = uri.normal_escapes(uri.remove_dot_segments(parts.path))
    port = parts.port
    if port is not None and port.isascii() and port.isdigit() and len(port) <= 20:
        port = port.lstrip("0") or port
    if not port or (scheme and uri.DEFAULT_PORTS.get(scheme) == port):
        port = None
    return replace(
        parts,
        scheme=scheme,
        host=tidy_host(parts.host) if parts.host and is_web else parts.host,
        port=port,
        path=re.sub("/{2,}", "/", path) if is_web else path,
        query=uri.normal_escapes(parts.query) if parts.query else None,
    )


def tidy_host(host: str) -> str:
    """Return the host in the form that every parser reads alike, or unchanged where none is."""
    if host.startswith("["):
        inside = hosts.any_address(re.sub("%[^]]*", "", host))
    else:
        host = _decoded(host)
        if not host.isascii():
            host = hosts.to_ascii(host) or host
        host = host.removesuffix(".").lower()
        inside = hosts.any_address(host) if hosts.ends_in_number(host) else None
    if inside is None:
        return host
    mapped = getattr(inside, "ipv4_mapped", None)
    return hosts.literal(mapped or inside)


def _decoded(host: str) -> str:
    decoded = uri.unquote(host) if "%" in host else None
    if decoded and all(c.isalnum() or c in "-." or not c.isascii() for c in decoded):
        return decoded
    return host


def _for_kind(parts: uri.Parts, kind: str) -> uri.Parts:
    host = parts.host or ""
    if parts.scheme in WEB_SCHEMES:
        if not hosts.is_loopback(host):
            return replace(parts, scheme="https", port=None if parts.port == "443" else parts.port)
        scheme = "http" if kind in ON_DEVICE_KINDS else parts.scheme
        if scheme != "http" or host in hosts.LOOPBACK_LITERALS or host.endswith(".localhost"):
            return replace(parts, scheme=scheme)
        return replace(parts, scheme=scheme, host="127.0.0.1")
    bare = Candidate("", parts, kind, "")
    if kind not in ON_DEVICE_KINDS or not is_private_use(bare) or parts.userinfo is not None:
        return parts
    port = f":{parts.port}" if parts.port is not None else ""
    path = f"{host}{port}{parts.path}".lstrip("/")
    return replace(parts, host=None, port=None, path=f"/{path}")
