"""What a site wrote for itself keeps its word: ours is outermost, and only narrows."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser
from django.test import override_settings
from joserfc import jwt
from joserfc.jwk import KeySet

from idp.conf import application_model
from idp.models import Authorization, Consent, ConsentEvent
from idp.services.site import set_mode
from tests.dropin.hosts import flow

PASS = {"UNPOLICED_SCOPES": "pass_through"}


@pytest.fixture(params=["report", "enforce"])
def mode(request: pytest.FixtureRequest) -> str:
    set_mode(request.param)
    return request.param


@pytest.fixture(autouse=True)
def _passing() -> Any:
    with override_settings(IDP=PASS):
        yield


def code_of(client: dict[str, str], browser: Browser, **changes: Any) -> str:
    url = flow.request_url(client, pkce=True, **changes)
    return flow.parameters(flow.allow(browser, browser.get(url), url))["code"]


def test_the_issuer_is_the_one_of_the_setting(facts: Any) -> None:
    told = Browser().get("/o/.well-known/openid-configuration").json()
    assert told["issuer"] == facts["issuer"] == "https://notes.example.com/o"


def test_a_scope_that_the_site_withholds_from_a_client_is_refused(
    mode: str, clients: Any, browser: Browser
) -> None:
    asked = browser.get(flow.request_url(clients["web"], pkce=True, scope="notes:archive"))
    assert flow.parameters(asked)["error"] == "invalid_scope"
    fields = {"grant_type": "client_credentials", "scope": "notes:archive"}
    answer = flow.post("/o/token/", fields, **flow.basic(clients["service"]))
    assert answer.json()["error"] == "invalid_scope"
    code = code_of(clients["trusted"], browser, scope="notes:archive")
    answer = flow.exchange(clients["trusted"], code, pkce=True)
    assert answer.json()["scope"] == "notes:archive"


def test_the_validator_of_the_site_refuses_as_before(
    mode: str, clients: Any, browser: Browser
) -> None:
    asked = browser.get(flow.request_url(clients["spa"], pkce=True, scope="write"))
    assert flow.parameters(asked)["error"] == "invalid_scope"
    assert code_of(clients["spa"], browser, scope="read")


def test_defaults_are_those_of_the_client(mode: str, clients: Any, browser: Browser) -> None:
    code = code_of(clients["web"], browser, scope=None)
    answer = flow.exchange(clients["web"], code, pkce=True)
    assert set(answer.json()["scope"].split()) == {"read", "write"}
    fields = {"grant_type": "client_credentials"}
    service = flow.post("/o/token/", fields, **flow.basic(clients["service"]))
    assert service.json()["scope"] == "read"


def test_claims_and_headers_of_the_site_remain(clients: Any, browser: Browser) -> None:
    answer = flow.exchange(
        clients["web"], code_of(clients["web"], browser, scope="openid read"), pkce=True
    )
    assert answer["X-Site"] == "notes"
    keys = KeySet.import_key_set(Browser().get("/o/.well-known/jwks.json").json())
    claims = jwt.decode(answer.json()["id_token"], keys, algorithms=["RS256"]).claims
    assert (claims["team"], claims["iss"]) == ("blue", "https://notes.example.com/o")
    told = Browser().get("/o/userinfo/", **flow.bearer(answer.json()["access_token"])).json()
    assert told["team"] == "blue"


@pytest.mark.urls("tests.dropin.hosts.own_view_urls")
def test_a_view_of_the_site_is_recorded_by_the_validator(
    clients: Any, browser: Browser, ada: Any
) -> None:
    code = code_of(clients["web"], browser, scope="read")
    answer = flow.exchange(clients["web"], code, pkce=True)
    assert answer.status_code == 200, answer.content
    consent = Consent.objects.get(user=ada)
    event = ConsentEvent.objects.get()
    assert (event.kind, event.scopes_after, event.reason) == ("granted", "read", "site_view")
    assert Authorization.objects.get().consent == consent


@pytest.mark.urls("tests.dropin.hosts.own_view_urls")
def test_a_view_of_the_site_grants_no_more_than_the_rules(clients: Any, browser: Browser) -> None:
    set_mode("enforce")
    with override_settings(IDP={}):
        url = flow.request_url(clients["web"], pkce=True, scope="read")
        assert flow.parameters(browser.get(url))["error"] == "invalid_scope"
    assert not Authorization.objects.exists()


@pytest.mark.urls("tests.dropin.hosts.recording_view_urls")
def test_a_view_that_records_is_believed_and_not_repeated(
    clients: Any, browser: Browser, ada: Any
) -> None:
    code = code_of(clients["web"], browser, scope="read")
    assert flow.exchange(clients["web"], code, pkce=True).status_code == 200
    event = ConsentEvent.objects.get()
    assert (event.kind, event.scopes_after, event.extra) == ("granted", "read", {"team": "blue"})
    assert Authorization.objects.get().consent == Consent.objects.get(user=ada)


@pytest.mark.urls("tests.dropin.hosts.recording_view_urls")
def test_a_refusal_that_a_view_records_takes_nothing_away(
    clients: Any, browser: Browser, ada: Any
) -> None:
    code_of(clients["web"], browser, scope="read")
    url = flow.request_url(clients["web"], pkce=True, scope="read write")
    fields = flow.hidden_fields(browser.get(url).content.decode())
    assert flow.parameters(flow.submit(browser, url, fields))["error"] == "access_denied"
    assert [event.kind for event in ConsentEvent.objects.order_by("sequence")] == [
        "granted",
        "declined",
    ]
    assert Consent.objects.get(user=ada).status == "active"


def test_a_scope_that_the_site_takes_from_a_client_is_gone_at_the_next_refresh(
    clients: Any, browser: Browser
) -> None:
    set_mode("enforce")
    code = code_of(clients["trusted"], browser, scope="read notes:archive")
    answer = flow.exchange(clients["trusted"], code, pkce=True).json()
    assert set(answer["scope"].split()) == {"read", "notes:archive"}
    application_model()._default_manager.filter(name="Trusted").update(name="No longer")
    again = flow.refresh(clients["trusted"], answer["refresh_token"])
    assert again.json()["scope"] == "read"
