"""Photo Print as an OAuth client: discovery, code with PKCE, ID token, refresh, revocation, API."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from django.utils.translation import gettext as _
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from project.demo.file import Registration
from project.demo.web import exchange

SCOPE = "openid account:read photos:read photos:write"
TIMEOUT = 10
"""Seconds."""
PICTURES = 6
SIGNED_OUT = "http://schemas.openid.net/event/backchannel-logout"
ALGORITHMS = ["RS256", "ES256"]


class FlowError(Exception):
    """The flow ended; ``code`` is the OAuth error, or a word of our own for what we refused."""

    def __init__(self, code: str, description: str = "") -> None:
        super().__init__(description)
        self.code = code
        self.description = description


@dataclass
class PhotoPrint:
    """One visit's worth of the client.

    Attributes:
        registration: what it knows of itself.
        trace: every request and answer, as it happened.
    """

    registration: Registration
    trace: list[dict[str, Any]] = field(default_factory=list)
    _title: str = ""

    def __post_init__(self) -> None:
        self.http = OAuth2Session(
            self.registration.client_id,
            self.registration.client_secret,
            token_endpoint_auth_method="client_secret_basic",  # noqa: S106 - its name
            scope=SCOPE,
            redirect_uri=self.registration.redirect_uris[0],
            code_challenge_method="S256",
        )
        self.http.trust_env = False
        self.http.hooks["response"].append(self._record)

    def start(self) -> tuple[str, dict[str, Any]]:
        """Return where to send the browser, and what to remember until it comes back."""
        metadata = self._get(_("Discover the provider"), self._discovery())
        if metadata.get("issuer") != self.registration.issuer:
            raise FlowError("issuer_mismatch", _("The provider says that it is somebody else."))
        pending = {
            "state": secrets.token_urlsafe(24),
            "nonce": secrets.token_urlsafe(24),
            "verifier": secrets.token_urlsafe(48),
            "metadata": metadata,
        }
        url, _state = self.http.create_authorization_url(
            metadata["authorization_endpoint"],
            state=pending["state"],
            nonce=pending["nonce"],
            code_verifier=pending["verifier"],
        )
        self.trace.append(exchange.of_redirect(_("Ask for access"), url))
        return url, pending

    def finish(self, url: str, query: Mapping[str, str], pending: dict[str, Any]) -> dict[str, Any]:
        """Return the connection that the provider's answer leads to.

        Args:
            url: address that the browser came back to.
            query: its parameters.
            pending: what ``start`` remembered.

        Raises:
            FlowError: the answer is an error, or not the answer to our request.

        Source: RFC 6749 §4.1.2, §10.12; RFC 9207 §2.4; OpenID Connect Core §3.1.3.7.
        """
        self.trace.append(exchange.of_redirect(_("Come back with the answer"), url, back=True))
        metadata = pending["metadata"]
        if not hmac.compare_digest(query.get("state", "").encode(), pending["state"].encode()):
            raise FlowError("state_mismatch", _("This is not the answer to what was asked."))
        if query.get("iss") != metadata["issuer"]:
            raise FlowError("issuer_mismatch", _("The answer came from another provider."))
        if "error" in query:
            raise FlowError(query["error"], query.get("error_description", ""))
        tokens = self._token(
            _("Exchange the code for tokens"),
            metadata,
            code=query.get("code", ""),
            code_verifier=pending["verifier"],
            grant_type="authorization_code",
        )
        keys = self._get(_("Fetch the provider's public keys"), metadata["jwks_uri"])
        claims = self._claims(tokens, keys, pending["nonce"], metadata["issuer"])
        connection = {"metadata": metadata, "tokens": tokens, "claims": claims}
        return connection | {"name": self._name(tokens["access_token"])}

    def ended_session(self, logout_token: str) -> dict[str, Any]:
        """Return the claims of a logout token once signature and contents are proven.

        Raises:
            FlowError: it is not the provider's, not for this client, or no logout token.

        Source: OpenID Connect Back-Channel Logout §2.6.
        """
        metadata = self._get(_("Discover the provider"), self._discovery())
        keys: Any = self._get(_("Fetch the provider's public keys"), metadata["jwks_uri"])
        try:
            token = jwt.decode(logout_token, KeySet.import_key_set(keys), algorithms=ALGORITHMS)
            jwt.JWTClaimsRegistry(
                leeway=60,
                iss={"essential": True, "value": self.registration.issuer},
                aud={"essential": True, "value": self.registration.client_id},
                iat={"essential": True},
                exp={"essential": True},
                jti={"essential": True},
                sid={"essential": True},
            ).validate(token.claims)
        except (JoseError, KeyError, ValueError) as error:
            raise FlowError("logout_token_invalid", str(error)) from error
        right = token.header.get("typ") == "logout+jwt" and "nonce" not in token.claims
        if not right or token.claims.get("events", {}).get(SIGNED_OUT) != {}:
            raise FlowError("logout_token_invalid", "no logout token")
        return dict(token.claims)

    def refresh(self, connection: dict[str, Any]) -> dict[str, Any]:
        """Return the connection with fresh tokens.

        Raises:
            FlowError: the provider refuses.
        """
        old = connection["tokens"]
        tokens = self._token(
            _("Refresh the access token"),
            connection["metadata"],
            grant_type="refresh_token",
            refresh_token=old.get("refresh_token", ""),
        )
        return connection | {"tokens": old | tokens}

    def revoke(self, connection: dict[str, Any]) -> None:
        """Give the tokens back (RFC 7009)."""
        self._title = _("Give the tokens back")
        tokens = connection["tokens"]
        self.http.revoke_token(
            connection["metadata"]["revocation_endpoint"],
            tokens.get("refresh_token") or tokens["access_token"],
            timeout=TIMEOUT,
        )

    def photos(self, connection: dict[str, Any]) -> list[dict[str, str]]:
        """Return the user's newest photos with their pictures as ``data:`` URIs.

        Raises:
            FlowError: the API refuses the token.
        """
        token = connection["tokens"]["access_token"]
        url = f"{self.registration.base_url}/api/photos/?page_size={PICTURES}"
        answer = self._call(_("Fetch the photos from the API"), url, token)
        return [
            {"title": row["title"], "picture": self._picture(row, token)}
            for row in answer.json()["results"]
        ]

    def _name(self, token: str) -> str:
        url = f"{self.registration.base_url}/api/user-profile/"
        try:
            profile = self._call(_("Ask the API who this is"), url, token).json()
        except FlowError:
            return ""
        return str(profile["name"] or profile["username"])

    def _picture(self, row: Mapping[str, str], token: str) -> str:
        content = self._call(_("Fetch a picture"), row["picture"], token).content
        return f"data:image/png;base64,{base64.b64encode(content).decode('ascii')}"

    def _call(self, title: str, url: str, token: str) -> requests.Response:
        self._title = title
        answer: requests.Response = self.http.get(
            url,
            withhold_token=True,
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT,
        )
        if answer.status_code >= 400:
            found = answer.json() if "json" in answer.headers.get("Content-Type", "") else {}
            raise FlowError(
                found.get("error", f"http_{answer.status_code}"),
                found.get("error_description", ""),
            )
        return answer

    def _token(self, title: str, metadata: Mapping[str, Any], **fields: str) -> dict[str, Any]:
        self._title = title
        try:
            return dict(
                self.http.fetch_token(metadata["token_endpoint"], timeout=TIMEOUT, **fields)
            )
        except OAuthError as error:
            raise FlowError(error.error, error.description or "") from error

    def _get(self, title: str, url: str) -> dict[str, Any]:
        self._title = title
        answer = self.http.get(url, withhold_token=True, timeout=TIMEOUT)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def _claims(
        self, tokens: Mapping[str, Any], keys: Any, nonce: str, issuer: str
    ) -> dict[str, Any]:
        """Return the claims of the ID token once signature and contents are proven."""
        try:
            token = jwt.decode(
                tokens["id_token"], KeySet.import_key_set(keys), algorithms=ALGORITHMS
            )
            claims = CodeIDToken(
                token.claims,
                token.header,
                options={
                    "iss": {"essential": True, "value": issuer},
                    "aud": {"essential": True, "value": self.registration.client_id},
                },
                params={
                    "nonce": nonce,
                    "client_id": self.registration.client_id,
                    "access_token": tokens["access_token"],
                },
            )
            claims.validate(leeway=60)
        except (JoseError, KeyError, ValueError) as error:
            raise FlowError("id_token_invalid", str(error)) from error
        return dict(claims)

    def _discovery(self) -> str:
        return f"{self.registration.issuer}/.well-known/openid-configuration"

    def _record(self, response: requests.Response, *args: Any, **kwargs: Any) -> None:
        self.trace.append(exchange.of_response(self._title, response))
