"""What changes on a running site when its operator switches the rules on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client as Browser
from django.test import override_settings

from idp.conf import application_model
from idp.models import Api, ClientScope, Scope, ScopePolicy, SecurityEvent, SiteState
from idp.services.catalogue import bump_catalogue, forget_recent
from idp.services.site import set_mode
from tests.dropin.hosts import flow

PASS = {"UNPOLICED_SCOPES": "pass_through"}


@pytest.fixture(autouse=True)
def _enforcing() -> Iterator[None]:
    set_mode("enforce", by="root")
    forget_recent()
    yield
    forget_recent()


def service_token(clients: Any, **fields: str) -> Any:
    asked = {"grant_type": "client_credentials", **fields}
    return flow.post("/o/token/", asked, **flow.basic(clients["service"]))


def test_the_switch_is_in_the_site_and_in_the_log() -> None:
    assert SiteState.objects.get().mode == "enforce"
    assert SecurityEvent.objects.filter(kind="site.mode_changed").exists()


def test_scopes_that_nobody_gave_a_policy_are_refused(clients: Any) -> None:
    answer = service_token(clients, scope="read")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    assert "read" in answer.json()["error_description"]
    told = Browser().get("/o/.well-known/openid-configuration").json()
    assert told["scopes_supported"] == []


@override_settings(IDP=PASS)
def test_they_pass_where_the_site_says_so(clients: Any, tokens: Any) -> None:
    assert service_token(clients, scope="read").json()["scope"] == "read"
    assert service_token(clients).json()["scope"] == "read"
    assert service_token(clients, scope="nonsense").json()["error"] == "invalid_scope"
    for path in ("/api/theirs/", "/api/ours/"):
        opened = Browser().get(path, **flow.bearer(tokens["web"]["access_token"]))
        assert opened.status_code == 200
    answer = flow.refresh(clients["web"], tokens["web"]["refresh_token"])
    assert set(answer.json()["scope"].split()) == {"read", "write", "openid"}


@override_settings(IDP={"UNPOLICED_SCOPES": "defaults_only"})
def test_the_defaults_alone_pass_where_the_site_says_so(clients: Any) -> None:
    assert service_token(clients, scope="read").json()["scope"] == "read"
    assert service_token(clients, scope="write").json()["error"] == "invalid_scope"


def test_old_tokens_lose_what_the_rules_refuse(clients: Any, tokens: Any) -> None:
    for path in ("/api/theirs/", "/api/ours/"):
        opened = Browser().get(path, **flow.bearer(tokens["web"]["access_token"]))
        assert opened.status_code in {401, 403}
    answer = flow.refresh(clients["web"], tokens["web"]["refresh_token"])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_policy_lets_a_scope_and_its_client_in_again(clients: Any, tokens: Any) -> None:
    service = application_model()._default_manager.get(client_id=clients["service"]["client_id"])
    web = application_model()._default_manager.get(client_id=clients["web"]["client_id"])
    policy = ScopePolicy.objects.create(name="notes")
    api = Api.objects.create(identifier="https://notes.example.com", name="Notes")
    scope = Scope.objects.create(name="read", api=api, policy=policy)
    for application in (service, web):
        ClientScope.objects.create(application=application, scope=scope)
    bump_catalogue()
    assert service_token(clients, scope="read").status_code == 200
    for path in ("/api/theirs/", "/api/ours/"):
        opened = Browser().get(path, **flow.bearer(tokens["web"]["access_token"]))
        assert opened.status_code == 200
    answer = flow.refresh(clients["web"], tokens["web"]["refresh_token"])
    assert answer.json()["scope"] == "read"


@override_settings(IDP=PASS)
def test_old_practice_is_refused(clients: Any, browser: Browser) -> None:
    code = browser.get(flow.request_url(clients["web"], scope="read"))
    assert flow.parameters(code)["error"] == "invalid_request"
    implicit = browser.get(flow.request_url(clients["implicit"], response_type="token"))
    assert flow.parameters(implicit)["error"] == "unsupported_response_type"
    person = {"grant_type": "password", "username": "ada", "password": "x"}
    answer = flow.post("/o/token/", person, **flow.basic(clients["password"]))
    assert answer.json()["error"] == "unauthorized_client"


@override_settings(IDP=PASS)
def test_a_client_that_skipped_the_question_asks_it(clients: Any, browser: Browser) -> None:
    page = browser.get(flow.request_url(clients["trusted"], pkce=True, scope="read"))
    assert page.status_code == 200


@override_settings(IDP=PASS)
def test_a_client_that_does_all_right_goes_on(clients: Any, browser: Browser) -> None:
    url = flow.request_url(clients["spa"], pkce=True, scope="read openid")
    code = flow.parameters(flow.allow(browser, browser.get(url), url))["code"]
    answer = flow.exchange(clients["spa"], code, pkce=True)
    assert answer.status_code == 200, answer.content
    assert set(answer.json()["scope"].split()) == {"read", "openid"}


@override_settings(IDP=PASS)
def test_the_pending_code_is_redeemed_all_the_same(facts: Any, clients: Any) -> None:
    assert flow.exchange(clients["web"], facts["code"]).status_code == 200
