"""Introspection (RFC 7662): to whom it tells what about which token."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser

from idp.models import ClientPolicy, SecurityEvent, SignIn
from idp.services.client import disable_client
from tests.factories import API, make_api, make_application, make_scope, make_user
from tests.requirement import defect, requirement
from tests.views.flow import Flow, basic, bearer, post

pytestmark = pytest.mark.django_db

PATH = "/o/introspect/"
INACTIVE = {"active": False}
EVERY_MEMBER = {
    "active",
    "scope",
    "client_id",
    "username",
    "token_type",
    "exp",
    "iat",
    "nbf",
    "sub",
    "aud",
    "iss",
    "jti",
    "acr",
    "auth_time",
}


@pytest.fixture
def flow() -> Flow:
    make_scope("photos:read")
    return Flow(make_application("web", scopes=("openid", "photos:read")), make_user("ada"))


@pytest.fixture
def server() -> Any:
    """A resource server of the API of the scope ``photos:read``."""
    application = make_application("service", scopes=("introspection",))
    make_api().resource_servers.add(application.idp_policy)
    return application


def ask(application: Any, token: str) -> dict[str, Any]:
    response = post(PATH, {"token": token}, **basic(application))
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    found: dict[str, Any] = response.json()
    return found


def with_acr(flow: Flow) -> dict[str, Any]:
    SignIn.objects.update(acr="urn:strong")
    return flow.tokens("openid photos:read")


@defect(10)
@requirement("RFC 7662 §2.2", "The members of an active token are told.")
@requirement("RFC 9470 §6.2", "acr and auth_time are told.")
def test_every_member_is_told_of_an_access_token(flow: Flow) -> None:
    flow.start()
    token = with_acr(flow)["access_token"]
    answer = ask(flow.application, token)
    assert set(answer) == EVERY_MEMBER
    assert answer["sub"] == str(flow.user.pk)
    assert (answer["username"], answer["aud"]) == ("ada", API)
    assert (answer["token_type"], answer["acr"]) == ("Bearer", "urn:strong")
    assert answer["auth_time"] <= answer["iat"] == answer["nbf"] < answer["exp"]


def test_every_member_is_told_of_a_refresh_token_to_its_client(flow: Flow) -> None:
    flow.start()
    token = with_acr(flow)["refresh_token"]
    answer = ask(flow.application, token)
    assert set(answer) == EVERY_MEMBER
    assert answer["token_type"] == "refresh_token"


def test_a_token_of_a_client_in_its_own_name_has_no_user() -> None:
    make_scope("reports:read")
    service = Flow(make_application("service", scopes=("reports:read",)))
    token = service.token(grant_type="client_credentials", scope="reports:read").json()[
        "access_token"
    ]
    answer = ask(service.application, token)
    assert answer["sub"] == answer["client_id"] == service.application.client_id
    assert not {"username", "auth_time", "acr"} & set(answer)


@defect(10)
@requirement("RFC 7662 §4", "A resource server hears of its own tokens alone.")
def test_a_resource_server_hears_of_its_api_alone_and_of_no_refresh_token(
    flow: Flow, server: Any
) -> None:
    tokens = flow.tokens("openid photos:read")
    assert ask(server, tokens["access_token"])["scope"] == "photos:read"
    assert ask(server, tokens["refresh_token"]) == INACTIVE
    assert ask(server, flow.tokens("openid")["access_token"]) == INACTIVE


@requirement("RFC 7662 §2.2", "A token for another resource is inactive.")
def test_a_token_for_another_resource_is_not_told_of(flow: Flow, server: Any) -> None:
    make_api("https://api.example.com/other", "Other")
    token = flow.tokens("photos:read", resource="https://api.example.com/other")["access_token"]
    assert ask(server, token) == INACTIVE


@requirement("RFC 7662 §2.2", "What is unknown or dead is inactive, and nothing more is said.")
def test_everything_else_is_inactive(flow: Flow) -> None:
    tokens = flow.tokens("openid")
    other = make_application("web", scopes=("openid",))
    for token in ("x", tokens["id_token"], "eya.b.c", "idpa_" + "a" * 49):
        assert ask(flow.application, token) == INACTIVE
    for name in ("access_token", "refresh_token"):
        assert ask(other, tokens[name]) == INACTIVE
    flow.refresh(tokens["refresh_token"])
    for name in ("access_token", "refresh_token"):
        assert ask(flow.application, tokens[name]) == INACTIVE


@defect(9)
def test_an_inactive_user_makes_tokens_inactive(flow: Flow) -> None:
    tokens = flow.tokens("openid")
    flow.user.is_active = False
    flow.user.save()
    for name in ("access_token", "refresh_token"):
        assert ask(flow.application, tokens[name]) == INACTIVE


@defect(10)
@requirement("RFC 7662 §2.1", "Whoever asks is authenticated, by POST.")
@requirement("RFC 7662 §2.3", "Failed authentication is told as at the token endpoint.")
def test_public_clients_strangers_and_other_methods_are_refused(flow: Flow) -> None:
    token = flow.tokens("openid")["access_token"]
    public = make_application("spa")
    answer = post(PATH, {"token": token, "client_id": public.client_id})
    assert (answer.status_code, answer.json()["error"]) == (403, "unauthorized_client")
    answer = post(PATH, {"token": token, "client_id": flow.application.client_id})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert post(PATH, {"token": token}).status_code == 401
    assert Browser().get(PATH, {"token": token}, **basic(flow.application)).status_code == 405
    answer = post(PATH, {}, **basic(flow.application))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


# A resource server that asks with an access token, as the toolkit's own do


def token_of(application: Any, scope: str = "introspection") -> str:
    answer = Flow(application).token(grant_type="client_credentials", scope=scope)
    token: str = answer.json()["access_token"]
    return token


def test_a_resource_server_may_ask_with_a_bearer_token(flow: Flow, server: Any) -> None:
    token = flow.tokens("openid photos:read")["access_token"]
    answer = post(PATH, {"token": token}, **bearer(token_of(server)))
    assert answer.json()["scope"] == "photos:read"
    foreign = flow.tokens("openid")["access_token"]
    assert post(PATH, {"token": foreign}, **bearer(token_of(server))).json() == INACTIVE


@requirement("RFC 7662 §2.3", "A bearer token that does not serve is refused as RFC 6750 says.")
def test_a_bearer_token_that_is_dead_or_for_something_else_asks_nothing(
    flow: Flow, server: Any
) -> None:
    token = flow.tokens("openid photos:read")["access_token"]
    answer = post(PATH, {"token": token}, **bearer("x"))
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith('Bearer error="invalid_token"')
    answer = post(PATH, {"token": token}, **bearer(token))
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer["WWW-Authenticate"]
    assert 'scope="introspection"' in answer["WWW-Authenticate"]
    asking = token_of(server)
    disable_client(server, reason="test")
    assert post(PATH, {"token": token}, **bearer(asking)).status_code == 401


def test_only_registered_resource_servers_may_ask_with_a_bearer_token(flow: Flow) -> None:
    stranger = make_application("service", scopes=("introspection",))
    token = flow.tokens("openid")["access_token"]
    answer = post(PATH, {"token": token}, **bearer(token_of(stranger)))
    assert (answer.status_code, answer.json()["error"]) == (403, "unauthorized_client")
    assert SecurityEvent.objects.filter(kind="introspection.refused").exists()


def test_a_pairwise_subject_is_the_one_that_the_client_knows(flow: Flow, server: Any) -> None:
    ClientPolicy.objects.update(subject_type="pairwise")
    token = flow.tokens("openid photos:read")["access_token"]
    own = ask(flow.application, token)["sub"]
    assert own == ask(server, token)["sub"]
    assert own != str(flow.user.pk)
