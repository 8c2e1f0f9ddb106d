"""Clients that authenticate with their own key, at every endpoint that they call."""

from __future__ import annotations

import base64
import hmac
import json
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey

from idp.models import ClientPolicy, SecurityEvent, UsedAssertion
from idp.services import client_key
from tests.factories import make_application
from tests.requirement import defect, requirement
from tests.services.outbound_server import answer, serve
from tests.views.flow import basic, post

pytestmark = pytest.mark.django_db

KEYS = {
    "RS256": RSAKey.generate_key(2048, {"kid": "rsa"}),
    "PS256": RSAKey.generate_key(2048, {"kid": "pss"}),
    "ES256": ECKey.generate_key("P-256", {"kid": "ec"}),
    "EdDSA": OKPKey.generate_key("Ed25519", {"kid": "ed"}),
}
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOKEN = "http://testserver/o/token/"
GRANT = {"grant_type": "client_credentials", "scope": "reports:read"}


def key_set(*keys: Any) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=False) for key in keys or KEYS.values()]}


def make_client(**fields: Any) -> Any:
    values = {"token_endpoint_auth_method": "private_key_jwt", "jwks": key_set(), **fields}
    return make_application("service", scopes=("reports:read",), **values)


def sign(application: Any, algorithm: str = "ES256", key: Any = None, **changes: Any) -> str:
    header = {"alg": algorithm, "kid": KEYS[algorithm].kid, **changes.pop("header", {})}
    client_id = application.client_id
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": TOKEN,
        "jti": str(uuid4()),
        "exp": int(time.time()) + 60,
        **changes,
    }
    header = {name: value for name, value in header.items() if value is not None}
    signer = key or KEYS[algorithm]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # of EdDSA's name
        return jws.serialize_compact(header, json.dumps(claims), signer, algorithms=[algorithm])


def assertion(application: Any, *args: Any, **changes: Any) -> dict[str, str]:
    return {"client_assertion_type": TYPE, "client_assertion": sign(application, *args, **changes)}


def ask(**fields: str) -> Any:
    return post("/o/token/", {**GRANT, **fields})


def refused(response: Any, error: str = "invalid_client") -> str:
    assert response.json()["error"] == error
    assert response.status_code == (401 if error == "invalid_client" else 400)
    assert response["Cache-Control"] == "no-store"
    return str(response.json()["error_description"])


def cause() -> str:
    event = SecurityEvent.objects.filter(kind="client.authentication_failed").latest("last_at")
    return str(event.detail["cause"])


@requirement("RFC 7523 §2.2", "A signed assertion authenticates a client.")
@requirement("OpenID Connect Core §9", "private_key_jwt is a method of authentication.")
@pytest.mark.parametrize("algorithm", sorted(KEYS))
def test_each_signature_authenticates(algorithm: str) -> None:
    client = make_client()
    response = ask(**assertion(client, algorithm))
    assert response.status_code == 200, response.content
    assert response.json()["scope"] == "reports:read"


@requirement("RFC 7523 §3", "The audience names this provider; client_id must agree.")
def test_the_issuer_is_an_audience_too_and_the_client_may_be_named_beside(settings: Any) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "OIDC_ISS_ENDPOINT": "https://id.example.com",
    }
    client = make_client()
    proof = assertion(client, aud="https://id.example.com")
    assert ask(**proof, client_id=client.client_id).status_code == 200
    assert "aud" in refused(ask(**assertion(client, aud="http://testserver/o")))


@requirement("RFC 7523 §3", "A jti counts once.")
def test_an_assertion_counts_once() -> None:
    client = make_client()
    proof = assertion(client)
    assert ask(**proof).status_code == 200
    refused(ask(**proof))
    assert cause() == "assertion_used"
    assert UsedAssertion.objects.count() == 1


def test_one_jti_of_two_clients_is_two_assertions() -> None:
    first, second = make_client(), make_client()
    assert ask(**assertion(first, jti="same")).status_code == 200
    assert ask(**assertion(second, jti="same")).status_code == 200


def test_a_signature_by_another_key_does_not_burn_the_jti() -> None:
    client = make_client()
    stranger = ECKey.generate_key("P-256", {"kid": "ec"})
    refused(ask(**assertion(client, key=stranger, jti="mine")))
    assert cause() == "wrong_signature"
    assert ask(**assertion(client, jti="mine")).status_code == 200


@requirement("RFC 8725 §2.1", "A public key is no shared secret.")
def test_a_public_key_does_not_serve_as_a_shared_secret() -> None:
    client = make_client()
    header, claims, _signature = sign(client).split(".")
    header = base64.urlsafe_b64encode(b'{"alg":"HS256"}').decode().rstrip("=")
    key = KEYS["RS256"].as_pem(private=False)
    seal = hmac.digest(key, f"{header}.{claims}".encode(), "sha256")
    forged = f"{header}.{claims}.{base64.urlsafe_b64encode(seal).decode().rstrip('=')}"
    assert "RS256" in refused(ask(client_assertion_type=TYPE, client_assertion=forged))


@requirement("RFC 8725 §3.1", "The registered algorithm is the only one.")
def test_the_registered_signature_is_the_only_one() -> None:
    client = make_client(token_endpoint_auth_signing_alg="EdDSA")
    refused(ask(**assertion(client, "ES256")))
    assert cause() == "assertion_algorithm"
    assert ask(**assertion(client, "EdDSA")).status_code == 200


def test_a_client_with_a_key_may_not_use_its_secret() -> None:
    client = make_client()
    refused(post("/o/token/", GRANT, **basic(client)))
    assert cause() == "method_not_registered"


def test_a_client_with_a_secret_may_not_use_a_key() -> None:
    client = make_client(token_endpoint_auth_method="client_secret_basic")
    refused(ask(**assertion(client)))
    assert cause() == "method_not_registered"
    assert (
        post(
            "/o/token/",
            {
                **GRANT,
                "client_id": client.client_id,
                "client_secret": client.plain_secret,
            },
        ).status_code
        == 200
    )


@defect(20)
@requirement("RFC 6749 §2.3", "More than one method in a request is refused.")
def test_two_methods_are_one_too_many() -> None:
    client = make_client()
    proof = {**GRANT, **assertion(client)}
    refused(post("/o/token/", proof, **basic(client)), "invalid_request")
    refused(ask(**assertion(client), client_secret="x"), "invalid_request")
    assert not UsedAssertion.objects.exists()


def test_an_incomplete_assertion_says_what_is_missing() -> None:
    client = make_client()
    proof = assertion(client)
    assert "client_assertion_type" in refused(ask(client_assertion=proof["client_assertion"]))
    assert "JWT" in refused(ask(client_assertion_type=TYPE))
    assert "client_id" in refused(ask(**proof, client_id="somebody"))


@requirement("RFC 7521 §4.2.1", "A bad assertion is invalid_client.")
def test_a_disabled_client_and_one_that_does_not_exist_are_refused_alike() -> None:
    client = make_client(status=ClientPolicy.Status.DISABLED)
    disabled = refused(ask(**assertion(client)))
    client.client_id = "nobody"
    assert refused(ask(**assertion(client))) == disabled


@requirement("RFC 8414 §2", "Revocation and introspection take the advertised methods.")
def test_revocation_and_introspection_take_assertions() -> None:
    client = make_client()
    token = ask(**assertion(client)).json()["access_token"]
    here = {"aud": "http://testserver/o/introspect/"}
    told = post("/o/introspect/", {"token": token, **assertion(client, **here)}).json()
    assert told["active"] is True
    assert "aud" in refused(ask(**assertion(client, **here)))
    assert post("/o/revoke_token/", {"token": token, **assertion(client)}).status_code == 200
    told = post("/o/introspect/", {"token": token, **assertion(client)}).json()
    assert told == {"active": False}


@requirement("RFC 8414 §2", "Methods and their signatures are told for each endpoint.")
def test_discovery_names_the_method_and_its_signatures(client: Any) -> None:
    told = client.get("/o/.well-known/openid-configuration").json()
    for endpoint in ("token", "revocation", "introspection"):
        assert "private_key_jwt" in told[f"{endpoint}_endpoint_auth_methods_supported"]
        signatures = told[f"{endpoint}_endpoint_auth_signing_alg_values_supported"]
        assert set(signatures) == set(KEYS)


@contextmanager
def published(settings: Any, *sets: Any) -> Iterator[tuple[str, list[bytes]]]:
    """Serve JWK Sets one after the other, the last one for ever."""
    left = [json.dumps(each).encode() for each in sets]

    def act(peer: Any, request: bytes) -> None:
        body = left.pop(0) if len(left) > 1 else left[0]
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        answer(head % len(body) + body)(peer, request)

    with serve(act) as (port, requests):
        settings.IDP = {**settings.IDP, "OUTBOUND_ALLOWED_HOSTS": [f"127.0.0.1:{port}"]}
        yield f"http://127.0.0.1:{port}/jwks", requests


def test_keys_are_fetched_once_and_again_for_an_unknown_kid(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = KEYS["ES256"], ECKey.generate_key("P-256", {"kid": "new"})
    with published(settings, key_set(old), key_set(new)) as (address, requests):
        client = make_client(jwks=None, jwks_uri=address)
        assert ask(**assertion(client)).status_code == 200
        assert ask(**assertion(client)).status_code == 200
        assert len(requests) == 1
        renewed = {"key": new, "header": {"kid": "new"}}
        refused(ask(**assertion(client, **renewed)))
        assert len(requests) == 1  # not again within a minute
        monkeypatch.setattr(client_key, "FETCH_EVERY_SECONDS", 0)
        client_key.cache.delete(f"{client_key._name(address)}.asked")
        assert ask(**assertion(client, **renewed)).status_code == 200
        assert len(requests) == 2


@pytest.mark.parametrize(
    "content",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\xff{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        b"",
    ],
)
def test_an_address_without_keys_is_asked_once_and_told_to_the_operator(
    settings: Any, content: bytes
) -> None:
    with serve(answer(content)) as (port, requests):
        settings.IDP = {**settings.IDP, "OUTBOUND_ALLOWED_HOSTS": [f"127.0.0.1:{port}"]}
        client = make_client(jwks=None, jwks_uri=f"http://127.0.0.1:{port}/jwks")
        refused(ask(**assertion(client)))
        refused(ask(**assertion(client)))
    assert len(requests) == 1
    assert SecurityEvent.objects.get(kind="client.keys_unavailable").client_id == client.client_id


def test_an_address_inside_is_never_asked() -> None:
    client = make_client(jwks=None, jwks_uri="https://127.0.0.1/jwks")
    refused(ask(**assertion(client)))
    event = SecurityEvent.objects.get(kind="client.keys_unavailable")
    assert event.reasons[0]["code"].startswith("outbound_")
