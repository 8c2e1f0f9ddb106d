"""What went over the wire, fit to be shown: tokens shortened, secrets left out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests

SHORTENED = frozenset(
    {"access_token", "refresh_token", "id_token", "token", "code", "code_verifier", "id_token_hint"}
)
HIDDEN = frozenset({"client_secret", "client_assertion", "password"})
SHOWN_HEADERS = ("Authorization", "WWW-Authenticate", "Retry-After")
KEPT = 20
"""Exchanges that a session remembers."""
LONGEST = 400
"""Characters of one value."""

Pairs = list[tuple[str, str]]


def shorten(value: str) -> str:
    """Return the first characters of a token and its length."""
    return f"{value[:6]}… ({len(value)} characters)" if len(value) > 12 else "…"


def presentable(name: str, value: object) -> str:
    """Return a value as it may be shown under its name."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if name in HIDDEN:
        return "(not shown)"
    if name in SHORTENED and text:
        return shorten(text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def of_redirect(title: str, url: str, *, back: bool = False) -> dict[str, Any]:
    """Return an exchange that goes through the browser: a redirect with its parameters."""
    parts = urlsplit(url)
    return {
        "title": title,
        "by": "browser",
        "line": f"GET {parts.path}",
        "sent": _pairs(parse_qsl(parts.query, keep_blank_values=True)),
        "status": "" if back else "302",
        "received": [],
    }


def of_response(title: str, response: requests.Response) -> dict[str, Any]:
    """Return an exchange between the shop's server and the provider or the API."""
    request = response.request
    url = urlsplit(request.url or "")
    body = request.body if isinstance(request.body, str) else (request.body or b"").decode()
    sent = [*_headers(request.headers), *_pairs(parse_qsl(url.query) + parse_qsl(body))]
    return {
        "title": title,
        "by": "server",
        "line": f"{request.method} {url.path}",
        "sent": sent,
        "status": f"{response.status_code} {response.reason or ''}".strip(),
        "received": [*_headers(response.headers), *_answer(response)],
    }


def _pairs(pairs: Iterable[tuple[str, str]]) -> Pairs:
    return [(name, presentable(name, value)) for name, value in pairs]


def _headers(headers: Any) -> Pairs:
    return [(name, _header(name, headers[name])) for name in SHOWN_HEADERS if headers.get(name)]


def _header(name: str, value: str) -> str:
    if name != "Authorization":
        return value
    scheme, _space, credentials = value.partition(" ")
    return f"Basic {'(not shown)'}" if scheme == "Basic" else f"{scheme} {shorten(credentials)}"


def _answer(response: requests.Response) -> Pairs:
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    try:
        found = response.json()
    except ValueError:
        size = len(response.content)
        return [("body", f"{kind}, {size} bytes")] if size else []
    if isinstance(found, dict):
        return [(name, presentable(name, value)) for name, value in found.items()]
    return [("body", presentable("", found))]
