"""oauth4webapi, which trusts nothing that a specification does not promise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from tests.clients.person import Person
from tests.clients.script import Script
from tests.factories import make_application
from tests.requirement import requirement
from tests.views.device_flow import pass_time
from tests.views.flow import query

pytestmark = pytest.mark.slow

SCOPE = "openid photos:read"
MIXED_UP = {"kind": "OperationProcessingError", "code": "OAUTH_INVALID_RESPONSE"}


@pytest.fixture
def start(site: str, node: Path) -> Iterator[Any]:
    """Start the script with an order for a client of this site."""
    clients: list[Script] = []

    def one(application: Any, flow: str, **order: Any) -> Script:
        found = {
            "issuer": f"{site}/o",
            "discovery": "oidc",
            "client_id": application.client_id,
            "client_secret": application.plain_secret,
            "redirect_uri": application.redirect_uris,
            "flow": flow,
            **order,
        }
        clients.append(Script(node, "oauth.js", found))
        return clients[-1]

    yield one
    for client in clients:
        client.close()


def with_a_key(kind: str, *scopes: str, **policy: Any) -> tuple[Any, dict[str, Any]]:
    """Return a client that proves itself by a key of its own, and what the script needs of it."""
    key = ECKey.generate_key("P-256", {"kid": "one"})
    application = make_application(
        kind,
        scopes=scopes,
        token_endpoint_auth_method="private_key_jwt",
        jwks={"keys": [key.as_dict(private=False)]},
        **policy,
    )
    return application, {"client_secret": "", "private_jwk": key.as_dict(private=True)}


def judged(results: dict[str, Any]) -> None:
    """Check what the script reports of a whole code flow."""
    subject = results["claims"]["sub"]
    assert results["userinfo"]["sub"] == results["introspection"]["sub"] == subject
    assert results["renewed"] == {
        "sub": subject,
        "auth_time": results["claims"]["auth_time"],
        "again": True,
    }
    assert results["introspection"]["active"] is True
    assert results["ended"] == {"active": False}
    assert results["shut_out"]["kind"] == "WWWAuthenticateChallengeError"


def mixed_up(results: dict[str, Any]) -> None:
    for failure in results["mixed_up"].values():
        assert {**failure, **MIXED_UP} == failure


@requirement("RFC 9207 §2", "An authorization response names its issuer.")
@pytest.mark.parametrize("discovery", ["oidc", "oauth2"])
def test_the_code_flow_from_discovery_to_revocation(
    start: Any, person: Person, discovery: str
) -> None:
    application = make_application("web", scopes=("openid", "photos:read"))
    client = start(application, "code", scope=SCOPE, discovery=discovery)
    client.write(person.answer(client.read()["url"]))
    results = client.read()
    judged(results)
    mixed_up(results)


def test_a_pushed_request_of_a_client_with_a_key_of_its_own(start: Any, person: Person) -> None:
    application, key = with_a_key(
        "web", "openid", "photos:read", require_pushed_authorization_requests=True
    )
    client = start(application, "code", scope=SCOPE, pushed=True, **key)
    url = client.read()["url"]
    assert set(query(url)) == {"client_id", "request_uri"}
    client.write(person.answer(url))
    judged(client.read())


@requirement("RFC 9207 §2", "An error response names its issuer as well.")
def test_a_refusal_is_known_to_come_from_here(start: Any, person: Person) -> None:
    application = make_application("web", scopes=("openid", "photos:read"))
    client = start(application, "code", scope=SCOPE)
    client.write(person.answer(client.read()["url"], "deny"))
    results = client.read()
    mixed_up(results)
    assert results["refusal"]["kind"] == "AuthorizationResponseError"
    assert results["refusal"]["error"] == "access_denied"


@pytest.mark.parametrize("method", ["client_secret_post", "private_key_jwt"])
def test_a_service_asks_about_its_own_token_and_ends_it(start: Any, method: str) -> None:
    if method == "private_key_jwt":
        application, how = with_a_key("service", "reports:read")
    else:
        application = make_application(
            "service", scopes=("reports:read",), token_endpoint_auth_method=method
        )
        how = {"method": method}
    results = start(application, "service", scope="reports:read", **how).read()
    assert results["scope"] == "reports:read"
    assert results["introspection"]["active"] is True
    assert results["introspection"]["client_id"] == application.client_id
    assert results["ended"] == {"active": False}


def test_a_device_waits_and_slows_down_until_it_is_let_in(start: Any, person: Person) -> None:
    application = make_application("device", scopes=("openid", "photos:read"))
    device = start(application, "device", scope=SCOPE)
    codes = device.read()

    def poll() -> dict[str, Any]:
        device.write("poll")
        answer: dict[str, Any] = device.read()
        return answer

    pass_time(codes["interval"])
    assert poll() == {"error": "authorization_pending"}
    assert poll() == {"error": "slow_down"}
    pass_time(codes["interval"])
    assert poll() == {"error": "slow_down"}
    assert "You can go back to your device" in person.connect(codes)
    pass_time(3 * codes["interval"])
    told = poll()
    assert set(told["scope"].split()) == {"openid", "photos:read"}
    assert told["userinfo"]["sub"] == told["sub"]
    assert poll() == {"error": "invalid_grant"}
