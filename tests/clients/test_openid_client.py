"""openid-client, the reference client of the JavaScript world, against a running site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from tests.clients.person import Person
from tests.clients.script import Script
from tests.factories import API, make_application
from tests.requirement import requirement
from tests.views.flow import query

pytestmark = pytest.mark.slow


@pytest.fixture
def start(site: str, node: Path) -> Iterator[Any]:
    """Start the script with an order for a client of this site."""
    clients: list[Script] = []

    def one(application: Any, **order: Any) -> Script:
        found = {
            "issuer": f"{site}/o",
            "client_id": application.client_id,
            "client_secret": application.plain_secret,
            "redirect_uri": application.redirect_uris,
            **order,
        }
        clients.append(Script(node, "client.js", found))
        return clients[-1]

    yield one
    for client in clients:
        client.close()


@requirement("OpenID Connect Core §3.1", "A certified relying party goes the whole way.")
@pytest.mark.parametrize("kind", ["web", "spa"])
def test_the_code_flow_from_discovery_to_revocation(
    start: Any, site: str, person: Person, kind: str
) -> None:
    application = make_application(kind, scopes=("openid", "photos:read"))
    client = start(application, flow="code", scope="openid photos:read", api=f"{site}/api/photos/")
    client.write(person.answer(client.read()["url"]))
    results = client.read()
    assert set(results["code"]["scope"].split()) == {"openid", "photos:read"}
    assert results["userinfo"]["sub"] == results["subject"]
    assert results["refreshed"]
    assert (results["api"], results["api_after_revocation"]) == (200, 401)
    assert results["logout"] == "/o/logout/"
    if kind == "web":
        assert results["introspection"]["active"] is True
        assert results["introspection"]["sub"] == results["subject"]


def test_a_pushed_request_and_a_token_that_an_api_elsewhere_reads(
    start: Any, site: str, person: Person
) -> None:
    application = make_application(
        "web",
        scopes=("openid", "photos:read"),
        access_token_format="jwt",
        require_pushed_authorization_requests=True,
    )
    client = start(
        application,
        flow="code",
        scope="openid photos:read",
        api=f"{site}/api/photos/",
        pushed="yes",
        audience=API,
    )
    url = client.read()["url"]
    assert set(query(url)) == {"client_id", "request_uri"}
    client.write(person.answer(url))
    results = client.read()
    assert results["foreign"]["aud"] == API
    assert results["foreign"]["client_id"] == application.client_id
    assert results["foreign"]["sub"] == results["subject"] == results["introspection"]["sub"]
    assert (results["api"], results["api_after_revocation"]) == (200, 401)


def test_a_refusal_is_understood(start: Any, site: str, person: Person) -> None:
    application = make_application("web", scopes=("openid", "photos:read"))
    client = start(application, flow="code", scope="openid photos:read", api=site)
    client.write(person.answer(client.read()["url"], "deny"))
    assert client.read()["code"]["error"] == "access_denied"


def test_client_credentials_open_the_report(start: Any, site: str) -> None:
    application = make_application("service", scopes=("reports:read",))
    client = start(
        application, flow="client_credentials", scope="reports:read", api=f"{site}/api/reports/"
    )
    assert client.read() == {"token": {"scope": "reports:read"}, "api": 200}


def test_a_client_with_a_key_of_its_own_goes_the_whole_way(
    start: Any, site: str, person: Person
) -> None:
    key = ECKey.generate_key("P-256", {"kid": "one"})
    application = make_application(
        "web",
        scopes=("openid", "photos:read"),
        token_endpoint_auth_method="private_key_jwt",
        jwks={"keys": [key.as_dict(private=False)]},
    )
    client = start(
        application,
        flow="code",
        scope="openid photos:read",
        api=f"{site}/api/photos/",
        client_secret="",
        private_jwk=key.as_dict(private=True),
    )
    client.write(person.answer(client.read()["url"]))
    results = client.read()
    assert results["introspection"]["active"] is True
    assert (results["api"], results["api_after_revocation"]) == (200, 401)


def test_a_wrong_secret_is_understood(start: Any, site: str) -> None:
    application = make_application("service", scopes=("reports:read",))
    client = start(
        application,
        flow="client_credentials",
        scope="reports:read",
        client_secret="idps_wrong",
        api=site,
    )
    assert client.read()["token"]["status"] == 401
