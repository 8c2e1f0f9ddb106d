"""Resource indicators (RFC 8707): a token is for what was asked and granted, and never for more."""

from __future__ import annotations

import pytest

from idp.conf import access_token_model
from tests.factories import API, make_api, make_application, make_scope, make_user
from tests.requirement import requirement
from tests.views.flow import Flow, location

pytestmark = pytest.mark.django_db

OTHER = "https://api.example.com/other"


@pytest.fixture
def flow() -> Flow:
    make_scope("photos:read")
    make_api(OTHER, "Other")
    return Flow(make_application("web", scopes=("photos:read",)), make_user())


@requirement("RFC 8707 §2.1", "The token's audience is what the authorization request named.")
def test_a_token_is_for_the_resources_of_its_authorization_request(flow: Flow) -> None:
    flow.tokens("photos:read", resource=API)
    assert access_token_model().objects.get().resource == [API]


@requirement("RFC 8707 §2.2", "The token request may name fewer.")
def test_an_exchange_may_ask_for_fewer_resources(flow: Flow) -> None:
    code = flow.code("photos:read", resource=[API, OTHER])
    assert flow.exchange(code, resource=API).status_code == 200
    assert access_token_model().objects.get().resource == [API]


@requirement("RFC 8707 §2.2", "But no other.")
def test_an_exchange_cannot_ask_for_another_resource(flow: Flow) -> None:
    code = flow.code("photos:read", resource=API)
    answer = flow.exchange(code, resource=OTHER)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target")
    assert not access_token_model().objects.exists()


def test_a_refresh_keeps_the_resources(flow: Flow) -> None:
    first = flow.tokens("photos:read", resource=API)
    assert flow.refresh(first["refresh_token"]).status_code == 200
    assert access_token_model().objects.get().resource == [API]


@requirement("RFC 8707 §2", "An unknown resource is invalid_target.")
def test_an_unknown_resource_is_refused_at_the_client(flow: Flow) -> None:
    answer = location(flow.start("photos:read", resource="https://elsewhere.example/"))
    assert answer["error"] == "invalid_target"
