"""The consent page as people meet it, with every way in which it can end."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from idp.models import Authorization, AuthorizationRequest, Consent, ConsentEvent, ScopePolicy
from idp.services.catalogue import bump_catalogue
from tests.browser.callback import callback_server
from tests.browser.look import DESKTOP, Look, inspect_page, sign_in
from tests.factories import (
    PASSWORD,
    make_api,
    make_application,
    make_policy,
    make_scope,
    make_user,
)
from tests.views.flow import CHALLENGE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PLAIN = Look(javascript=False)


@pytest.fixture
def callback():
    with callback_server() as origin:
        yield origin


@pytest.fixture
def ada():
    return make_user("ada")


@pytest.fixture
def catalogue():
    sensitive = make_policy("sensitive", sensitivity="sensitive", choose_duration=True)
    staff = make_policy("staff", groups=["staff"])
    calendar = make_api("https://api.example.com/calendar", "Calendar")
    make_scope("photos:read", title="See your photos", description="All albums.")
    writing = make_scope(
        "photos:write",
        implies=("photos:read",),
        title="Change your photos",
        description="What is deleted cannot be brought back.",
    )
    writing.policy = sensitive
    writing.save()
    make_scope("calendar:admin", api=calendar, policy=staff, title="Manage every calendar")
    bump_catalogue()


@pytest.fixture
def client(callback, catalogue):
    return make_application(
        "web",
        name="Photo Print",
        environment="development",
        redirect_uris=f"{callback}/callback",
        scopes=("openid", "photos:read"),
        optional=("photos:write", "calendar:admin"),
        client_uri="https://print.example.com",
    )


def authorize(application, scope="openid photos:read photos:write calendar:admin", **changes):
    values = {
        "response_type": "code",
        "client_id": application.client_id,
        "redirect_uri": application.redirect_uris.split()[0],
        "scope": scope,
        "state": "st-1",
        "nonce": "n-1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    return f"/o/authorize/?{urlencode(values)}"


def answer(page):
    page.get_by_role("heading", name="Back at the client").wait_for()
    return dict(parse_qsl(urlsplit(page.url).query))


def allow(page):
    page.get_by_role("button", name="Allow").click()


def test_the_page_says_who_what_and_for_how_long_in_every_look(any_page, look, client, ada):
    sign_in(any_page, ada)
    any_page.goto(authorize(client))

    expect(any_page.get_by_role("heading", level=1)).to_contain_text("Photo Print")
    expect(any_page.get_by_text("Change your photos")).to_be_visible()
    expect(any_page.get_by_text("Manage every calendar", exact=True)).to_be_visible()
    expect(any_page.get_by_text("calendar:admin")).to_have_count(0)
    inspect_page(any_page, f"consent-{look}")


def test_the_page_stands_in_a_language_that_runs_from_right_to_left(open_page, client, ada):
    page = open_page(Look(width=390, language="ar"))
    sign_in(page, ada)
    page.goto(authorize(client))

    assert page.locator("html").get_attribute("dir") == "rtl"
    inspect_page(page, "consent-390-ar")


@pytest.mark.parametrize("chosen", [DESKTOP, PLAIN], ids=str)
def test_allow_returns_with_code_state_and_issuer(open_page, client, ada, site, chosen):
    page = open_page(chosen)
    sign_in(page, ada)
    page.goto(authorize(client))
    allow(page)

    told = answer(page)
    assert told["state"] == "st-1"
    assert told["iss"] == f"{site}/o"
    assert told["code"].startswith("idpc_")
    assert ConsentEvent.objects.get().kind == "granted"


@pytest.mark.parametrize("chosen", [DESKTOP, PLAIN], ids=str)
def test_cancel_returns_access_denied_and_is_recorded(open_page, client, ada, chosen):
    page = open_page(chosen)
    sign_in(page, ada)
    page.goto(authorize(client))
    page.get_by_role("button", name="Cancel").click()

    assert answer(page)["error"] == "access_denied"
    assert ConsentEvent.objects.get().kind == "declined"
    assert not Authorization.objects.exists()


def test_a_switch_that_is_off_is_not_granted(page, client, ada):
    sign_in(page, ada)
    page.goto(authorize(client, "openid photos:read photos:write"))
    page.locator("input[name=scope][value='photos:write']").uncheck(force=True)
    allow(page)
    answer(page)

    assert Authorization.objects.get().scopes == "openid photos:read"


def test_this_time_only_gives_no_refresh_token(page, client, ada):
    sign_in(page, ada)
    page.goto(authorize(client, "openid photos:write"))
    page.locator("input[name=duration][value=once]").check(force=True)
    allow(page)
    answer(page)

    assert Authorization.objects.get().refreshable is False
    assert Consent.objects.get().expires_at is not None


def test_what_this_account_may_not_give_is_shown_and_not_granted(page, client, ada):
    sign_in(page, ada)
    page.goto(authorize(client))
    allow(page)
    answer(page)

    assert "calendar:admin" not in Authorization.objects.get().scopes


def test_two_tabs_with_two_clients_end_well(open_page, client, callback, ada):
    first = open_page()
    sign_in(first, ada)
    other = make_application(
        "web",
        environment="development",
        redirect_uris=f"{callback}/other",
        scopes=("openid",),
    )
    second = first.context.new_page()
    first.goto(authorize(client, "openid"))
    second.goto(authorize(other, "openid"))
    allow(first)
    allow(second)

    assert answer(first)["code"] != answer(second)["code"]
    assert Authorization.objects.count() == 2


def test_two_clicks_give_one_authorization(open_page, client, ada):
    page = open_page(PLAIN)
    sign_in(page, ada)
    page.goto(authorize(client, "openid"))
    page.get_by_role("button", name="Allow").dblclick(no_wait_after=True)

    assert "code" in answer(page)
    assert Authorization.objects.count() == 1


def test_going_back_and_deciding_again_works(page, client, ada):
    sign_in(page, ada)
    page.goto(authorize(client, "openid"))
    allow(page)
    answer(page)
    page.go_back()
    page.get_by_role("button", name="Allow").wait_for()
    allow(page)

    page.wait_for_load_state()
    assert Authorization.objects.count() in {1, 2}
    assert "500" not in page.title()


def test_reload_shows_the_page_again(page, client, ada):
    sign_in(page, ada)
    page.goto(authorize(client, "openid"))
    page.reload()
    allow(page)

    assert "code" in answer(page)


def test_signing_out_elsewhere_asks_for_sign_in_and_shows_the_page_again(page, client, ada):
    sign_in(page, ada)
    page.goto(authorize(client, "openid"))
    page.context.clear_cookies(name="__Host-session")
    page.context.clear_cookies(name="sessionid")
    allow(page)
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    allow(page)

    assert "code" in answer(page)


def test_a_page_that_expired_says_so_and_grants_nothing(page, client, ada):
    sign_in(page, ada)
    page.goto(authorize(client, "openid"))
    AuthorizationRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    allow(page)

    page.get_by_role("heading", name="This page has expired").wait_for()
    inspect_page(page, "consent-expired")
    assert not Authorization.objects.exists()


def test_a_policy_that_changed_meanwhile_is_shown_before_anything_is_granted(page, client, ada):
    sign_in(page, ada)
    page.goto(authorize(client, "openid photos:write"))
    ScopePolicy.objects.filter(name="sensitive").update(sensitivity="restricted", revision=2)
    bump_catalogue()
    allow(page)

    page.get_by_text("has changed").wait_for()
    assert not Authorization.objects.exists()
    allow(page)
    assert "code" in answer(page)


def test_a_callback_that_leads_on_to_a_third_origin_is_not_stopped(page, callback, catalogue, ada):
    application = make_application(
        "web",
        environment="development",
        redirect_uris=f"{callback}/onward",
        scopes=("openid",),
    )
    sign_in(page, ada)
    page.goto(authorize(application, "openid"))
    allow(page)

    assert "code" in answer(page)
    assert page.url.startswith("http://localhost:")


def test_an_app_on_an_ipv6_loopback_address_gets_its_answer(page, catalogue, ada):
    with callback_server("::1") as origin:
        application = make_application(
            "native", redirect_uris="http://[::1]/callback", scopes=("openid",)
        )
        sign_in(page, ada)
        page.goto(authorize(application, "openid", redirect_uri=f"{origin}/callback"))
        allow(page)

        assert "code" in answer(page)


def test_sign_in_leads_straight_through_a_remembered_consent(open_page, catalogue, ada):
    application = make_application("web", scopes=("openid",))
    theirs = "https://client.example.com/**"
    page = open_page()
    sign_in(page, ada)
    page.goto(authorize(application, "openid"))
    with page.expect_request(theirs):
        allow(page)
    page = open_page()
    page.goto(authorize(application, "openid"))
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    with page.expect_request(theirs) as answer:
        page.get_by_role("button", name="Sign in").click()

    assert "code=" in answer.value.url


def test_a_form_post_answer_is_sent_by_itself_and_by_a_button_without_scripts(
    open_page, client, ada
):
    for chosen in (DESKTOP, PLAIN):
        page = open_page(chosen)
        sign_in(page, ada)
        page.goto(authorize(client, "openid", response_mode="form_post"))
        with page.expect_request(lambda r: r.method == "POST" and "/callback" in r.url) as sent:
            allow(page)
            if not chosen.javascript:
                inspect_page(page, "form-post")
                page.get_by_role("button", name="Continue").click()
        assert "code=idpc_" in (sent.value.post_data or "")


def test_an_unknown_client_gets_a_page_with_a_reference(any_page, look):
    any_page.goto("/o/authorize/?client_id=nobody&response_type=code")

    expect(any_page.get_by_text("is not registered with this site").first).to_be_visible()
    inspect_page(any_page, f"error-{look}")
