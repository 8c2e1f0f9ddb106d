"""What is asked of both sites: one table, in the order of the report."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any
from urllib.parse import urlencode

VERIFIER = "v" * 43
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)

REDIRECT_URI = "https://client.example.com/callback"
SCOPE = "openid account:read"
OWN_SCOPE = "reports:read"


@dataclass(frozen=True)
class Call:
    """One HTTP request."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass
class Stock:
    """What a site has prepared, consumed by calls; shared by the threads of the load.

    Attributes:
        clients: name to id and secret; a public client's secret is empty.
        codes: name of a client to codes that are not redeemed yet.
        refresh_tokens: name of a client to live refresh tokens.
        access_token: one of the web client, that lives longer than the run.
    """

    clients: dict[str, tuple[str, str]]
    codes: dict[str, SimpleQueue[str]] = field(default_factory=dict)
    refresh_tokens: dict[str, SimpleQueue[str]] = field(default_factory=dict)
    access_token: str = ""

    def token(self, client: str, **values: str) -> Call:
        """Return a request of a client to the token endpoint."""
        return self.form("/o/token/", client, values)

    def exchange(self, client: str) -> Call:
        """Return the exchange of a code that nobody used yet."""
        return self.token(
            client,
            grant_type="authorization_code",
            code=self.codes[client].get_nowait(),
            redirect_uri=REDIRECT_URI,
            code_verifier=VERIFIER,
        )

    def refresh(self, client: str) -> Call:
        """Return the exchange of a refresh token, whose successor comes back by ``keep``."""
        return self.token(
            client,
            grant_type="refresh_token",
            refresh_token=self.refresh_tokens[client].get(timeout=30),
        )

    def keep(self, client: str, body: bytes) -> None:
        """Put back the refresh token of an answer."""
        self.refresh_tokens.setdefault(client, SimpleQueue()).put(json.loads(body)["refresh_token"])

    def form(self, path: str, client: str, values: dict[str, str]) -> Call:
        """Return a form that a client sends, authenticated as it is registered."""
        client_id, secret = self.clients[client]
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if secret:
            pair = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        else:
            values = {"client_id": client_id, **values}
        return Call("POST", path, headers, urlencode(values))

    def bearer(self, path: str) -> Call:
        """Return a request with the access token."""
        return Call("GET", path, {"Authorization": f"Bearer {self.access_token}"})


@dataclass(frozen=True)
class Endpoint:
    """One row of the report.

    Attributes:
        key: name in the JSON.
        title: name in the table.
        call: how the request is made from the stock.
        keep: what to do with the answer.
        consumes: client whose codes are used up, or empty.
    """

    key: str
    title: str
    call: Callable[[Stock], Call]
    keep: Callable[[Stock, bytes], Any] = lambda stock, body: None
    consumes: str = ""


def _own_token(client: str) -> Callable[[Stock], Call]:
    return lambda stock: stock.token(client, grant_type="client_credentials", scope=OWN_SCOPE)


def _introspection(client: str) -> Callable[[Stock], Call]:
    return lambda stock: stock.form("/o/introspect/", client, {"token": stock.access_token})


ENDPOINTS = (
    Endpoint("client_credentials", "client credentials", _own_token("service")),
    Endpoint(
        "code_exchange", "code exchange, ID token", lambda s: s.exchange("web"), consumes="web"
    ),
    Endpoint(
        "refresh",
        "refresh, ID token",
        lambda s: s.refresh("web"),
        lambda s, body: s.keep("web", body),
    ),
    Endpoint("introspection", "introspection", _introspection("web")),
    Endpoint("userinfo", "userinfo", lambda s: s.bearer("/o/userinfo/")),
    Endpoint("api", "protected API", lambda s: s.bearer("/api/user-profile/")),
    # Without the toolkit's slow hash: secrets that it keeps as plain text, and public clients.
    Endpoint(
        "client_credentials_fast", "client credentials, plain secret", _own_token("fast_service")
    ),
    Endpoint("introspection_fast", "introspection, plain secret", _introspection("fast_service")),
    Endpoint(
        "code_exchange_public",
        "code exchange, public client",
        lambda s: s.exchange("public"),
        consumes="public",
    ),
    Endpoint(
        "refresh_public",
        "refresh, public client",
        lambda s: s.refresh("public"),
        lambda s, body: s.keep("public", body),
    ),
)
