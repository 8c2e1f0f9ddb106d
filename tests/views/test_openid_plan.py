"""What the OpenID Foundation's plans for providers try, module by module.

The modules of the Basic OP and Form Post OP plans run by redirect and by form; then Config OP and
RP-Initiated Logout OP. The requests carry a code challenge, which is demanded here.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client as Browser
from django.utils import timezone

from idp.models import SignIn
from idp.services.claim import StandardClaims
from tests.factories import make_application, make_user
from tests.requirement import requirement
from tests.views.flow import VERIFIER, Flow, bearer, form_fields, location, post, query
from tests.views.test_authorization_errors import signed_in
from tests.views.test_logout import answer as confirmed
from tests.views.test_logout import is_signed_in
from tests.views.token_reader import id_token, read_token

pytestmark = pytest.mark.django_db

USERINFO = "/o/userinfo/"
ISSUER = "http://127.0.0.1:8000/o"
BYE = "https://client.example.com/bye"
SCOPES = ("profile", "email", "address", "phone")
OF_SCOPE = {
    "profile": {"name", "given_name", "family_name", "preferred_username"},
    "email": {"email", "email_verified"},
    "address": {"address"},
    "phone": {"phone_number", "phone_number_verified"},
}


class Everything(StandardClaims):
    """A site that knows something for each standard scope."""

    sources = {
        **StandardClaims.sources,
        "email_verified": lambda _user: True,
        "address": lambda _user: {"formatted": "St James’s Square\nLondon"},
        "phone_number": lambda _user: "+442079460000",
        "phone_number_verified": lambda _user: False,
    }


@dataclass
class Plan(Flow):
    """A flow whose answers come by redirect or by form, as the client asks."""

    mode: str = ""

    def start(self, scope: str = "openid", **changes: Any) -> Any:
        return super().start(scope, **{"response_mode": self.mode or None, **changes})

    def told(self, response: Any) -> dict[str, str]:
        """Return what the client is told, by the way that it asked for."""
        if not self.mode:
            return location(response)
        html = response.content.decode()
        form = re.search(r'<form[^>]*action="([^"]*)"[^>]*id="idp-form-post"', html)
        assert form, html[:2000]
        assert form[1] == self.redirect_uri
        return {name: values[0] for name, values in form_fields(html[form.start() :]).items()}

    def is_page(self, response: Any) -> bool:
        """Return whether a person is asked for a decision."""
        return response.status_code == 200 and b"idp-form-post" not in response.content

    def code(self, scope: str = "openid", **changes: Any) -> str:
        response = self.start(scope, **changes)
        return self.told(self.decide(response) if self.is_page(response) else response)["code"]

    def userinfo(self, answer: dict[str, Any]) -> dict[str, Any]:
        response = Browser().get(USERINFO, **bearer(answer["access_token"]))
        assert response.status_code == 200, response.content
        found: dict[str, Any] = response.json()
        return found


@pytest.fixture(params=["", "form_post"], ids=["redirect", "form"])
def op(request: pytest.FixtureRequest, settings: Any) -> Plan:
    settings.IDP = {**settings.IDP, "CLAIMS": f"{__name__}.Everything"}
    application = make_application("web", scopes=("openid",), optional=SCOPES)
    ada = make_user("ada", first_name="Ada", last_name="Lovelace", email="ada@example.com")
    return Plan(application, ada, mode=request.param)


@requirement("OIDF Basic and Form Post OP §oidcc-server", "A code flow gives a valid ID token.")
def test_a_code_flow_gives_a_valid_id_token(op: Plan) -> None:
    response = op.decide(op.start())
    told = op.told(response)
    assert (told["state"], told["iss"]) == ("st-1", ISSUER)
    answer = op.exchange(told["code"])
    assert answer["Cache-Control"] == "no-store"
    header, claims = read_token(answer.json()["id_token"])
    assert (header["alg"], claims["iss"], claims["nonce"]) == ("RS256", ISSUER, "n-1")
    assert claims["aud"] == op.application.client_id
    assert claims["iat"] < claims["exp"]
    assert op.userinfo(answer.json())["sub"] == claims["sub"]


@requirement(
    "OIDF Basic and Form Post OP §oidcc-response-type-missing",
    "A request without response_type is refused.",
)
def test_a_request_without_a_response_type_is_refused(op: Plan) -> None:
    told = op.told(op.start(response_type=None))
    assert told["error"] in {"invalid_request", "unsupported_response_type"}
    assert told["state"] == "st-1"


@requirement(
    "OIDF Basic and Form Post OP §oidcc-userinfo-get, -post-header, -post-body",
    "UserInfo answers GET, and POST with the token in the header or in the body.",
)
def test_userinfo_answers_each_way_of_asking(op: Plan) -> None:
    answer = op.tokens()
    token = answer["access_token"]
    ways = [
        Browser().get(USERINFO, **bearer(token)),
        Browser().post(USERINFO, **bearer(token)),
        post(USERINFO, {"access_token": token}),
    ]
    assert [way.json() for way in ways] == [{"sub": id_token(answer)["sub"]}] * 3


@requirement(
    "OIDF Basic and Form Post OP §oidcc-ensure-request-without-nonce-succeeds-for-code-flow",
    "A nonce is not needed in the code flow.",
)
def test_a_nonce_is_not_needed(op: Plan) -> None:
    assert "nonce" not in id_token(op.tokens(nonce=None))


@requirement(
    "OIDF Basic and Form Post OP §oidcc-scope-profile, -email, -address, -phone",
    "A scope releases its claims at UserInfo, and no others.",
)
@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_releases_its_claims_and_no_others(op: Plan, scope: str) -> None:
    answer = op.tokens(f"openid {scope}")
    assert set(op.userinfo(answer)) == {"sub", *OF_SCOPE[scope]}


@requirement("OIDF Basic and Form Post OP §oidcc-scope-all", "All scopes release all claims.")
def test_all_scopes_release_all_claims(op: Plan) -> None:
    told = op.userinfo(op.tokens("openid profile email address phone"))
    assert set(told) == {"sub"}.union(*OF_SCOPE.values())
    assert told["address"] == {"formatted": "St James’s Square\nLondon"}


@requirement(
    "OIDF Basic and Form Post OP §oidcc-ensure-other-scope-order-succeeds",
    "openid need not be the first scope.",
)
def test_openid_need_not_be_the_first_scope(op: Plan) -> None:
    answer = op.tokens("email openid")
    assert "email" in op.userinfo(answer)
    assert id_token(answer)["sub"]


@requirement(
    "OIDF Basic and Form Post OP §oidcc-display-page, -display-popup",
    "display changes nothing that a client sees.",
)
@pytest.mark.parametrize("display", ["page", "popup"])
def test_a_display_changes_nothing_that_a_client_sees(op: Plan, display: str) -> None:
    assert id_token(op.tokens(display=display))


@requirement(
    "OIDF Basic and Form Post OP §oidcc-prompt-login",
    "prompt=login signs in anew, and auth_time says so.",
)
def test_prompt_login_signs_in_anew(op: Plan) -> None:
    first = id_token(op.tokens())
    SignIn.objects.update(at=timezone.now() - timedelta(minutes=1))
    response = op.start(prompt="login")
    assert response["Location"].startswith("/account/login/")
    second = id_token(op.exchange(op.told(signed_in(op, response))["code"]).json())
    assert second["sub"] == first["sub"]
    assert second["auth_time"] >= first["auth_time"]
    assert second["sid"] != first["sid"]


@requirement(
    "OIDF Basic and Form Post OP §oidcc-prompt-none-not-logged-in",
    "prompt=none without anybody signed in is login_required.",
)
def test_prompt_none_without_anybody_signed_in(op: Plan) -> None:
    op.browser.logout()
    told = op.told(op.start(prompt="none"))
    assert (told["error"], told["state"]) == ("login_required", "st-1")


@requirement(
    "OIDF Basic and Form Post OP §oidcc-prompt-none-logged-in",
    "prompt=none with a live sign-in gives a code for the same sign-in.",
)
def test_prompt_none_with_a_live_sign_in(op: Plan) -> None:
    first = id_token(op.tokens())
    response = op.start(prompt="none")
    assert not op.is_page(response)
    second = id_token(op.exchange(op.told(response)["code"]).json())
    assert [second[name] for name in ("sub", "auth_time")] == [
        first[name] for name in ("sub", "auth_time")
    ]


@requirement(
    "OIDF Basic and Form Post OP §oidcc-max-age-1",
    "max_age=1 after more than a second signs in anew, and auth_time says so.",
)
def test_max_age_of_a_second_signs_in_anew(op: Plan) -> None:
    op.tokens()
    SignIn.objects.update(at=timezone.now() - timedelta(seconds=3))
    before = int(SignIn.objects.get().at.timestamp())
    response = op.start(max_age="1")
    assert response["Location"].startswith("/account/login/")
    claims = id_token(op.exchange(op.told(signed_in(op, response))["code"]).json())
    assert claims["auth_time"] > before
    assert claims["iat"] - claims["auth_time"] <= 60


@requirement(
    "OIDF Basic and Form Post OP §oidcc-max-age-10000",
    "max_age=10000 keeps a sign-in of a moment ago, and auth_time is told.",
)
def test_a_long_max_age_keeps_the_sign_in(op: Plan) -> None:
    first = id_token(op.tokens())
    response = op.start(max_age="10000")
    second = id_token(op.exchange(op.told(response)["code"]).json())
    assert second["auth_time"] == first["auth_time"]


@requirement(
    "OIDF Basic and Form Post OP §oidcc-ensure-request-with-unknown-parameter-succeeds",
    "An unknown parameter is ignored.",
)
def test_an_unknown_parameter_is_ignored(op: Plan) -> None:
    assert op.tokens(extra="foobar", **{"x[]": "1"})


@requirement(
    "OIDF Basic and Form Post OP §oidcc-id-token-hint",
    "prompt=none with the user's own ID token gives a code.",
)
def test_the_users_own_id_token_is_a_hint(op: Plan) -> None:
    hint = op.tokens()["id_token"]
    told = op.told(op.start(prompt="none", id_token_hint=hint))
    assert id_token(op.exchange(told["code"]).json())["sub"] == read_token(hint)[1]["sub"]


@requirement(
    "OIDF Basic and Form Post OP §oidcc-login-hint, -ui-locales, -claims-locales",
    "Hints at person and language do no harm, known or unknown.",
)
@pytest.mark.parametrize(
    "hint",
    [
        {"login_hint": "ada@example.com"},
        {"login_hint": "nobody"},
        {"ui_locales": "se"},
        {"ui_locales": "de-CH de"},
        {"claims_locales": "se"},
    ],
    ids=str,
)
def test_hints_at_person_and_language_do_no_harm(op: Plan, hint: dict[str, str]) -> None:
    assert op.tokens(**hint)


@requirement(
    "OIDF Basic and Form Post OP §oidcc-ensure-request-with-acr-values-succeeds",
    "acr_values that nobody can reach refuse nobody.",
)
def test_a_context_that_is_only_preferred_refuses_nobody(op: Plan) -> None:
    assert "acr" not in id_token(op.tokens(acr_values="1 2"))


@requirement(
    "OIDF Basic and Form Post OP §oidcc-codereuse, oidcc-codereuse-30seconds",
    "A code works once, at once and half a minute later, and its tokens are taken back.",
)
@pytest.mark.parametrize("seconds", [0, 30])
def test_a_code_works_once(op: Plan, clock: Any, seconds: int) -> None:
    code = op.code()
    answer = op.exchange(code).json()
    clock.shift(seconds)
    again = op.exchange(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert Browser().get(USERINFO, **bearer(answer["access_token"])).status_code == 401


@requirement(
    "OIDF Basic and Form Post OP §oidcc-ensure-registered-redirect-uri",
    "An address that is not registered is refused on a page.",
)
def test_an_address_that_is_not_registered_is_refused_on_a_page(op: Plan) -> None:
    response = op.start(redirect_uri="https://client.example.com/other")
    assert response.status_code == 400
    assert "Location" not in response
    assert b"idp-form-post" not in response.content


@requirement(
    "OIDF Basic and Form Post OP §oidcc-ensure-post-request-succeeds",
    "The authorization endpoint takes its parameters by POST as well.",
)
def test_the_authorization_endpoint_takes_a_post(op: Plan) -> None:
    parameters = op.parameters(response_mode=op.mode or None)
    body = urlencode(parameters)
    page = op.browser.post("/o/authorize/", body, content_type="application/x-www-form-urlencoded")
    assert op.exchange(op.told(op.decide(page))["code"]).status_code == 200


@requirement(
    "OIDF Basic and Form Post OP §oidcc-server-client-secret-post",
    "A client may send its secret in the body.",
)
def test_a_client_may_send_its_secret_in_the_body(op: Plan) -> None:
    application = make_application(
        "web", scopes=("openid",), token_endpoint_auth_method="client_secret_post"
    )
    other = Plan(application, op.user, mode=op.mode)
    fields = {
        "grant_type": "authorization_code",
        "code": other.code(),
        "redirect_uri": other.redirect_uri,
        "code_verifier": VERIFIER,
        "client_id": application.client_id,
        "client_secret": application.plain_secret,
    }
    assert id_token(post("/o/token/", fields).json())["aud"] == application.client_id


@requirement(
    "OIDF Basic and Form Post OP "
    "§oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported, "
    "oidcc-ensure-request-object-with-redirect-uri",
    "A request object is refused as not supported, as the metadata says.",
)
def test_a_request_object_is_refused_as_not_supported(op: Plan) -> None:
    told = op.told(op.start(request="eyJhbGciOiJub25lIn0.e30."))
    assert told["error"] == "request_not_supported"
    metadata = Browser().get("/o/.well-known/openid-configuration").json()
    assert metadata["request_parameter_supported"] is False


@requirement(
    "OIDF Basic and Form Post OP §oidcc-claims-essential",
    "An essential claim that is asked for by name is told at UserInfo.",
)
def test_an_essential_claim_is_told(op: Plan) -> None:
    claims = json.dumps({"userinfo": {"name": {"essential": True}}})
    assert op.userinfo(op.tokens(claims=claims))["name"] == "Ada Lovelace"


@requirement(
    "OIDF Basic and Form Post OP §oidcc-refresh-token",
    "A refresh gives another ID token of the same sign-in, to the same client alone.",
)
def test_a_refresh_gives_another_id_token_to_the_same_client_alone(op: Plan, clock: Any) -> None:
    first = op.tokens()
    other = Plan(make_application("web", scopes=("openid",)), op.user)
    stolen = other.refresh(first["refresh_token"])
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    clock.shift(5)
    second = op.refresh(first["refresh_token"]).json()
    assert second["access_token"] != first["access_token"]
    before, after = id_token(first), id_token(second)
    assert {name: after[name] for name in ("iss", "sub", "aud", "auth_time", "azp")} == {
        name: before[name] for name in ("iss", "sub", "aud", "auth_time", "azp")
    }
    assert after["iat"] == before["iat"] + 5


@requirement(
    "OIDF Basic and Form Post OP §oidcc-ensure-request-with-valid-pkce-succeeds",
    "A request with a code challenge of method S256 works with its verifier alone.",
)
def test_a_code_challenge_works_with_its_verifier_alone(op: Plan) -> None:
    refused = op.exchange(op.code(), code_verifier="w" * 43)
    assert refused.json()["error"] == "invalid_grant"
    assert op.exchange(op.code()).status_code == 200


@requirement(
    "OIDF Config OP §oidcc-discovery-endpoint-verification",
    "Metadata and keys are complete and fit each other.",
)
def test_metadata_and_keys_are_complete_and_fit_each_other() -> None:
    response = Browser().get("/o/.well-known/openid-configuration")
    assert response["Content-Type"] == "application/json"
    found = response.json()
    assert found["issuer"] == ISSUER
    assert {
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "scopes_supported",
        "claims_supported",
    } <= set(found)
    assert "code" in found["response_types_supported"]
    assert "RS256" in found["id_token_signing_alg_values_supported"]
    assert set(found["subject_types_supported"]) <= {"public", "pairwise"}
    keys = Browser().get("/o/.well-known/jwks.json").json()["keys"]
    assert len({key["kid"] for key in keys}) == len(keys)
    assert all(not {"d", "p", "q", "k"} & set(key) for key in keys)
    assert {key["alg"] for key in keys} == set(found["id_token_signing_alg_values_supported"])


# RP-Initiated Logout


@pytest.fixture
def leaving() -> Flow:
    application = make_application("web", scopes=("openid",), post_logout_redirect_uris=BYE)
    return Flow(application, make_user("ada"))


def leave(flow: Flow, **parameters: str) -> Any:
    return flow.browser.get(f"/o/logout/?{urlencode(parameters)}")


@requirement(
    "OIDF RP-Initiated Logout OP §oidcc-rp-initiated-logout",
    "A client's user is signed out, and comes back with the state.",
)
def test_a_user_is_signed_out_and_comes_back_with_the_state(leaving: Flow) -> None:
    hint = leaving.tokens()["id_token"]
    page = leave(leaving, id_token_hint=hint, post_logout_redirect_uri=BYE, state="s-1")
    response = confirmed(leaving, page)
    assert response["Location"].split("?")[0] == BYE
    assert query(response["Location"]) == {"state": ["s-1"]}
    assert location(leaving.start(prompt="none"))["error"] == "login_required"


@requirement(
    "OIDF RP-Initiated Logout OP §oidcc-rp-initiated-logout-no-state",
    "Without a state, none is sent back.",
)
def test_without_a_state_none_is_sent_back(leaving: Flow) -> None:
    hint = leaving.tokens()["id_token"]
    page = leave(leaving, id_token_hint=hint, post_logout_redirect_uri=BYE)
    assert confirmed(leaving, page)["Location"] == BYE


@requirement(
    "OIDF RP-Initiated Logout OP §oidcc-rp-initiated-logout-bad-post-logout-redirect-uri, "
    "-query-added-to-post-logout-redirect-uri",
    "An address that is not registered exactly so is refused, and nobody is sent there.",
)
@pytest.mark.parametrize("uri", [f"{BYE}?foo=bar", f"{BYE}/x", "https://evil.example/"])
def test_an_address_that_is_not_registered_exactly_so_is_refused(leaving: Flow, uri: str) -> None:
    hint = leaving.tokens()["id_token"]
    response = leave(leaving, id_token_hint=hint, post_logout_redirect_uri=uri, state="s")
    assert response.status_code == 400
    assert is_signed_in(leaving)


@requirement(
    "OIDF RP-Initiated Logout OP §oidcc-rp-initiated-logout-bad-id-token-hint, "
    "-modified-id-token-hint",
    "A hint that is not ours, or no longer as it was, sends nobody anywhere.",
)
@pytest.mark.parametrize("spoil", [lambda hint: hint[:-6] + "AAAAAA", lambda _hint: "a.b.c"])
def test_a_spoilt_hint_sends_nobody_anywhere(leaving: Flow, spoil: Any) -> None:
    hint = spoil(leaving.tokens()["id_token"])
    response = leave(leaving, id_token_hint=hint, post_logout_redirect_uri=BYE)
    assert response.status_code == 400
    assert is_signed_in(leaving)


@requirement(
    "OIDF RP-Initiated Logout OP §oidcc-rp-initiated-logout-no-id-token-hint",
    "An address without a hint or a client is refused.",
)
def test_an_address_without_a_hint_is_refused(leaving: Flow) -> None:
    leaving.tokens()
    assert leave(leaving, post_logout_redirect_uri=BYE, state="s").status_code == 400


@requirement(
    "OIDF RP-Initiated Logout OP §oidcc-rp-initiated-logout-no-params, -only-state, "
    "-no-post-logout-redirect-uri",
    "Without an address the person is asked, signed out, and stays here.",
)
@pytest.mark.parametrize("known", ["nothing", "state", "hint"])
def test_without_an_address_the_person_is_asked_and_stays_here(leaving: Flow, known: str) -> None:
    hint = leaving.tokens()["id_token"]
    parameters = {"nothing": {}, "state": {"state": "s"}, "hint": {"id_token_hint": hint}}[known]
    response = confirmed(leaving, leave(leaving, **parameters))
    assert response.status_code == 200
    assert not is_signed_in(leaving)


@requirement(
    "OIDF RP-Initiated Logout OP §oidcc-rp-initiated-logout-discovery-endpoint-verification",
    "The metadata names the endpoint.",
)
def test_the_metadata_names_where_to_sign_out() -> None:
    found = Browser().get("/o/.well-known/openid-configuration").json()
    assert found["end_session_endpoint"] == "http://testserver/o/logout/"
