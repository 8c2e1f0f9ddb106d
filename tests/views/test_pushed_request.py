"""Requests that a client pushes ahead of the browser (RFC 9126): judged, kept, used once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client as Browser
from django.utils import timezone

from idp.models import Authorization, AuthorizationRequest, ClientPolicy, SecurityEvent
from idp.services import pushed_request
from idp.services.authorization_request import digest_of
from idp.services.client import disable_client
from idp.services.purge import purge
from tests.factories import PASSWORD, grant, make_application, make_scope, make_user
from tests.requirement import requirement
from tests.views.flow import AUTHORIZE, Flow, basic, location, post, query

pytestmark = pytest.mark.django_db

PAR = "/o/par/"


@pytest.fixture
def flow() -> Flow:
    make_scope("photos:read", title="See your photos")
    application = make_application("web", scopes=("openid", "photos:read"))
    return Flow(application, make_user("ada"))


@pytest.fixture
def known(flow: Flow) -> Flow:
    """The same, with a consent that is remembered."""
    grant(flow.user, flow.application, "openid", "photos:read")
    return flow


def push(flow: Flow, **changes: Any) -> Any:
    """Push a good request, with changes, as the client's server does."""
    headers = basic(flow.application) if flow.application.plain_secret else {}
    return post(PAR, flow.parameters(**changes), **headers)


def reference(flow: Flow, **changes: Any) -> str:
    response = push(flow, **changes)
    assert response.status_code == 201, response.content
    uri: str = response.json()["request_uri"]
    return uri


def bring(flow: Flow, uri: str, browser: Browser | None = None, **more: Any) -> Any:
    """Open the authorization endpoint with a reference."""
    values = {"client_id": flow.application.client_id, "request_uri": uri, **more}
    return (browser or flow.browser).get(f"{AUTHORIZE}?{urlencode(values, doseq=True)}")


def refused(response: Any, error: str, status: int = 400) -> str:
    assert (response.status_code, response.json()["error"]) == (status, error)
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Type"] == "application/json"
    assert not AuthorizationRequest.objects.exists()
    description: str = response.json()["error_description"]
    return description


def page_of(response: Any, error: str) -> None:
    """Expect an error page that leads nowhere."""
    assert response.status_code == 400
    assert "Location" not in response
    assert error in response.content.decode()
    assert response["Cache-Control"] == "no-store"


# The endpoint


@requirement("RFC 9126 §2.2", "A good request is answered with 201, a reference and its lifetime.")
@requirement("RFC 9126 §7.1", "References cannot be guessed.")
def test_a_good_request_gets_a_reference_of_256_bits_that_is_kept_as_a_digest(flow: Flow) -> None:
    response = push(flow)
    answer = response.json()
    assert (response.status_code, answer["expires_in"]) == (201, 90)
    assert response["Cache-Control"] == "no-store"
    prefix, random = answer["request_uri"].rsplit(":", 1)
    assert prefix == "urn:ietf:params:oauth:request_uri"
    assert len(random) == 43
    row = AuthorizationRequest.objects.get()
    assert row.nonce_digest == digest_of(answer["request_uri"])
    assert flow.application.plain_secret not in str(row.parameters)


def test_a_secret_in_the_body_is_not_kept_with_the_request(flow: Flow) -> None:
    secret = flow.application.plain_secret
    assert post(PAR, flow.parameters(client_secret=secret)).status_code == 201
    assert set(AuthorizationRequest.objects.get().parameters) == {*flow.parameters(), "resource"}


def test_a_public_client_pushes_by_its_name_alone() -> None:
    flow = Flow(make_application("spa", scopes=("openid",)), make_user())
    assert location(flow.decide(bring(flow, reference(flow))))["code"]


@requirement("RFC 9126 §2", "The client authenticates as at the token endpoint.")
def test_a_request_without_proof_of_its_client_is_refused(flow: Flow) -> None:
    wrong = basic(flow.application, "idps_wrong")
    response = post(PAR, flow.parameters(), **wrong)
    refused(response, "invalid_client", 401)
    assert response["WWW-Authenticate"].startswith("Basic")
    refused(post(PAR, flow.parameters()), "invalid_client", 401)
    both = flow.parameters(client_secret=flow.application.plain_secret)
    refused(post(PAR, both, **basic(flow.application)), "invalid_request")
    refused(push(flow, client_id="another"), "invalid_request")
    disable_client(flow.application, reason="test")
    refused(push(flow), "invalid_client", 401)


@requirement("RFC 9126 §2.1", "The request is judged as at the authorization endpoint.")
@requirement("RFC 9126 §2.3", "Errors are those of the token endpoint.")
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"client_id": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"request": "e30.e30."}, "request_not_supported"),
        ({"request_uri": "https://client.example.com/r"}, "invalid_request"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"claims": "nonsense"}, "invalid_request"),
        ({"resource": "https://unknown.example/"}, "invalid_target"),
        ({"scope": "openid unknown"}, "invalid_scope"),
        ({"scope": 'openid "'}, "invalid_scope"),
        ({"id_token_hint": "e30.e30.e30"}, "invalid_request"),
        ({"state": ["a", "b"]}, "invalid_request"),
        ({"nonce": "n" * 256}, "invalid_request"),
        ({"state": "\x00"}, "invalid_request"),
    ],
)
def test_what_the_authorization_endpoint_refuses_is_refused_here_as_json(
    flow: Flow, change: dict[str, Any], error: str
) -> None:
    refused(push(flow, **change), error)
    assert SecurityEvent.objects.filter(kind__endswith=".refused").count() == 1


@requirement("RFC 9126 §2.1", "request_uri is not taken here.")
def test_a_reference_does_not_refer_to_another(flow: Flow) -> None:
    first = reference(flow)
    AuthorizationRequest.objects.all().delete()
    assert "request_uri" in refused(push(flow, request_uri=first), "invalid_request")


def test_a_client_without_the_grant_type_is_refused() -> None:
    flow = Flow(make_application("service"))
    response = push(flow_with_address(flow))
    assert response.json()["error"] in {"unauthorized_client", "invalid_request"}
    assert response.status_code == 400


def flow_with_address(flow: Flow) -> Flow:
    flow.application.redirect_uris = "https://client.example.com/callback"
    return flow


@requirement("RFC 9126 §2.3", "Another method is 405.")
def test_only_post_with_a_form_is_answered(flow: Flow) -> None:
    headers = basic(flow.application)
    assert Browser().get(PAR, **headers).status_code == 405
    assert Browser().post(f"{PAR}?a=b", **headers).status_code == 400
    json = Browser().post(PAR, "{}", content_type="application/json", **headers)
    refused(json, "invalid_request")


def test_the_requests_of_one_client_are_bounded(flow: Flow, monkeypatch: Any) -> None:
    monkeypatch.setattr(pushed_request, "MOST_WAITING", 2)
    used = reference(flow)
    location(flow.decide(bring(flow, used)))
    reference(flow)
    reference(flow)
    response = push(flow)
    assert (response.status_code, response.json()["error"]) == (429, "temporarily_unavailable")
    other = Flow(make_application("web", scopes=("openid",)))
    reference(other)


# In the browser


def test_a_pushed_request_leads_to_a_code(flow: Flow) -> None:
    page = bring(flow, reference(flow, scope="openid photos:read"))
    assert "See your photos" in page.content.decode()
    answer = location(flow.decide(page))
    assert answer["state"] == "st-1"
    assert flow.exchange(answer["code"]).json()["scope"].split() == ["openid", "photos:read"]


@requirement("RFC 9700 §4.7", "What was pushed cannot be changed in the browser.")
@requirement("RFC 9126 §4", "The pushed parameters alone count.")
def test_what_the_browser_brings_beside_the_reference_counts_for_nothing(known: Flow) -> None:
    more = {
        "redirect_uri": "https://evil.example/",
        "scope": ["a", "b"],
        "state": "other",
        "prompt": "none",
        "response_type": "token",
        "response_mode": "form_post",
    }
    response = bring(known, reference(known), **more)
    assert response["Location"].startswith("https://client.example.com/callback?")
    assert location(response)["state"] == "st-1"
    assert Authorization.objects.get().scopes == "openid"


def test_the_page_may_be_loaded_again_until_it_is_answered(flow: Flow) -> None:
    uri = reference(flow)
    pages = [bring(flow, uri), bring(flow, uri)]
    assert location(flow.decide(pages[1]))["code"]
    page_of(flow.decide(pages[0]), "already answered")
    page_of(flow.decide(pages[0], "deny"), "already answered")
    page_of(bring(flow, uri), "invalid_request_uri")
    assert Authorization.objects.count() == 1


def test_a_decision_sent_twice_gets_the_same_answer(flow: Flow) -> None:
    page = bring(flow, reference(flow))
    assert location(flow.decide(page)) == location(flow.decide(page))
    assert Authorization.objects.count() == 1


def test_a_refusal_uses_the_reference_up_as_well(flow: Flow) -> None:
    uri = reference(flow)
    pages = [bring(flow, uri), bring(flow, uri)]
    assert location(flow.decide(pages[0], "deny"))["error"] == "access_denied"
    page_of(flow.decide(pages[1]), "already answered")
    assert not Authorization.objects.exists()


@requirement("RFC 9126 §7.3", "A reference is used once.")
def test_a_remembered_consent_answers_a_reference_once(known: Flow) -> None:
    uri = reference(known)
    assert location(bring(known, uri))["code"]
    page_of(bring(known, uri), "invalid_request_uri")
    assert Authorization.objects.count() == 1


@requirement("RFC 9126 §2.2", "A reference is bound to its client and its time.")
def test_an_unknown_expired_or_foreign_reference_is_an_error_page(flow: Flow, clock: Any) -> None:
    page_of(bring(flow, f"{pushed_request.PREFIX}unknown"), "invalid_request_uri")
    uri = reference(flow)
    other = Flow(make_application("web", scopes=("openid",)), flow.user)
    page_of(bring(other, uri), "invalid_request_uri")
    page_of(flow.browser.get(f"{AUTHORIZE}?{urlencode({'request_uri': uri})}"), "client_id")
    clock.shift(91)
    page_of(bring(flow, uri), "invalid_request_uri")


def test_a_page_outlives_the_time_that_its_reference_had_to_arrive(flow: Flow, clock: Any) -> None:
    page = bring(flow, reference(flow))
    clock.shift(600)
    list(purge(timezone.now()))
    assert location(flow.decide(page))["code"]


def test_a_reference_survives_the_sign_in(flow: Flow, clock: Any) -> None:
    flow.browser.logout()
    response = bring(flow, reference(flow, prompt="login"))
    clock.shift(300)
    following = query(response["Location"])["next"][0]
    fields = {"username": "ada", "password": PASSWORD, "next": following}
    flow.browser.post("/account/login/", fields)
    page = flow.browser.get(following)
    assert location(flow.decide(page))["code"]
    assert AuthorizationRequest.objects.get(pushed=True).decision == "allow"


def test_the_page_speaks_the_language_that_was_pushed(flow: Flow) -> None:
    page = bring(flow, reference(flow, ui_locales="de"), ui_locales="ar")
    assert '<html lang="de"' in page.content.decode()


def test_a_browser_does_not_find_a_pushed_request_as_one_that_waits(flow: Flow) -> None:
    uri = reference(flow)
    response = flow.browser.get(f"/o/authorize/resume/?{urlencode({'request': uri})}")
    page_of(response, "no longer valid")


# Clients that must push


@requirement("RFC 9126 §6", "A client that must push is refused without.")
def test_a_client_that_must_push_is_refused_without(flow: Flow) -> None:
    ClientPolicy.objects.update(require_pushed_authorization_requests=True)
    answer = location(flow.start())
    assert (answer["error"], answer["state"]) == ("invalid_request", "st-1")
    page = bring(flow, reference(flow))
    assert location(flow.decide(page))["code"]


def test_a_client_that_must_push_is_not_left_to_older_rules(flow: Flow) -> None:
    ClientPolicy.objects.update(
        require_pushed_authorization_requests=True, enforcement="report", grant_types=["implicit"]
    )
    flow.application.authorization_grant_type = "implicit"
    flow.application.save()
    assert "error" in location(flow.start(response_type="token"))


def test_expired_requests_are_purged(flow: Flow) -> None:
    reference(flow)
    list(purge(timezone.now() + timedelta(seconds=91)))
    assert not AuthorizationRequest.objects.exists()


# Discovery


@requirement("RFC 9126 §5", "The metadata names the endpoint.")
@pytest.mark.parametrize(
    "path",
    ["/o/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/o"],
)
def test_both_documents_tell_where_to_push(flow: Flow, path: str) -> None:
    told = Browser().get(path).json()
    assert told["pushed_authorization_request_endpoint"] == f"http://testserver{PAR}"
    assert told["require_pushed_authorization_requests"] is False
