"""A client's side of the protocol, the same before and after ``idp`` is there."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.test import Client as Browser

VERIFIER = "v" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)
CALLBACK = "https://app.example.com/callback"
FORM = "application/x-www-form-urlencoded"


def post(path: str, fields: dict[str, Any], **headers: Any) -> Any:
    """Send a form without cookies, as a client's server does."""
    return Browser().post(path, urlencode(fields), content_type=FORM, **headers)


def bearer(token: str) -> dict[str, str]:
    """Return the header that carries an access token."""
    return {"HTTP_AUTHORIZATION": f"Bearer {token}"}


def basic(client: dict[str, str]) -> dict[str, str]:
    """Return the header with which a confidential client authenticates."""
    pair = f"{client['client_id']}:{client['secret']}".encode()
    return {"HTTP_AUTHORIZATION": f"Basic {base64.b64encode(pair).decode()}"}


def credentials(client: dict[str, str]) -> dict[str, str]:
    """Return the parameters with which a client authenticates in the body."""
    if not client["secret"]:
        return {"client_id": client["client_id"]}
    return {"client_id": client["client_id"], "client_secret": client["secret"]}


def parameters(response: Any) -> dict[str, str]:
    """Return the parameters of a redirect, from query or fragment."""
    assert response.status_code == 302, (response.status_code, response.content[:500])
    parts = urlsplit(response["Location"])
    return dict(parse_qsl(parts.fragment or parts.query))


def request_url(client: dict[str, str], *, pkce: bool = False, **changes: Any) -> str:
    """Return the address of an authorization request; a change to None leaves a parameter out."""
    values = {
        "response_type": "code",
        "client_id": client["client_id"],
        "redirect_uri": CALLBACK,
        "scope": "read write",
        "state": "s-1",
        **({"code_challenge": CHALLENGE, "code_challenge_method": "S256"} if pkce else {}),
        **changes,
    }
    given = {name: value for name, value in values.items() if value is not None}
    return f"/o/authorize/?{urlencode(given)}"


def hidden_fields(html: str) -> dict[str, str]:
    """Return the fields that a page would send without anybody touching it."""
    fields = {}
    for tag in re.findall(r"<input[^>]*>", html):
        attributes = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
        kind = attributes.get("type")
        if kind == "hidden" or (kind in {"checkbox", "radio"} and " checked" in tag):
            fields[attributes["name"]] = attributes.get("value", "" if kind == "hidden" else "on")
    return fields


def allow(browser: Browser, page: Any, url: str) -> Any:
    """Allow what a consent page asks: the toolkit's page, or ours."""
    if page.status_code == 302:
        return page
    html = page.content.decode()
    assert page.status_code == 200, html[:3000]
    ours = re.search(r'<form[^>]*action="([^"]*decide[^"]*)"', html)
    fields = hidden_fields(html)
    if ours:
        return submit(browser, ours[1], {**fields, "decision": "allow"})
    return submit(browser, url, {**fields, "allow": "Authorize"})


def submit(browser: Browser, path: str, fields: dict[str, str]) -> Any:
    """Send a form as a browser does."""
    return browser.post(path, urlencode(fields), content_type=FORM)


def exchange(client: dict[str, str], code: str, *, pkce: bool = False) -> Any:
    """Send a code to the token endpoint."""
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        **({"code_verifier": VERIFIER} if pkce else {}),
    }
    return post("/o/token/", {**fields, **credentials(client)})


def refresh(client: dict[str, str], token: str, **changes: str) -> Any:
    """Send a refresh token to the token endpoint."""
    fields = {"grant_type": "refresh_token", "refresh_token": token, **changes}
    return post("/o/token/", {**fields, **credentials(client)})
