"""Every refusal of the authorization endpoint in its right place: a page, or the client's ears."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client as Browser
from django.utils import timezone

from idp.models import Authorization, AuthorizationRequest, ClientPolicy, SecurityEvent, SignIn
from idp.services.authorization_request import MOST_ANONYMOUS
from idp.services.client import disable_client
from idp.services.waiting_room import BATCH
from tests.factories import (
    PASSWORD,
    add_scope,
    grant,
    make_application,
    make_policy,
    make_scope,
    make_user,
)
from tests.requirement import defect, requirement
from tests.views.flow import AUTHORIZE, Flow, form_fields, location, query

pytestmark = pytest.mark.django_db

ISSUER = "http://127.0.0.1:8000/o"


@pytest.fixture
def flow() -> Flow:
    make_scope("photos:read", title="See your photos")
    application = make_application("web", scopes=("openid", "photos:read"))
    return Flow(application, make_user("ada"), Browser(raise_request_exception=True))


@pytest.fixture
def known(flow: Flow) -> Flow:
    """The same, with a consent that is remembered."""
    grant(flow.user, flow.application, "openid", "photos:read")
    return flow


def page_of(response: Any) -> str:
    """Return the text of an error page, which leads nowhere and which nobody keeps."""
    assert response.status_code == 400
    assert "Location" not in response
    assert response["Cache-Control"] == "no-store"
    text: str = response.content.decode()
    return text


def refused(response: Any, error: str) -> str:
    """Return the description of an error that the client is told, state and issuer with it."""
    answer = location(response)
    assert response["Location"].startswith("https://client.example.com/callback?")
    assert (answer["error"], answer["state"], answer["iss"]) == (error, "st-1", ISSUER)
    assert "code" not in answer
    assert response["Cache-Control"] == "no-store"
    assert not Authorization.objects.exists()
    return answer["error_description"]


def signed_in(flow: Flow, response: Any) -> Any:
    """Go to the sign-in page as a browser does, sign in, and follow the way back one step."""
    for _ in range(5):
        assert response.status_code == 302
        path = response["Location"]
        response = flow.browser.get(path)
        if response.status_code == 200:
            break
    following = query(path)["next"][0]
    fields = {"username": flow.user.username, "password": PASSWORD, "next": following}
    done = flow.browser.post("/account/login/", fields)
    assert done["Location"] == following
    return flow.browser.get(following)


# Pages: client or address is not proven


@defect(3)
@requirement(
    "RFC 6749 §3.1.2.4",
    "An unknown client or an invalid redirect URI is told on a page, never by a redirect.",
)
@requirement(
    "RFC 6749 §4.1.2.1",
    "Where client or redirect URI is missing or wrong, the browser is sent nowhere.",
)
@requirement("RFC 9700 §4.11", "The endpoint is no open redirector.")
@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"client_id": "unknown"}, "unknown_client"),
        ({"client_id": None}, "client_missing"),
        ({"client_id": "\x00"}, "malformed_parameter"),
        ({"client_id": ["a", "b"]}, "malformed_parameter"),
        ({"redirect_uri": "https://evil.example/"}, "redirect_uri_mismatch"),
        ({"redirect_uri": None}, "redirect_uri_missing"),
        ({"redirect_uri": "\x00"}, "malformed_parameter"),
    ],
)
def test_what_is_not_proven_is_told_on_a_page_whatever_else_is_wrong(
    flow: Flow, change: dict[str, Any], cause: str
) -> None:
    for more in (
        {},
        {"response_type": "token"},
        {"prompt": "none"},
        {"response_mode": "form_post"},
    ):
        html = page_of(flow.start(**{**more, **change}))
        event = SecurityEvent.objects.get(kind="authorization.refused")
        assert [reason["code"] for reason in event.reasons] == [cause]
        assert event.request_id in html
        assert "evil.example" not in html


def test_a_client_that_is_switched_off_is_told_on_a_page(flow: Flow) -> None:
    disable_client(flow.application, reason="test")
    assert "switched off" in page_of(flow.start())
    assert SecurityEvent.objects.filter(kind="authorization.refused").exists()


def test_a_client_that_is_switched_off_while_somebody_reads_the_page_gets_nothing(
    flow: Flow,
) -> None:
    page = flow.start()
    disable_client(flow.application, reason="test")
    page_of(flow.decide(page))
    assert not Authorization.objects.exists()


@defect(3)
def test_an_address_that_is_taken_away_while_somebody_reads_the_page_gets_nothing(
    flow: Flow,
) -> None:
    page = flow.start()
    flow.application.redirect_uris = "https://client.example.com/new"
    flow.application.save()
    page_of(flow.decide(page))
    page_of(flow.decide(page, "deny"))
    assert not Authorization.objects.exists()


# Redirects: the client is proven and hears what is wrong


@defect(12)
@defect(17)
@defect(21)
@defect(24)
@requirement(
    "RFC 6749 §4.1.2.1",
    "Errors come back by redirect with their code, description and state.",
)
@requirement("RFC 6749 §3.1.1", "A response type that is not offered is unsupported_response_type.")
@requirement(
    "OpenID Connect Core §3.1.2.6",
    "Request objects and registration are refused by their own error codes.",
)
@requirement("RFC 8707 §2", "An unknown or malformed resource is invalid_target.")
@requirement("RFC 9207 §2", "Errors name the issuer.")
@requirement("RFC 7636 §4.4.1", "A request without a good S256 challenge is an invalid_request.")
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"response_type": "code code"}, "unsupported_response_type"),
        ({"response_type": "nonsense"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_mode": "nonsense"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": "a" * 44}, "invalid_request"),
        ({"code_challenge": "a" * 42 + "="}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"max_age": "9" * 30}, "invalid_request"),
        ({"request": "e30.e30."}, "request_not_supported"),
        ({"request_uri": "https://client.example.com/r"}, "request_uri_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"claims": "nonsense"}, "invalid_request"),
        ({"resource": "https://unknown.example/"}, "invalid_target"),
        ({"resource": ["https://a.example/", "https://b.example/"]}, "invalid_target"),
        ({"resource": "not an address"}, "invalid_target"),
        ({"scope": "openid unknown"}, "invalid_scope"),
        ({"scope": "openid photos:write"}, "invalid_scope"),
        ({"scope": 'openid "'}, "invalid_scope"),
        ({"scope": "openid \\"}, "invalid_scope"),
        ({"scope": "openid  photos:read"}, "invalid_scope"),
        ({"id_token_hint": "e30.e30.e30"}, "invalid_request"),
        ({"nonce": "n" * 256}, "invalid_request"),
        ({"nonce": ["a", "b"]}, "invalid_request"),
        ({"code_challenge": ["a" * 43, "b" * 43]}, "invalid_request"),
        ({"scope": ["openid", "photos:read"]}, "invalid_request"),
    ],
)
def test_a_proven_client_is_told_what_is_wrong(
    flow: Flow, change: dict[str, Any], error: str
) -> None:
    if change.get("scope") == "openid photos:write":
        make_scope("photos:write")
    description = refused(flow.start(**change), error)
    assert re.fullmatch(r"[\x20-\x21\x23-\x5B\x5D-\x7E]+", description)
    assert SecurityEvent.objects.filter(kind="authorization.refused").count() == 1
    flow.browser.logout()
    assert location(flow.start(**change))["error"] in {error, "login_required"}


@defect(17)
def test_a_state_that_comes_twice_is_not_sent_back(flow: Flow) -> None:
    answer = location(flow.start(state=["a", "b"]))
    assert answer["error"] == "invalid_request"
    assert "state" not in answer


@requirement("RFC 6749 §3.3", "A scope that is unknown or not the client's is invalid_scope.")
@pytest.mark.parametrize(
    ("scope", "rule"),
    [("openid unknown", "no scope unknown"), ("openid photos:write", "photos:write")],
)
def test_a_refused_scope_is_named_with_its_rule(flow: Flow, scope: str, rule: str) -> None:
    make_scope("photos:write")
    assert rule in refused(flow.start(scope), "invalid_scope")
    event = SecurityEvent.objects.get(kind="authorization.refused")
    assert event.reasons[0]["code"] in {"unknown_scope", "not_registered"}
    assert event.reasons[0]["params"]["scope"] in scope
    assert event.client_id == flow.application.client_id


@requirement("RFC 6749 §4.1.2.1", "A client that may not use this grant is an unauthorized_client.")
def test_a_client_of_another_grant_type_is_told_so(flow: Flow) -> None:
    ClientPolicy.objects.filter(application=flow.application).update(
        grant_types=["client_credentials"]
    )
    refused(flow.start(), "unauthorized_client")


@requirement("RFC 6749 §4.1.2.1", "What the provider denies is access_denied.")
def test_a_user_who_may_not_give_a_scope_is_access_denied(flow: Flow) -> None:
    make_scope("staff:only", policy=make_policy(groups=["staff"]))
    add_scope(flow.application, "staff:only")
    description = refused(flow.start("staff:only"), "access_denied")
    assert "staff:only" in description


# prompt=none


@defect(7)
@requirement(
    "OpenID Connect Core §3.1.2.1",
    "prompt=none shows nothing: nobody signed in is login_required.",
)
def test_prompt_none_without_anybody_signed_in_is_login_required(flow: Flow) -> None:
    flow.browser.logout()
    refused(flow.start(prompt="none"), "login_required")


@defect(7)
@requirement("OpenID Connect Core §3.1.2.6", "prompt=none without consent is consent_required.")
def test_prompt_none_without_consent_is_consent_required(flow: Flow) -> None:
    refused(flow.start(prompt="none"), "consent_required")
    grant(flow.user, flow.application, "openid")
    assert "code" in location(flow.start("openid", prompt="none"))


@defect(7)
def test_prompt_none_with_too_little_consent_is_consent_required(flow: Flow) -> None:
    grant(flow.user, flow.application, "openid")
    refused(flow.start("openid photos:read", prompt="none"), "consent_required")


@defect(7)
@defect(12)
def test_prompt_none_with_an_old_sign_in_is_login_required(known: Flow) -> None:
    SignIn.objects.update(at=timezone.now() - timedelta(minutes=10))
    refused(known.start(prompt="none", max_age="60"), "login_required")
    assert "code" in location(known.start(prompt="none", max_age="900"))


@defect(9)
def test_prompt_none_for_a_user_who_may_not_sign_in_any_more_is_login_required(
    known: Flow,
) -> None:
    known.user.is_active = False
    known.user.save()
    refused(known.start(prompt="none"), "login_required")


# Other prompts


@defect(1)
@defect(12)
@requirement(
    "OpenID Connect Core §3.1.2.1",
    "prompt=consent asks before anything is given to the client.",
)
def test_prompt_consent_asks_again_in_spite_of_consent(known: Flow) -> None:
    page = known.start(prompt="consent")
    assert page.status_code == 200
    assert "code" in location(known.decide(page))


@defect(13)
@requirement("OpenID Connect Core §3.1.2.1", "prompt=login asks for another sign-in.")
def test_prompt_login_needs_another_sign_in(known: Flow) -> None:
    response = known.start(prompt="login")
    resume = query(response["Location"])["next"][0]
    again = known.browser.get(resume)
    assert again["Location"].startswith("/account/login/"), (
        "the old sign-in was taken for a new one"
    )
    assert "code" in location(signed_in(known, again))


@defect(13)
def test_prompt_login_is_not_satisfied_by_the_back_button(known: Flow) -> None:
    first = known.start(prompt="login")
    assert "code" in location(signed_in(known, first))
    assert known.start(prompt="login")["Location"].startswith("/account/login/")


def test_a_request_that_was_answered_is_not_answered_again(known: Flow) -> None:
    first = known.start(prompt="login")
    assert "code" in location(signed_in(known, first))
    page_of(known.browser.get(query(first["Location"])["next"][0]))
    assert Authorization.objects.count() == 1


@defect(13)
def test_prompt_login_in_two_tabs_is_satisfied_by_one_new_sign_in(known: Flow) -> None:
    one, two = known.start(prompt="login", state="one"), known.start(prompt="login", state="two")
    assert location(signed_in(known, one))["state"] == "one"
    other = known.browser.get(query(two["Location"])["next"][0])
    assert location(other)["state"] == "two"
    assert known.start(prompt="login")["Location"].startswith("/account/login/")


def test_prompt_login_belongs_to_the_browser_that_asked(known: Flow) -> None:
    response = known.start(prompt="login")
    stranger = Flow(known.application, known.user)
    page_of(stranger.browser.get(query(response["Location"])["next"][0]))


def links_of(page: Any) -> list[str]:
    """Return the addresses that a page links to."""
    return [html.unescape(href) for href in re.findall(r'href="([^"]*)"', page.content.decode())]


def chosen(flow: Flow, page: Any) -> Any:
    """Go on with the account that a selection page shows, one step."""
    assert page.status_code == 200, page
    done = flow.browser.post("/o/authorize/select/", form_fields(page.content.decode()))
    assert done.status_code == 302, done.content
    return flow.browser.get(done["Location"])


@defect(12)
@requirement(
    "OpenID Connect Core §3.1.2.1",
    "prompt=select_account lets the person choose an account.",
)
def test_prompt_select_account_shows_the_account_and_goes_on_with_it(known: Flow) -> None:
    page = known.start(prompt="select_account")
    assert "ada" in page.content.decode()
    assert "form-action 'self' https:" in page["Content-Security-Policy"]
    assert "code" in location(chosen(known, page))
    assert known.start(prompt="select_account").status_code == 200, "a choice holds for one request"


def test_prompt_select_account_lets_somebody_else_sign_in(known: Flow) -> None:
    page = known.start(prompt="select_account")
    known.user = make_user("grace")
    other = next(link for link in links_of(page) if "switch" in link)
    consent = signed_in(known, known.browser.get(other))
    assert consent.status_code == 200
    assert "grace" in consent.content.decode()


@requirement("OpenID Connect Core §3.1.2.1", "Prompts can be combined.")
def test_prompt_select_account_and_login_asks_for_both(known: Flow) -> None:
    response = chosen(known, known.start(prompt="select_account login"))
    assert response["Location"].startswith("/account/login/")
    assert "code" in location(signed_in(known, response))


def test_prompt_select_account_and_consent_asks_for_both(known: Flow) -> None:
    page = chosen(known, known.start(prompt="consent select_account"))
    assert "code" in location(known.decide(page))


def test_a_choice_of_account_is_bound_to_browser_user_and_one_use(known: Flow) -> None:
    fields = form_fields(known.start(prompt="select_account").content.decode())
    page_of(Flow(known.application, known.user).browser.post("/o/authorize/select/", fields))
    first = known.browser.post("/o/authorize/select/", fields)
    assert "code" in location(known.browser.get(first["Location"]))
    page_of(known.browser.post("/o/authorize/select/", fields))
    assert Authorization.objects.count() == 1


def test_a_choice_of_account_is_void_once_somebody_else_is_signed_in(known: Flow) -> None:
    fields = form_fields(known.start(prompt="select_account").content.decode())
    grace = make_user("grace")
    known.browser.force_login(grace, "django.contrib.auth.backends.ModelBackend")
    response = known.browser.post("/o/authorize/select/", fields)
    page = known.browser.get(response["Location"])
    assert "grace" in page.content.decode()


def test_prompt_login_without_anybody_signed_in_is_satisfied_by_the_first_sign_in(
    known: Flow,
) -> None:
    known.browser.logout()
    assert "code" in location(signed_in(known, known.start(prompt="login")))


def test_a_sign_in_page_that_sends_back_at_once_makes_no_circle(known: Flow) -> None:
    response = known.start(prompt="login")
    for _ in range(10):
        if not response["Location"].startswith("/account/login/"):
            break
        known.browser.force_login(known.user, "django.contrib.auth.backends.ModelBackend")
        SignIn.objects.update(at=timezone.now())
        response = known.browser.get(query(response["Location"])["next"][0])
    assert not response["Location"].startswith("/account/login/")


# max_age


@defect(1)
@defect(12)
@requirement(
    "OpenID Connect Core §3.1.2.1",
    "max_age asks for another sign-in once the present one is older.",
)
def test_max_age_wants_a_newer_sign_in(known: Flow) -> None:
    SignIn.objects.update(at=timezone.now() - timedelta(minutes=10))
    assert "code" in location(known.start(max_age="900"))
    response = known.start(max_age="60")
    assert response["Location"].startswith("/account/login/")
    assert "code" in location(signed_in(known, response))


@defect(12)
@requirement("OpenID Connect Core §3.1.2.1", "max_age=0 is the same as prompt=login.")
def test_max_age_zero_wants_a_new_sign_in_each_time(known: Flow) -> None:
    for _ in range(2):
        response = known.start(max_age="0")
        assert response["Location"].startswith("/account/login/")
        assert "code" in location(signed_in(known, response))


# id_token_hint


@defect(12)
@requirement(
    "OpenID Connect Core §3.1.2.1",
    "id_token_hint at the present user gives a positive answer.",
)
def test_a_hint_at_the_present_user_changes_nothing(known: Flow) -> None:
    hint = known.tokens("openid")["id_token"]
    assert "code" in location(known.start(id_token_hint=hint, prompt="none"))


@defect(12)
@requirement("OpenID Connect Core §3.1.2.1", "id_token_hint at somebody else is login_required.")
def test_a_hint_at_somebody_else_is_login_required(flow: Flow) -> None:
    other = Flow(flow.application, make_user("grace"))
    hint = other.tokens("openid")["id_token"]
    Authorization.objects.all().delete()
    for prompt in ("none", None):
        refused(flow.start(id_token_hint=hint, prompt=prompt), "login_required")


@requirement("OpenID Connect Core §3.1.2.2", "A hint is believed only if this provider issued it.")
def test_a_hint_that_was_changed_is_refused(flow: Flow) -> None:
    hint = flow.tokens("openid")["id_token"]
    Authorization.objects.all().delete()
    refused(flow.start(id_token_hint=hint[:-4] + "AAAA"), "invalid_request")


# form_post


def form_of(response: Any) -> tuple[str, dict[str, list[str]]]:
    """Return where the form of a response goes, and what it carries."""
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    html = response.content.decode()
    found = re.search(r'<form[^>]*action="([^"]*)"[^>]*id="idp-form-post"', html)
    assert found
    return found[1], form_fields(html[found.start() :])


@defect(12)
@requirement(
    "OAuth Form Post Response Mode §2",
    "A form posts the answer to the redirect URI, and nobody keeps the page.",
)
def test_a_code_is_posted_where_the_client_wants_it_so(known: Flow) -> None:
    action, fields = form_of(known.start(response_mode="form_post"))
    assert action == "https://client.example.com/callback"
    assert set(fields) == {"code", "state", "iss"}
    assert known.exchange(fields["code"][0]).status_code == 200


@requirement("OAuth Form Post Response Mode §2", "Errors come by the mode that was asked for.")
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"prompt": "none"}, "consent_required"),
        ({"scope": "unknown"}, "invalid_scope"),
        ({"code_challenge": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"request": "e30.e30."}, "request_not_supported"),
        ({"nonce": "n" * 256}, "invalid_request"),
    ],
)
def test_an_error_is_posted_as_well(flow: Flow, change: dict[str, Any], error: str) -> None:
    action, fields = form_of(flow.start(response_mode="form_post", **change))
    assert action == "https://client.example.com/callback"
    assert fields["error"] == [error]
    assert (fields["state"], fields["iss"]) == (["st-1"], [ISSUER])


def test_cancel_is_posted_as_well(flow: Flow) -> None:
    page = flow.start(response_mode="form_post")
    _action, fields = form_of(flow.decide(page, "deny"))
    assert fields["error"] == ["access_denied"]


@requirement("OAuth Form Post Response Mode §4", "What the form posts is escaped.")
def test_what_a_form_posts_is_escaped(flow: Flow) -> None:
    state = "\"><script>alert('1')</script>"
    response = flow.start(response_mode="form_post", prompt="none", state=state)
    assert b"<script>alert" not in response.content


# The page's own form


@defect(2)
@requirement("RFC 9700 §4.7", "A decision belongs to the request that was validated.")
def test_a_decision_can_rebind_nothing(flow: Flow) -> None:
    page = flow.start("openid")
    answer = location(
        flow.decide(
            page,
            client_id="other",
            redirect_uri="https://evil.example/",
            state="st-2",
            code_challenge="x" * 43,
            scope=["openid", "photos:read"],
        )
    )
    assert answer["state"] == "st-1"
    assert Authorization.objects.get().scopes == "openid"


@defect(2)
@pytest.mark.parametrize("change", [{"nonce": "x" * 43}, {"nonce": ""}, {"decision": "maybe"}])
def test_a_decision_that_belongs_to_no_page_is_a_page(flow: Flow, change: dict[str, str]) -> None:
    page = flow.start()
    decision = change.pop("decision", "allow")
    page_of(flow.decide(page, decision, **change))
    assert not Authorization.objects.exists()


@defect(2)
@requirement("RFC 6749 §10.12", "A decision is bound to the browser that was asked.")
def test_a_page_of_one_browser_is_not_answered_in_another(flow: Flow) -> None:
    page = flow.start()
    other = Flow(flow.application, flow.user)
    page_of(other.decide(page))


@defect(2)
def test_a_page_of_one_user_is_not_answered_by_another(flow: Flow) -> None:
    page = flow.start()
    flow.browser.force_login(make_user("grace"), "django.contrib.auth.backends.ModelBackend")
    response = flow.decide(page)
    assert urlsplit(response["Location"]).path == "/o/authorize/resume/"
    assert not Authorization.objects.exists()
    assert "grace" in flow.browser.get(response["Location"]).content.decode()


def test_a_page_expires(flow: Flow, clock: Any) -> None:
    page = flow.start()
    clock.shift(16 * 60)
    page_of(flow.decide(page))
    assert SecurityEvent.objects.filter(kind="authorization.expired").exists()
    assert not Authorization.objects.exists()


@requirement("RFC 9700 §4.11.2", "Sign-in leads nowhere but back to the provider.")
def test_the_way_to_the_sign_in_page_stays_on_the_site(flow: Flow) -> None:
    flow.browser.logout()
    response = flow.start()
    following = query(response["Location"])["next"][0]
    assert following.startswith(AUTHORIZE)
    assert parse_qs(urlsplit(following).query)["state"] == ["st-1"]


# Too many


def test_a_flood_of_people_who_never_sign_in_is_bounded_and_recorded(flow: Flow) -> None:
    now = timezone.now()
    waiting = [
        AuthorizationRequest(
            nonce_digest=f"{number}",
            application=flow.application,
            browser_digest="",
            parameters={},
            created_at=now,
            expires_at=now + timedelta(minutes=15),
        )
        for number in range(MOST_ANONYMOUS)
    ]
    AuthorizationRequest.objects.bulk_create(waiting, batch_size=1_000)
    flow.browser.logout()
    assert flow.start(prompt="login")["Location"].startswith("/account/login/")
    assert SecurityEvent.objects.filter(kind="authorization.too_many").exists()
    assert AuthorizationRequest.objects.count() == MOST_ANONYMOUS - BATCH + 1
    assert flow.start()["Location"].startswith("/account/login/"), "a plain request keeps nothing"
    assert AuthorizationRequest.objects.count() == MOST_ANONYMOUS - BATCH + 1
