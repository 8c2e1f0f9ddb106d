"""Sign-out that a client asks for: what it may name, what is asked, and what ends."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client as Browser

from idp.conf import application_model
from idp.models import Authorization, LogoutDelivery, SignIn
from tests.conftest import NOON
from tests.factories import make_application, make_user
from tests.requirement import defect, requirement
from tests.views.flow import Flow, bearer, form_fields

pytestmark = pytest.mark.django_db

LOGOUT = "/o/logout/"
FORM = "application/x-www-form-urlencoded"
BYE = "https://client.example.com/bye?from=idp"


@pytest.fixture
def flow() -> Flow:
    application = make_application(
        scopes=("openid",),
        name="Photo Print",
        post_logout_redirect_uris=BYE,
        backchannel_logout_uri="https://client.example.com/logout",
    )
    return Flow(application, make_user("ada"))


def ask(flow: Flow, method: str = "get", **parameters: str) -> Any:
    if method == "get":
        return flow.browser.get(f"{LOGOUT}?{urlencode(parameters)}")
    return flow.browser.post(LOGOUT, urlencode(parameters), content_type=FORM)


def answer(flow: Flow, page: Any, decision: str = "allow") -> Any:
    assert page.status_code == 200, page.content
    form = re.search(
        r'<form[^>]*action="/o/logout/confirm/".*?</form>', page.content.decode(), re.S
    )
    assert form
    fields: dict[str, Any] = form_fields(html.unescape(form[0]))
    body = urlencode({**fields, "decision": decision}, doseq=True)
    return flow.browser.post(f"{LOGOUT}confirm/", body, content_type=FORM)


def is_signed_in(flow: Flow) -> bool:
    return "_auth_user_id" in flow.browser.session


@requirement(
    "OpenID Connect RP-Initiated Logout §2",
    "GET and POST are answered; state comes back.",
)
@requirement("OpenID Connect RP-Initiated Logout §3", "The browser goes back after the sign-out.")
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_client_signs_its_user_out_and_gets_the_browser_back(flow: Flow, method: str) -> None:
    tokens = flow.tokens("openid")
    page = ask(
        flow,
        method,
        id_token_hint=tokens["id_token"],
        client_id=flow.application.client_id,
        post_logout_redirect_uri=BYE,
        state="a b&c",
    )
    assert is_signed_in(flow)
    words = page.content.decode()
    assert "<bdi>Photo Print</bdi> asks to sign you out here as well." in words
    assert "These apps learn of it" in words

    response = answer(flow, page)

    assert (response.status_code, response["Location"]) == (302, f"{BYE}&state=a+b%26c")
    assert not is_signed_in(flow)
    assert flow.browser.get("/o/userinfo/", **bearer(tokens["access_token"])).status_code == 401
    assert LogoutDelivery.objects.get().application == flow.application


@defect(19)
@requirement("OpenID Connect RP-Initiated Logout §2", "Without a hint the person is asked.")
@pytest.mark.parametrize("parameters", [{}, {"logout_hint": "ada"}, {"state": "st"}])
def test_without_a_hint_the_person_is_asked_and_stays_here(
    flow: Flow, parameters: dict[str, str]
) -> None:
    page = ask(flow, **parameters)
    assert is_signed_in(flow)

    response = answer(flow, page)

    assert response.status_code == 200
    assert b"You are signed out" in response.content
    assert not is_signed_in(flow)


@defect(19)
@requirement("OpenID Connect RP-Initiated Logout §2", "Who says no stays signed in.")
def test_who_stays_signed_in_loses_nothing(flow: Flow) -> None:
    token = flow.tokens("openid")["access_token"]

    response = answer(flow, ask(flow, client_id=flow.application.client_id), decision="deny")

    assert response.status_code == 302
    assert is_signed_in(flow)
    assert flow.browser.get("/o/userinfo/", **bearer(token)).status_code == 200
    assert not LogoutDelivery.objects.exists()


@defect(19)
@requirement("OpenID Connect RP-Initiated Logout §6", "Nobody else can answer for the person.")
def test_the_answer_cannot_be_given_by_another_site(flow: Flow) -> None:
    strict = Browser(enforce_csrf_checks=True)
    strict.force_login(flow.user, "django.contrib.auth.backends.ModelBackend")

    assert strict.post(f"{LOGOUT}confirm/", {"decision": "allow"}).status_code == 403
    assert "_auth_user_id" in strict.session


@requirement(
    "OpenID Connect RP-Initiated Logout §3.1",
    "The address must be registered exactly so.",
)
@pytest.mark.parametrize(
    "uri",
    [
        "https://client.example.com/bye",
        BYE + "&more=1",
        "https://client.example.com/callback",
        "https://evil.example.net/",
    ],
)
def test_an_address_that_is_not_registered_is_refused_on_a_page(flow: Flow, uri: str) -> None:
    hint = flow.tokens("openid")["id_token"]

    response = ask(flow, id_token_hint=hint, post_logout_redirect_uri=uri)

    assert response.status_code == 400
    assert "Location" not in response
    assert is_signed_in(flow)


@requirement(
    "OpenID Connect RP-Initiated Logout §3",
    "An address without a hint or a client leads nowhere.",
)
def test_an_address_of_nobody_in_particular_is_refused(flow: Flow) -> None:
    assert ask(flow, post_logout_redirect_uri=BYE).status_code == 400


@requirement("OpenID Connect RP-Initiated Logout §2", "client_id may stand for the hint.")
def test_a_registered_address_is_enough_with_the_clients_name(flow: Flow) -> None:
    page = ask(flow, client_id=flow.application.client_id, post_logout_redirect_uri=BYE)

    assert answer(flow, page)["Location"] == BYE


@requirement("OpenID Connect RP-Initiated Logout §2", "An expired ID token is accepted as a hint.")
def test_an_expired_hint_is_as_good_as_a_fresh_one(flow: Flow) -> None:
    with time_machine.travel(NOON, tick=False):
        hint = flow.tokens("openid")["id_token"]
    with time_machine.travel(NOON + timedelta(days=7), tick=False):
        page = ask(flow, id_token_hint=hint, post_logout_redirect_uri=BYE)
        assert answer(flow, page)["Location"] == BYE


def _foreign(hint: str) -> str:
    head, body, signature = hint.split(".")
    return f"{head}.{body}.{signature[:-8]}AAAAAAAA"


@requirement(
    "OpenID Connect RP-Initiated Logout §4",
    "A hint that this provider did not issue is refused.",
)
@pytest.mark.parametrize("spoil", [_foreign, lambda _hint: "no.token.atall", lambda _hint: "x"])
def test_a_hint_of_somebody_else_is_refused(flow: Flow, spoil: Any) -> None:
    hint = spoil(flow.tokens("openid")["id_token"])

    response = ask(flow, id_token_hint=hint, post_logout_redirect_uri=BYE)

    assert response.status_code == 400
    assert is_signed_in(flow)


@defect(19)
@requirement(
    "OpenID Connect RP-Initiated Logout §2",
    "client_id and the hint's audience must agree.",
)
def test_a_hint_that_was_made_for_another_client_is_refused(flow: Flow) -> None:
    hint = flow.tokens("openid")["id_token"]
    other = make_application(scopes=("openid",))

    assert ask(flow, id_token_hint=hint, client_id=other.client_id).status_code == 400
    assert ask(flow, id_token_hint=hint, client_id="nobody").status_code == 400


def test_a_logout_token_is_no_hint(flow: Flow) -> None:
    from idp.services.logout_token import logout_token

    flow.tokens("openid")
    delivery = LogoutDelivery(
        application=flow.application,
        sid=SignIn.objects.get().sid,
        subject=str(flow.user.pk),
        issuer="http://127.0.0.1:8000/o",
    )

    assert ask(flow, id_token_hint=logout_token(delivery, NOON)).status_code == 400


def test_a_hint_signed_with_the_clients_secret_is_known_again(flow: Flow) -> None:
    application_model().objects.filter(pk=flow.application.pk).update(
        algorithm="HS256", client_secret="s" * 64
    )
    flow.application.plain_secret = "s" * 64
    flow.application.idp_secrets.all().delete()
    hint = flow.tokens("openid")["id_token"]

    page = ask(flow, id_token_hint=hint, post_logout_redirect_uri=BYE)
    assert answer(flow, page)["Location"] == BYE
    flow.browser.force_login(flow.user, "django.contrib.auth.backends.ModelBackend")
    assert ask(flow, id_token_hint=_foreign(hint)).status_code == 400


def test_a_hint_with_a_pairwise_subject_is_known_again(flow: Flow) -> None:
    flow.application.idp_policy.subject_type = "pairwise"
    flow.application.idp_policy.save()
    hint = flow.tokens("openid")["id_token"]

    page = ask(flow, id_token_hint=hint, post_logout_redirect_uri=BYE)

    assert answer(flow, page)["Location"] == BYE


@defect(19)
@requirement("OpenID Connect RP-Initiated Logout §2", "The session at hand ends, and no other.")
def test_only_the_session_at_hand_ends_whoever_the_hint_speaks_of(flow: Flow) -> None:
    flow.tokens("openid")
    elsewhere = Flow(flow.application, flow.user)
    kept = elsewhere.tokens("openid")
    somebody = Flow(flow.application, make_user("grace"))
    hint = somebody.tokens("openid")["id_token"]

    answer(flow, ask(flow, id_token_hint=hint))

    assert not is_signed_in(flow)
    assert is_signed_in(elsewhere)
    assert is_signed_in(somebody)
    assert flow.browser.get("/o/userinfo/", **bearer(kept["access_token"])).status_code == 200
    assert Authorization.objects.filter(ended_at=None).count() == 2
    assert SignIn.objects.filter(ended_at=None).count() == 2


def test_who_is_not_signed_in_goes_straight_back(flow: Flow) -> None:
    hint = flow.tokens("openid")["id_token"]
    flow.browser.logout()

    response = ask(flow, id_token_hint=hint, post_logout_redirect_uri=BYE, state="s")
    assert response["Location"] == f"{BYE}&state=s"
    assert b"You are signed out" in ask(flow).content


@defect(24)
@requirement("OpenID Connect RP-Initiated Logout §2", "ui_locales is honoured.")
def test_the_pages_speak_the_language_that_was_asked_for(flow: Flow) -> None:
    page = ask(flow, ui_locales="xx de")
    assert "Abmelden" in page.content.decode()

    assert "abgemeldet" in answer(flow, page).content.decode()


@requirement("OpenID Connect Back-Channel Logout §2.1", "The metadata says that clients are told.")
def test_discovery_says_that_clients_are_told(client: Any) -> None:
    metadata = client.get("/o/.well-known/openid-configuration").json()

    assert metadata["backchannel_logout_supported"] is True
    assert metadata["backchannel_logout_session_supported"] is True
