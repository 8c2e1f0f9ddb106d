"""Authlib against a running site."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet, generate_key

from tests.clients.person import TIMEOUT, Person
from tests.factories import make_application
from tests.requirement import requirement

SCOPE = "openid photos:read"
VERIFIER = "v" * 64


class Client:
    """One registered client in Authlib's hands."""

    def __init__(self, site: str, application: Any, scope: str = SCOPE, **options: Any) -> None:
        self.application = application
        discovery = f"{site}/o/.well-known/openid-configuration"
        self.metadata = requests.get(discovery, timeout=TIMEOUT).json()
        self.session = OAuth2Session(
            application.client_id,
            application.plain_secret,
            scope=scope,
            redirect_uri=application.redirect_uris,
            code_challenge_method="S256",
            **options,
        )
        self.session.trust_env = False

    def authorize(self, person: Person, decision: str = "allow") -> str:
        url, self.state = self.session.create_authorization_url(
            self.metadata["authorization_endpoint"], code_verifier=VERIFIER, nonce="n-0S6_WzA2Mj"
        )
        return person.answer(url, decision)

    def exchange(self, answer: str, verifier: str = VERIFIER) -> dict[str, Any]:
        return self.session.fetch_token(
            self.metadata["token_endpoint"],
            authorization_response=answer,
            state=self.state,
            code_verifier=verifier,
            timeout=TIMEOUT,
        )

    def claims(self, token: dict[str, Any]) -> CodeIDToken:
        keys = requests.get(self.metadata["jwks_uri"], timeout=TIMEOUT).json()
        algorithms = self.metadata["id_token_signing_alg_values_supported"]
        read = jwt.decode(token["id_token"], KeySet.import_key_set(keys), algorithms=algorithms)
        claims = CodeIDToken(
            read.claims,
            read.header,
            options={
                "iss": {"essential": True, "value": self.metadata["issuer"]},
                "aud": {"essential": True, "value": self.application.client_id},
            },
            params={
                "nonce": "n-0S6_WzA2Mj",
                "client_id": self.application.client_id,
                "access_token": token["access_token"],
            },
        )
        claims.validate()
        return claims

    def photos(self) -> int:
        site = self.metadata["issuer"].removesuffix("/o")
        return int(self.session.get(f"{site}/api/photos/", timeout=TIMEOUT).status_code)


@pytest.fixture(params=["web", "spa", "native"])
def client(request: pytest.FixtureRequest, site: str) -> Client:
    options = {} if request.param == "web" else {"token_endpoint_auth_method": "none"}
    application = make_application(request.param, scopes=("openid", "photos:read"))
    return Client(site, application, **options)


@pytest.fixture
def web(site: str) -> Client:
    return Client(site, make_application("web", scopes=("openid", "photos:read")))


@requirement("RFC 6749 §4.1", "A client made with Authlib goes the whole way.")
def test_code_flow_gives_tokens_that_open_the_api(client: Client, person: Person) -> None:
    token = client.exchange(client.authorize(person))
    assert token["token_type"] == "Bearer"
    assert client.claims(token)["sub"]
    assert client.photos() == 200


def test_userinfo_is_about_the_same_person(web: Client, person: Person) -> None:
    token = web.exchange(web.authorize(person))
    userinfo = web.session.get(web.metadata["userinfo_endpoint"], timeout=TIMEOUT).json()
    assert userinfo["sub"] == web.claims(token)["sub"]


def test_a_refreshed_token_opens_the_api(client: Client, person: Person) -> None:
    first = client.exchange(client.authorize(person))
    second = client.session.refresh_token(
        client.metadata["token_endpoint"], first["refresh_token"], timeout=TIMEOUT
    )
    assert second["access_token"] != first["access_token"]
    assert client.photos() == 200


def test_a_revoked_refresh_token_takes_the_access_along(client: Client, person: Person) -> None:
    token = client.exchange(client.authorize(person))
    answer = client.session.revoke_token(
        client.metadata["revocation_endpoint"], token["refresh_token"], timeout=TIMEOUT
    )
    assert answer.status_code == 200
    assert client.photos() == 401
    with pytest.raises(OAuthError, match="invalid_grant"):
        client.session.refresh_token(
            client.metadata["token_endpoint"], token["refresh_token"], timeout=TIMEOUT
        )


def test_a_refusal_comes_back_as_access_denied(web: Client, person: Person) -> None:
    answer = web.authorize(person, "deny")
    query = dict(parse_qsl(urlsplit(answer).query))
    assert query["error"] == "access_denied"
    assert query["state"] == web.state
    assert query["iss"] == web.metadata["issuer"]
    assert "code" not in query


def test_a_wrong_verifier_gives_nothing(client: Client, person: Person) -> None:
    with pytest.raises(OAuthError, match="invalid_grant"):
        client.exchange(client.authorize(person), verifier="w" * 64)


def test_a_code_works_once_and_its_second_use_ends_what_the_first_gave(
    web: Client, person: Person
) -> None:
    answer = web.authorize(person)
    token = web.exchange(answer)
    with pytest.raises(OAuthError, match="invalid_grant"):
        web.exchange(answer)
    web.session.token = token
    assert web.photos() == 401


def test_a_remembered_consent_is_not_asked_again(web: Client, person: Person) -> None:
    web.exchange(web.authorize(person))
    url, web.state = web.session.create_authorization_url(
        web.metadata["authorization_endpoint"], code_verifier=VERIFIER, nonce="n-0S6_WzA2Mj"
    )
    answer = person.browser.get(url, allow_redirects=False, timeout=TIMEOUT)
    assert answer.status_code == 302
    assert web.exchange(answer.headers["Location"])["access_token"]


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_client_credentials_open_the_report(site: str, method: str) -> None:
    application = make_application(
        "service", scopes=("reports:read",), token_endpoint_auth_method=method
    )
    client = Client(site, application, "reports:read", token_endpoint_auth_method=method)
    token = client.session.fetch_token(
        client.metadata["token_endpoint"], grant_type="client_credentials", timeout=TIMEOUT
    )
    assert "refresh_token" not in token
    assert client.session.get(f"{site}/api/reports/", timeout=TIMEOUT).json()["photos"] == 0


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_key_of_its_own_opens_the_report_and_ends_the_token(site: str, algorithm: str) -> None:
    key = generate_key(*{"RS256": ("RSA", 2048), "ES256": ("EC", "P-256")}[algorithm])
    application = make_application(
        "service",
        scopes=("reports:read",),
        token_endpoint_auth_method="private_key_jwt",
        jwks={"keys": [key.as_dict(private=False)]},
    )
    application.plain_secret = key
    client = Client(
        site,
        application,
        "reports:read",
        token_endpoint_auth_method="private_key_jwt",
        revocation_endpoint_auth_method="private_key_jwt",
    )
    client.session.register_client_auth_method(PrivateKeyJWT(alg=algorithm))
    token = client.session.fetch_token(
        client.metadata["token_endpoint"], grant_type="client_credentials", timeout=TIMEOUT
    )
    assert client.session.get(f"{site}/api/reports/", timeout=TIMEOUT).json()["photos"] == 0
    answer = client.session.revoke_token(
        client.metadata["revocation_endpoint"], token["access_token"], timeout=TIMEOUT
    )
    assert answer.status_code == 200, answer.text
    assert client.session.get(f"{site}/api/reports/", timeout=TIMEOUT).status_code == 401


def test_a_wrong_secret_is_an_invalid_client(site: str) -> None:
    application = make_application("service", scopes=("reports:read",))
    application.plain_secret += "x"
    client = Client(site, application, "reports:read")
    with pytest.raises(OAuthError, match="invalid_client"):
        client.session.fetch_token(
            client.metadata["token_endpoint"], grant_type="client_credentials", timeout=TIMEOUT
        )


def test_a_scope_that_is_not_the_clients_is_an_invalid_scope(site: str) -> None:
    application = make_application("service", scopes=("reports:read",))
    client = Client(site, application, "photos:read")
    with pytest.raises(OAuthError, match="invalid_scope"):
        client.session.fetch_token(
            client.metadata["token_endpoint"], grant_type="client_credentials", timeout=TIMEOUT
        )
