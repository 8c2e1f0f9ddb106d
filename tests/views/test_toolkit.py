"""Faults of the toolkit that no other test looks for."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser

from idp.conf import application_model
from idp.models import Authorization, IssuedToken
from tests.factories import grant, make_application, make_scope, make_user
from tests.requirement import defect, requirement
from tests.views.flow import TOKEN, VERIFIER, Flow, basic, location, post
from tests.views.token_reader import read_token

pytestmark = pytest.mark.django_db

ORIGIN = "https://app.example.com"


@pytest.fixture
def flow() -> Flow:
    make_scope("photos:read")
    application = make_application("web", scopes=("openid", "photos:read"), allowed_origins=ORIGIN)
    return Flow(application, make_user("ada"))


@defect(1)
def test_no_parameter_of_a_client_answers_for_the_user(flow: Flow) -> None:
    page = flow.start(approval_prompt="auto")
    assert page.status_code == 200
    assert page["Cache-Control"] == "no-store"
    assert not Authorization.objects.exists()


@defect(1)
def test_a_client_that_the_toolkit_never_asked_about_is_asked_about(flow: Flow) -> None:
    application_model().objects.filter(pk=flow.application.pk).update(skip_authorization=True)
    for more in ({}, {"approval_prompt": "auto"}, {"prompt": "consent"}):
        assert flow.start(**more).status_code == 200
    grant(flow.user, flow.application, "openid")
    assert flow.start(prompt="consent", approval_prompt="auto").status_code == 200
    response = flow.start(max_age="0", approval_prompt="auto")
    assert response["Location"].startswith("/account/login/")


@defect(3)
@requirement("RFC 6749 §10.15", "No parameter makes the provider an open redirector.")
@pytest.mark.parametrize("wrong", [{"resource": "https://unknown.example/"}, {"scope": "x"}, {}])
def test_nothing_that_is_wrong_leads_to_an_address_that_nobody_proved(
    flow: Flow, wrong: dict[str, str]
) -> None:
    scope = wrong.pop("scope", "openid")
    response = flow.start(scope, redirect_uri="https://evil.example/", **wrong)
    assert (response.status_code, "Location" in response) == (400, False)
    page = flow.start()
    told = flow.decide(page, "deny", redirect_uri="https://evil.example/", client_id="nobody")
    assert told["Location"].startswith("https://client.example.com/callback?error=access_denied")


@defect(10)
@requirement("RFC 6749 §4.4", "Client credentials are for confidential clients alone.")
def test_a_blank_secret_opens_nothing() -> None:
    public = make_application("spa", scopes=("openid",))
    application_model().objects.filter(pk=public.pk).update(client_secret="")
    for fields in (
        {"client_id": public.client_id},
        {"client_id": public.client_id, "client_secret": ""},
    ):
        answer = post(TOKEN, {"grant_type": "client_credentials", **fields})
        assert answer.status_code in {400, 401}
        assert answer.json()["error"] in {"unauthorized_client", "invalid_client"}
    public.plain_secret = ""
    asked = post("/o/introspect/", {"token": "x"}, **basic(public, " "))
    assert asked.status_code == 401


@defect(15)
def test_a_client_without_an_algorithm_gets_an_id_token(flow: Flow) -> None:
    application_model().objects.filter(pk=flow.application.pk).update(algorithm="")
    header, claims = read_token(flow.tokens()["id_token"])
    assert header["alg"] == "RS256"
    assert claims["aud"] == flow.application.client_id


@defect(17)
@requirement("RFC 6749 §3.2", "No parameter of the token endpoint comes more than once.")
def test_no_parameter_of_the_token_endpoint_comes_twice(flow: Flow) -> None:
    code = flow.code()
    good = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": flow.redirect_uri,
        "code_verifier": VERIFIER,
    }
    for name, value in good.items():
        response = post(TOKEN, {**good, name: [value, value]}, **basic(flow.application))
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request"), name
    assert not IssuedToken.objects.exists()
    assert post(TOKEN, good, **basic(flow.application)).status_code == 200, "the code is unused"


@defect(17)
@requirement("RFC 6749 §3.1", "No parameter of the authorization endpoint comes more than once.")
@pytest.mark.parametrize(
    "name", ["nonce", "code_challenge", "prompt", "response_mode", "scope", "max_age", "claims"]
)
def test_no_parameter_of_an_authorization_request_comes_twice(flow: Flow, name: str) -> None:
    good = {"prompt": "consent", "response_mode": "query", "max_age": "60", "claims": "{}"}
    value = {**flow.parameters(), **good}[name]
    changes = {} if name == "scope" else {name: [value, value]}
    scope: Any = [value, value] if name == "scope" else "openid"
    assert location(flow.start(scope, **changes))["error"] == "invalid_request"


@defect(20)
@requirement("RFC 6749 §2.3.1", "The name of the scheme Basic has no case.")
def test_the_scheme_of_a_secret_has_no_case(flow: Flow) -> None:
    pair = basic(flow.application)["HTTP_AUTHORIZATION"].split()[1]
    for scheme in ("basic", "BASIC", "Basic"):
        answer = post("/o/introspect/", {"token": "x"}, HTTP_AUTHORIZATION=f"{scheme} {pair}")
        assert answer.json() == {"active": False}


@defect(20)
@requirement("RFC 6749 §2.3", "A client uses one method of authentication in a request.")
def test_a_good_secret_in_the_body_does_not_heal_a_bad_one_in_the_header(flow: Flow) -> None:
    own = {"client_id": flow.application.client_id, "client_secret": flow.application.plain_secret}
    code = {"grant_type": "authorization_code", "code": "x", **own}
    answer = post(TOKEN, code, **basic(flow.application, "wrong"))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@defect(20)
@requirement("RFC 6749 §5.2", "Every refusal is JSON that nobody keeps.")
def test_every_refusal_of_the_token_endpoint_is_json_that_nobody_keeps(flow: Flow) -> None:
    answers = [
        Browser().get(TOKEN),
        Browser().post(TOKEN, b"{}", content_type="application/json"),
        Browser().post(TOKEN),
        post(TOKEN, {}),
        post(TOKEN, {"grant_type": "nonsense"}, **basic(flow.application)),
        post(TOKEN, {"grant_type": "authorization_code"}, **basic(flow.application)),
        flow.exchange("x", redirect_uri="https://client.example.com/other"),
        post(TOKEN, {"grant_type": "refresh_token"}, HTTP_AUTHORIZATION="Basic !!"),
    ]
    for answer in answers:
        assert answer.status_code in {400, 401, 405}
        assert answer["Content-Type"] == "application/json"
        assert answer["Cache-Control"] == "no-store"
        assert answer.json()["error"]


@defect(21)
@requirement("RFC 9700 §2.1.2", "No access token is issued by the authorization endpoint.")
@pytest.mark.parametrize("mode", [None, "query", "fragment", "form_post"])
def test_no_token_comes_from_the_authorization_endpoint(flow: Flow, mode: str | None) -> None:
    grant(flow.user, flow.application, "openid")
    response = flow.start(response_type="token", response_mode=mode)
    assert "access_token" not in response.get("Location", "") + response.content.decode()
    assert not Authorization.objects.exists()


@defect(21)
@requirement("RFC 7636 §4.4.1", "A challenge that is missing or plain is an invalid_request.")
@pytest.mark.parametrize("method", ["plain", None])
def test_a_weak_challenge_is_refused_before_anybody_signs_in(
    flow: Flow, method: str | None
) -> None:
    flow.browser.logout()
    answer = location(flow.start(code_challenge_method=method))
    assert answer["error"] == "invalid_request"


@defect(24)
def test_each_key_is_published_under_its_own_algorithm() -> None:
    keys = Browser().get("/o/.well-known/jwks.json").json()["keys"]
    kinds = {"RSA": "RS256", "EC": "ES256", "OKP": "EdDSA"}
    assert {key["alg"] for key in keys} == set(kinds.values())
    assert all(key["alg"] == kinds[key["kty"]] for key in keys)


@defect(24)
def test_a_script_reads_answers_and_refusals_of_every_endpoint_that_it_needs() -> None:
    make_application("spa", scopes=("openid",), allowed_origins=ORIGIN)
    for path in (TOKEN, "/o/revoke_token/", "/o/userinfo/"):
        before = Browser().options(
            path, headers={"origin": ORIGIN, "access-control-request-method": "POST"}
        )
        assert before["Access-Control-Allow-Origin"] == ORIGIN
        assert "POST" in before["Access-Control-Allow-Methods"]
        refused = Browser().post(path, headers={"origin": ORIGIN})
        assert refused.status_code >= 400
        assert refused["Access-Control-Allow-Origin"] == ORIGIN
    for name in ("openid-configuration", "jwks.json", "oauth-authorization-server"):
        public = Browser().get(f"/o/.well-known/{name}", headers={"origin": "https://any.example"})
        assert public["Access-Control-Allow-Origin"] == "*"
