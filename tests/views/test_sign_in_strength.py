"""How somebody signed in: reported by the site, asked for by clients, told to them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client as Browser
from django.test import RequestFactory, override_settings
from django.utils import timezone

from idp.models import SignIn
from idp.services.sign_in import SESSION_KEY, report
from tests.factories import grant, make_application, make_user
from tests.requirement import defect, requirement
from tests.views.flow import Flow, location, query
from tests.views.test_authorization_errors import signed_in
from tests.views.token_reader import id_token

pytestmark = pytest.mark.django_db

MFA, HARDWARE = "urn:example:mfa", "urn:example:hardware"
DECLARED = {"ACR_VALUES": [MFA]}


@pytest.fixture
def known() -> Flow:
    application, user = make_application("web", scopes=("openid",)), make_user("ada")
    grant(user, application, "openid")
    return Flow(application, user)


def second_factor(flow: Flow, acr: str = MFA) -> SignIn:
    """Report a second factor in the session of a browser, as a site's own page does."""
    session = flow.browser.session
    request = RequestFactory().get("/")
    request.user, request.session = flow.user, session
    return report(request, amr=("otp", "mfa"), acr=acr)


def needed(*values: str, essential: bool = True) -> str:
    return json.dumps({"id_token": {"acr": {"essential": essential, "values": list(values)}}})


def to_sign_in(response: Any) -> bool:
    return response.status_code == 302 and response["Location"].startswith("/account/login/")


def signed_in_by_hook(request: Any, user: Any) -> dict[str, Any]:
    return {"amr": ["hwk"], "acr": HARDWARE}


@defect(12)
@requirement("OpenID Connect Core §2", "acr and amr say how somebody signed in.")
def test_a_site_says_how_its_users_sign_in() -> None:
    application = make_application("web", scopes=("openid",))
    with override_settings(IDP={"SIGN_IN": f"{__name__}.signed_in_by_hook"}):
        flow = Flow(application, make_user())
    claims = id_token(flow.tokens())
    assert (claims["amr"], claims["acr"]) == (["hwk"], HARDWARE)


@requirement(
    "OpenID Connect Core §2",
    "auth_time says when, amr and acr how; a second factor is no new sign-in.",
)
def test_a_second_factor_strengthens_the_same_sign_in(known: Flow) -> None:
    before = SignIn.objects.get()
    assert second_factor(known).sid == before.sid
    claims = id_token(known.tokens())
    assert (claims["amr"], claims["acr"]) == (["pwd", "otp", "mfa"], MFA)
    assert claims["auth_time"] == int(before.at.timestamp())
    assert to_sign_in(known.start(prompt="login")), "it is no new sign-in"


def test_nobody_can_report_on_nobody() -> None:
    request = RequestFactory().get("/")
    request.user, request.session = AnonymousUser(), Browser().session
    with pytest.raises(ValueError, match="nobody is signed in"):
        report(request, acr=MFA)
    assert SESSION_KEY not in request.session


@defect(12)
@requirement("OpenID Connect Core §3.1.2.1", "acr_values asks for contexts by preference.")
@requirement("OpenID Connect Discovery §3", "acr_values_supported names declared contexts alone.")
def test_a_preferred_context_is_asked_for_where_the_site_declares_it(known: Flow) -> None:
    assert "code" in location(known.start(acr_values=MFA)), "nobody can reach it here"
    with override_settings(IDP=DECLARED):
        response = known.start(acr_values=f"{HARDWARE} {MFA}")
        assert to_sign_in(response)
        assert "code" in location(signed_in(known, response)), "it was tried; no more is owed"
        assert "code" in location(known.start(acr_values=MFA, prompt="none"))
        second_factor(known)
        assert id_token(known.tokens(acr_values=MFA))["acr"] == MFA
        metadata = Browser().get("/o/.well-known/openid-configuration").json()
    assert metadata["acr_values_supported"] == [MFA]
    assert "acr" in metadata["claims_supported"]


def test_an_undeclared_context_is_not_advertised() -> None:
    metadata = Browser().get("/o/.well-known/openid-configuration").json()
    assert "acr_values_supported" not in metadata
    assert "acr" not in metadata["claims_supported"]


@requirement("OpenID Connect Core §5.5.1.1", "An essential acr is reached, or the request fails.")
def test_an_essential_context_is_reached_or_the_request_is_refused(known: Flow) -> None:
    refused = location(known.start(claims=needed(MFA), prompt="none"))
    assert refused["error"] == "login_required"
    response = known.start(claims=needed(MFA))
    assert to_sign_in(response)
    answer = location(signed_in(known, response))
    assert answer["error"] == "unmet_authentication_requirements"
    second_factor(known)
    assert id_token(known.tokens(claims=needed(HARDWARE, MFA)))["acr"] == MFA


def test_a_second_factor_on_the_way_reaches_an_essential_context(known: Flow) -> None:
    response = known.start(claims=needed(MFA))
    second_factor(known)
    resumed = known.browser.get(query(response["Location"])["next"][0])
    assert "code" in location(resumed)


def test_an_essential_context_that_the_site_cannot_reach_is_refused_at_once(known: Flow) -> None:
    with override_settings(IDP=DECLARED):
        answer = location(known.start(claims=needed(HARDWARE)))
        assert answer["error"] == "unmet_authentication_requirements"
        assert to_sign_in(known.start(claims=needed(HARDWARE, MFA)))


@requirement("OpenID Connect Core §5.5.1.1", "A voluntary acr refuses nobody.")
def test_a_voluntary_context_refuses_nobody(known: Flow) -> None:
    assert "code" in location(known.start(claims=needed(HARDWARE, essential=False)))


@requirement("OpenID Connect Core §5.5.1.1", "An essential acr holds until the code is given.")
def test_a_weaker_sign_in_does_not_answer_the_page_of_a_stronger_one(known: Flow) -> None:
    second_factor(known)
    page = known.start(prompt="consent", claims=needed(MFA))
    assert page.status_code == 200
    known.browser.force_login(known.user, "django.contrib.auth.backends.ModelBackend")
    response = known.decide(page)
    assert response["Location"].startswith("/o/authorize/resume/"), "no code"
    answer = location(known.browser.get(response["Location"]))
    assert answer["error"] == "unmet_authentication_requirements"


@requirement(
    "OpenID Connect Dynamic Client Registration §2",
    "default_max_age holds unless the request says otherwise.",
)
def test_a_client_has_a_longest_age_of_its_own(known: Flow) -> None:
    policy = known.application.idp_policy
    policy.default_max_age = 60
    policy.save()
    assert "code" in location(known.start())
    SignIn.objects.update(at=timezone.now() - timedelta(minutes=10))
    assert to_sign_in(known.start())
    assert "code" in location(known.start(max_age="900")), "the request has the last word"
    policy.default_max_age = 0
    policy.save()
    assert to_sign_in(known.start())


@defect(12)
@requirement("OpenID Connect Core §3.1.2.1", "login_hint fills the sign-in page in.")
def test_the_sign_in_page_knows_who_the_client_expects(known: Flow) -> None:
    known.browser.logout()
    response = known.start(login_hint='ada"><b>')
    page = known.browser.get(response["Location"]).content.decode()
    assert "ada&quot;&gt;&lt;b&gt;" in page
    assert 'ada"><b>' not in page
