"""Authlib's two ways to guard an API that lives elsewhere, and its device client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from types import SimpleNamespace
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2 import ResourceProtector
from authlib.oauth2.rfc6749.errors import OAuth2Error
from authlib.oauth2.rfc7662 import IntrospectTokenValidator
from authlib.oauth2.rfc8628 import DEVICE_CODE_GRANT_TYPE
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from joserfc.jwk import KeySet

from idp.models import Api
from tests.clients.person import TIMEOUT, Person
from tests.clients.test_authlib import SCOPE, Client
from tests.factories import API, make_application
from tests.views.device_flow import pass_time

READ = "photos:read"


class ByKeys(JWTBearerTokenValidator):
    """Reads tokens itself, by the published keys."""

    def __init__(self, metadata: dict[str, Any]) -> None:
        super().__init__(issuer=metadata["issuer"], resource_server=API)
        self.metadata = metadata

    def get_jwks(self) -> Any:
        return KeySet.import_key_set(
            requests.get(self.metadata["jwks_uri"], timeout=TIMEOUT).json()
        )


class ByAsking(IntrospectTokenValidator):
    """Asks the provider about each token, as a registered resource server."""

    def __init__(self, metadata: dict[str, Any], server: Any) -> None:
        super().__init__()
        self.endpoint = metadata["introspection_endpoint"]
        self.server = server

    def introspect_token(self, token_string: str) -> Any:
        answer = requests.post(
            self.endpoint,
            data={"token": token_string, "token_type_hint": "access_token"},
            auth=(self.server.client_id, self.server.plain_secret),
            timeout=TIMEOUT,
        )
        answer.raise_for_status()
        return answer.json()


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def guarded(validator: Any) -> Iterator[str]:
    """Serve an API behind one of Authlib's validators, and yield its address."""
    protector = ResourceProtector()
    protector.register_token_validator(validator)

    def api(environ: dict[str, Any], start: Any) -> list[bytes]:
        header = environ.get("HTTP_AUTHORIZATION")
        asked = SimpleNamespace(headers={"Authorization": header} if header else {})
        try:
            protector.validate_request([READ], asked)
        except OAuth2Error as error:
            start(f"{error.status_code} refused", error.get_headers())
            return [error.error.encode()]
        start("200 OK", [("Content-Type", "text/plain")])
        return [b"photos"]

    server = make_server("127.0.0.1", 0, api, handler_class=Quiet)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def opened(address: str, token: str) -> tuple[int, str]:
    """Return what the API answers to a token, and its challenge's error."""
    header = {"Authorization": f"Bearer {token}"}
    answer = requests.get(address, headers=header, timeout=TIMEOUT)
    return answer.status_code, answer.text


def test_an_api_elsewhere_reads_tokens_or_asks_about_them(site: str, person: Person) -> None:
    application = make_application("web", scopes=("openid", READ), access_token_format="jwt")
    server = make_application("service")
    Api.objects.get(identifier=API).resource_servers.add(server.idp_policy)
    client = Client(site, application)
    token = client.exchange(client.authorize(person))
    access = token["access_token"]
    with (
        guarded(ByKeys(client.metadata)) as by_keys,
        guarded(ByAsking(client.metadata, server)) as by_asking,
    ):
        assert opened(by_keys, access) == opened(by_asking, access) == (200, "photos")
        assert opened(by_keys, f"{access}x") == (401, "invalid_token")
        assert opened(by_asking, token["id_token"]) == (401, "invalid_token")
        assert opened(by_keys, token["id_token"]) == (401, "invalid_token")

        client.session.revoke_token(
            client.metadata["revocation_endpoint"], token["refresh_token"], timeout=TIMEOUT
        )
        assert opened(by_asking, access) == (401, "invalid_token")
        assert client.session.get(f"{site}/api/photos/", timeout=TIMEOUT).status_code == 401


def test_a_device_in_authlibs_hands_waits_slows_down_and_gets_in(site: str, person: Person) -> None:
    application = make_application("device", scopes=("openid", READ))
    metadata = requests.get(f"{site}/o/.well-known/openid-configuration", timeout=TIMEOUT).json()
    session = OAuth2Session(application.client_id, token_endpoint_auth_method="none")
    session.trust_env = False
    codes = session.post(
        metadata["device_authorization_endpoint"],
        data={"client_id": application.client_id, "scope": SCOPE},
        withhold_token=True,
        timeout=TIMEOUT,
    ).json()

    def poll() -> dict[str, Any]:
        token: dict[str, Any] = session.fetch_token(
            metadata["token_endpoint"],
            grant_type=DEVICE_CODE_GRANT_TYPE,
            device_code=codes["device_code"],
            timeout=TIMEOUT,
        )
        return token

    for error in ("authorization_pending", "slow_down"):
        with pytest.raises(OAuthError, match=error):
            poll()
    pass_time(3 * codes["interval"])
    with pytest.raises(OAuthError, match="authorization_pending"):
        poll()
    person.connect(codes)
    assert set(poll()["scope"].split()) == {"openid", READ}
    assert session.get(f"{site}/api/photos/", timeout=TIMEOUT).status_code == 200
