"""Connected apps: what people find there, and how they take access back."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from idp.models import Consent, ConsentEvent
from tests.browser.look import DESKTOP, Look, inspect_page, sign_in
from tests.factories import make_application, make_scope, make_user
from tests.views.flow import Flow, bearer, post

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PLAIN = Look(javascript=False)


@pytest.fixture
def ada():
    return make_user("ada")


@pytest.fixture
def flow(ada):
    """A client that ada allowed two permissions, one of which she may take back."""
    make_scope("photos:read", title="See your photos", description="All albums.")
    make_scope("photos:share", title="Share your photos")
    application = make_application(
        "web", name="Photo Print", scopes=("openid", "photos:read"), optional=("photos:share",)
    )
    return Flow(application, ada)


@pytest.fixture
def tokens(flow):
    return flow.tokens("openid photos:read photos:share")


def is_active(flow, token):
    pair = flow.application.client_id, flow.application.plain_secret
    fields = {"token": token, "client_id": pair[0], "client_secret": pair[1]}
    return post("/o/introspect/", fields).json()["active"]


def open_app(page):
    page.goto("/account/apps/")
    page.get_by_role("link", name="Photo Print").first.click()


def test_the_empty_list_says_what_would_appear(any_page, look, ada):
    sign_in(any_page, ada)
    any_page.goto("/account/apps/")

    inspect_page(any_page, f"apps-empty-{look}")
    expect(any_page.get_by_role("heading", level=1)).to_be_visible()


def test_the_list_names_the_app_and_what_it_may_do(any_page, look, ada, tokens):
    sign_in(any_page, ada)
    any_page.goto("/account/apps/")

    expect(any_page.get_by_text("Photo Print").first).to_be_visible()
    expect(any_page.get_by_text("See your photos").first).to_be_visible()
    inspect_page(any_page, f"apps-{look}")


def test_an_app_shows_permissions_sessions_and_history(any_page, look, ada, tokens):
    sign_in(any_page, ada)
    open_app(any_page)

    expect(any_page.get_by_text("See your photos").first).to_be_visible()
    expect(any_page.get_by_text("Access was allowed", exact=True)).to_be_visible()
    inspect_page(any_page, f"app-{look}")


def test_the_history_shows_the_page_as_it_was(any_page, look, ada, flow):
    page = any_page
    sign_in(page, ada)
    flow.tokens("openid photos:read")
    open_app(page)
    page.get_by_role("link", name="See the page as it was shown").click()

    expect(page.get_by_text("See your photos").first).to_be_visible()
    expect(page.get_by_role("button", name="Allow")).to_have_count(0)
    inspect_page(page, f"app-record-{look}")


@pytest.mark.parametrize("chosen", [DESKTOP, PLAIN], ids=str)
def test_removing_access_ends_every_token_at_once(open_page, ada, flow, tokens, chosen):
    page = open_page(chosen)
    sign_in(page, ada)
    open_app(page)
    page.get_by_role("link", name="Remove access").click()
    inspect_page(page, f"app-remove-{chosen}")
    assert is_active(flow, tokens["access_token"])
    page.get_by_role("button", name="Remove access").click()
    page.wait_for_url("**/account/apps/")

    assert not is_active(flow, tokens["access_token"])
    assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert Consent.objects.get().status == "revoked"
    assert list(ConsentEvent.objects.values_list("kind", flat=True)) == ["granted", "revoked"]


@pytest.mark.parametrize("chosen", [DESKTOP, PLAIN], ids=str)
def test_taking_back_one_permission_narrows_the_next_refresh(open_page, ada, flow, tokens, chosen):
    page = open_page(chosen)
    sign_in(page, ada)
    open_app(page)
    page.get_by_role("link", name="Take back").click()
    inspect_page(page, f"permission-remove-{chosen}")
    page.get_by_role("button", name="Take back").or_(
        page.get_by_role("button", name="Take it back")
    ).click()
    page.wait_for_load_state()

    assert flow.refresh(tokens["refresh_token"]).json()["scope"] == "openid photos:read"
    assert ConsentEvent.objects.latest("sequence").kind == "narrowed"


def test_the_history_and_its_receipts_can_be_downloaded(page, ada, tokens):
    sign_in(page, ada)
    open_app(page)
    with page.expect_download() as history:
        page.get_by_role("link", name="Download history").click()
    with page.expect_download() as receipts:
        page.get_by_role("link", name="Download signed receipts").click()

    events = json.loads(history.value.path().read_text())
    assert "granted" in json.dumps(events)
    assert receipts.value.path().read_text().strip()


def test_the_app_of_somebody_else_does_not_exist(page, tokens):
    sign_in(page, make_user("grace"))

    answer = page.goto(f"/account/apps/{Consent.objects.get().public_id}/")

    assert answer.status == 404


def test_an_access_token_stops_working_where_it_is_used(page, ada, tokens, client):
    assert client.get("/o/userinfo/", **bearer(tokens["access_token"])).status_code == 200
    sign_in(page, ada)
    open_app(page)
    page.get_by_role("link", name="Remove access").click()
    page.get_by_role("button", name="Remove access").click()
    page.wait_for_url("**/account/apps/")

    assert client.get("/o/userinfo/", **bearer(tokens["access_token"])).status_code == 401
