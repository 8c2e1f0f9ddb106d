"""One authorization code flow, step by step, through the public endpoints."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from django.test import Client as Browser

VERIFIER = "v" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)
AUTHORIZE = "/o/authorize/"
TOKEN = "/o/token/"


def basic(application: Any, secret: str | None = None) -> dict[str, str]:
    """Return the header with which a confidential client authenticates."""
    pair = f"{application.client_id}:{secret or application.plain_secret}"
    return {"HTTP_AUTHORIZATION": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def location(response: Any) -> dict[str, str]:
    """Return the parameters of a redirect, each once."""
    assert response.status_code == 302, response.content.decode()[:2000]
    return dict(parse_qsl(urlsplit(response["Location"]).query, keep_blank_values=True))


def form_fields(html: str) -> dict[str, list[str]]:
    """Return name to values of the hidden fields and switched-on boxes of a page."""
    fields: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", html):
        attributes = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
        kind = attributes.get("type")
        if kind == "hidden" or (kind in {"checkbox", "radio"} and " checked" in tag):
            fields.setdefault(attributes["name"], []).append(attributes.get("value", "on"))
    return fields


@dataclass
class Flow:
    """A browser with its user, in front of a client."""

    application: Any
    user: Any = None
    browser: Browser = field(default_factory=Browser)

    def __post_init__(self) -> None:
        if self.user is not None:
            self.browser.force_login(self.user, "django.contrib.auth.backends.ModelBackend")

    @property
    def redirect_uri(self) -> str:
        return self.application.redirect_uris.split()[0]

    def parameters(self, scope: str = "openid", **changes: Any) -> dict[str, Any]:
        """Return the parameters of a good request, with changes; None leaves one out."""
        values = {
            "response_type": "code",
            "client_id": self.application.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": scope,
            "state": "st-1",
            "nonce": "n-1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in values.items() if value is not None}

    def start(self, scope: str = "openid", **changes: Any) -> Any:
        """Send the authorization request."""
        return self.browser.get(
            f"{AUTHORIZE}?{urlencode(self.parameters(scope, **changes), doseq=True)}"
        )

    def decide(self, page: Any, decision: str = "allow", **changes: Any) -> Any:
        """Answer a consent page as a browser would."""
        html = page.content.decode()
        assert page.status_code == 200, html[:2000]
        found = re.search(r'<form[^>]*action="([^"]*decide[^"]*)"', html)
        assert found, html[:3000]
        fields: dict[str, Any] = {**form_fields(html), "decision": decision, **changes}
        return self.browser.post(found[1], fields)

    def code(self, scope: str = "openid", **changes: Any) -> str:
        """Return a code, allowing what the page asks."""
        response = self.start(scope, **changes)
        if response.status_code == 200:
            response = self.decide(response)
        return location(response)["code"]

    def exchange(self, code: str, **changes: Any) -> Any:
        """Send a code to the token endpoint."""
        return self.token(
            grant_type="authorization_code",
            code=code,
            **{"redirect_uri": self.redirect_uri, "code_verifier": VERIFIER, **changes},
        )

    def token(self, **values: Any) -> Any:
        """Send a token request as this client."""
        headers = {}
        if self.application.plain_secret:
            headers = basic(self.application)
        else:
            values = {"client_id": self.application.client_id, **values}
        fields = {name: value for name, value in values.items() if value is not None}
        return post(TOKEN, fields, **headers)

    def refresh(self, refresh_token: str, **changes: Any) -> Any:
        """Send a refresh token to the token endpoint."""
        return self.token(grant_type="refresh_token", refresh_token=refresh_token, **changes)

    def tokens(self, scope: str = "openid", **changes: Any) -> dict[str, Any]:
        """Return the answer of a whole flow."""
        response = self.exchange(self.code(scope, **changes))
        assert response.status_code == 200, response.content
        answer: dict[str, Any] = response.json()
        return answer


def post(path: str, fields: dict[str, Any], **headers: Any) -> Any:
    """Send a form without cookies, as a client's server does."""
    body = urlencode(fields, doseq=True)
    return Browser().post(path, body, content_type="application/x-www-form-urlencoded", **headers)


def bearer(token: str) -> dict[str, str]:
    """Return the header that carries an access token."""
    return {"HTTP_AUTHORIZATION": f"Bearer {token}"}


def query(url: str) -> dict[str, list[str]]:
    """Return the parameters of an address."""
    return parse_qs(urlsplit(url).query)
