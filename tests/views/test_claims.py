"""Claims asked for by name: told where the scope that carries them was granted, else nowhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client as Browser
from django.test import override_settings

from idp.models import Authorization, ConsentScope
from idp.services.claim import StandardClaims
from idp.services.consent import revoke_consent
from tests.factories import add_scope, grant, make_application, make_scope, make_user
from tests.requirement import defect, requirement
from tests.views.flow import Flow, bearer, location
from tests.views.token_reader import id_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def flow() -> Flow:
    application = make_application("web", scopes=("openid",), optional=("profile", "email"))
    user = make_user("ada", first_name="Ada", last_name="Lovelace", email="ada@example.com")
    return Flow(application, user)


def asked(userinfo: Any = None, id_token: Any = None) -> str:
    return json.dumps({"userinfo": userinfo, "id_token": id_token})


def userinfo(answer: dict[str, Any]) -> dict[str, Any]:
    told = Browser().get("/o/userinfo/", **bearer(answer["access_token"]))
    assert told.status_code == 200, told.content
    claims: dict[str, Any] = told.json()
    return claims


@defect(12)
@requirement("OpenID Connect Core §5.5", "Claims can be asked for by name.")
def test_a_claim_asked_by_name_is_told_without_the_rest_of_its_scope(flow: Flow) -> None:
    answer = flow.tokens(claims=asked({"given_name": {"essential": True}}))
    assert userinfo(answer) == {"sub": str(flow.user.pk), "given_name": "Ada"}
    assert "given_name" not in id_token(answer)


@requirement("OpenID Connect Core §5.5", "userinfo and id_token each have their own.")
def test_a_claim_is_told_where_it_was_asked_for(flow: Flow) -> None:
    answer = flow.tokens(claims=asked(id_token={"email": None}))
    assert id_token(answer)["email"] == "ada@example.com"
    assert "email" not in userinfo(answer)


@requirement("OpenID Connect Core §5.4", "Scopes release their standard claims.")
def test_a_scope_tells_all_of_its_claims_whatever_is_asked_by_name(flow: Flow) -> None:
    answer = flow.tokens("openid profile", claims=asked({"name": None, "email": None}))
    told = userinfo(answer)
    assert (told["given_name"], told["email"]) == ("Ada", "ada@example.com")


def test_the_user_is_asked_for_the_scope_that_carries_a_claim(flow: Flow) -> None:
    page = flow.start(claims=asked({"name": None}))
    assert "See your name" in page.content.decode()
    code = location(flow.decide(page, scope=["openid"]))["code"]
    assert userinfo(flow.exchange(code).json()) == {"sub": str(flow.user.pk)}
    state = ConsentScope.objects.get(scope="profile").state
    assert state != ConsentScope.State.GRANTED


def test_a_client_that_may_not_ask_for_the_scope_gets_no_claim_and_no_error(flow: Flow) -> None:
    other = Flow(make_application("web", scopes=("openid",)), flow.user)
    answer = other.tokens(claims=asked({"email": {"essential": True}}, {"name": None}))
    assert userinfo(answer) == {"sub": str(flow.user.pk)}
    assert answer["scope"] == "openid"


@requirement(
    "OpenID Connect Core §5.5.1",
    "A claim that cannot be told is left out, essential or not.",
)
def test_a_claim_that_nobody_knows_is_left_out(flow: Flow) -> None:
    answer = flow.tokens(claims=asked({"shoe_size": {"essential": True}, "phone_number": None}))
    assert userinfo(answer) == {"sub": str(flow.user.pk)}


@requirement("OpenID Connect Core §5.5.1", "value and values limit what is told.")
def test_a_claim_with_another_value_than_asked_is_left_out(flow: Flow) -> None:
    wishes = {"given_name": {"value": "Grace"}, "family_name": {"values": ["Lovelace", "Byron"]}}
    told = userinfo(flow.tokens(claims=asked(wishes)))
    assert told == {"sub": str(flow.user.pk), "family_name": "Lovelace"}


def test_what_was_asked_by_name_survives_a_refresh(flow: Flow) -> None:
    answer = flow.tokens(claims=asked({"given_name": None}, {"email": None}))
    again = flow.refresh(answer["refresh_token"]).json()
    assert userinfo(again) == {"sub": str(flow.user.pk), "given_name": "Ada"}
    assert id_token(again)["email"] == "ada@example.com"
    assert Authorization.objects.get().claims["userinfo"] == {"given_name": None}


def test_nothing_is_told_once_the_consent_is_gone(flow: Flow) -> None:
    answer = flow.tokens(claims=asked({"given_name": None}))
    revoke_consent(Authorization.objects.get().consent)
    assert Browser().get("/o/userinfo/", **bearer(answer["access_token"])).status_code == 401


@requirement("OpenID Connect Core §5.5", "Malformed claims are an invalid_request.")
@pytest.mark.parametrize(
    "claims",
    ["", "x", "[]", '{"userinfo": 1}', '{"id_token": {"sub": "1"}}'],
)
def test_malformed_claims_are_refused(flow: Flow, claims) -> None:
    if not claims:
        assert flow.start(claims=claims).status_code == 200, "an empty parameter is none"
        return
    answer = location(flow.start(claims=claims))
    assert (answer["error"], answer["state"]) == ("invalid_request", "st-1")


@requirement(
    "OpenID Connect Core §3.1.2.2",
    "With sub asked by value, no answer is given for anybody else.",
)
@pytest.mark.parametrize("member", ["userinfo", "id_token"])
def test_no_answer_is_given_for_another_user_than_the_one_asked_for(flow: Flow, member) -> None:
    grant(flow.user, flow.application, "openid")
    other = {member: {"sub": {"value": str(flow.user.pk + 1)}}}
    for prompt in ("none", None):
        refused = location(flow.start(claims=json.dumps(other), prompt=prompt))
        assert refused["error"] == "login_required"
    own = {member: {"sub": {"value": str(flow.user.pk)}}}
    assert "code" in location(flow.start(claims=json.dumps(own), prompt="none"))


class Claims(StandardClaims):
    """A site that knows more of its users."""

    sources = {
        **StandardClaims.sources,
        "phone_number": lambda user: f"+49{user.pk}",
        "nickname": "no_such_field",
    }

    def subject(self, user: Any) -> str:
        return f"person-{user.pk}"


SITE = {"CLAIMS": f"{__name__}.Claims"}


@requirement("OpenID Connect Core §5.1", "Standard claims come from what the site knows.")
def test_a_site_answers_for_its_users_with_a_class_of_its_own(flow: Flow) -> None:
    make_scope("phone")
    add_scope(flow.application, "phone")
    metadata = "/o/.well-known/openid-configuration"
    before = Browser().get(metadata).json()
    assert "phone_number" not in before["claims_supported"]
    assert "phone" not in before["scopes_supported"]
    with override_settings(IDP=SITE):
        after = Browser().get(metadata).json()
        answer = flow.tokens("openid phone")
        told, name = userinfo(answer), f"person-{flow.user.pk}"
        hint = answer["id_token"]
        assert "code" in location(flow.start("openid phone", id_token_hint=hint, prompt="none"))
    assert {"phone_number"} <= set(after["claims_supported"])
    assert "nickname" not in after["claims_supported"]
    assert "phone" in after["scopes_supported"]
    assert told == {"sub": name, "phone_number": f"+49{flow.user.pk}"}
    assert id_token(answer)["sub"] == name


@requirement(
    "OpenID Connect Discovery §3",
    "claims_supported and claims_parameter_supported are told.",
)
def test_discovery_says_what_may_be_asked_by_name() -> None:
    found = Browser().get("/o/.well-known/openid-configuration").json()
    assert found["claims_parameter_supported"] is True
    assert {"sub", "name", "email"} <= set(found["claims_supported"])
    assert "email_verified" not in found["claims_supported"]
