"""An operator tries a client out and takes it to production; an owner looks after theirs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from idp.conf import application_model
from idp.models import Authorization, ClientPolicy, SecurityEvent
from idp.services.client_owner import set_owners
from idp.services.client_secret import check_client_secret
from tests.admin.conftest import make_house
from tests.admin.conftest import page as address
from tests.browser.look import Look, fits, inspect_desk, sign_in
from tests.factories import add_scope, make_application, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

GOOD = "https://print.example.com/callback"


@pytest.fixture
def house(db: None) -> SimpleNamespace:
    """One of everything, with a client in development."""
    found = make_house()
    add_scope(found.application, "openid")
    add_scope(found.application, "email", requirement="optional")
    found.berta = make_user("berta", email="berta@example.com", first_name="Berta")
    found.sandbox = make_application(
        "web", name="Photo Book", environment="development", scopes=("photos:read",),
        redirect_uris=(GOOD, "http://127.0.0.1:8000/callback"),
    )  # fmt: skip
    found.owner = make_user("olga", is_staff=True)
    set_owners(found.application, users=[found.owner], groups=[])
    return found


@pytest.fixture
def operator(db: None) -> Any:
    """Who may do everything."""
    return make_user("operator", is_staff=True, is_superuser=True)


def test_on_a_phone_a_row_is_a_card_that_names_its_columns(
    open_page: Any, operator: Any, house: SimpleNamespace
) -> None:
    page = open_page(Look(width=390))
    sign_in(page, operator)
    page.goto(address("client_changelist"))
    row = page.get_by_role("row").filter(has_text="Photo Print")
    cell = row.locator("[data-label=Status]")
    assert cell.inner_text() == "Active"
    assert cell.evaluate("cell => getComputedStyle(cell, '::before').content") == '"Status"'
    fits(page)


def test_filters_are_folded_until_one_is_chosen(
    open_page: Any, operator: Any, house: SimpleNamespace
) -> None:
    page = open_page()
    sign_in(page, operator)
    page.goto(address("client_changelist"))
    wanted = page.get_by_role("link", name="Disabled")
    assert not wanted.is_visible()
    page.get_by_text("Filter", exact=True).first.click()
    wanted.click()
    page.get_by_role("link", name="Clear all filters").click()
    page.get_by_role("link", name="Photo Print").wait_for()
    assert not wanted.is_visible()


def test_a_client_is_tried_out_by_keyboard_and_nothing_is_left(
    open_page: Any, operator: Any, house: SimpleNamespace
) -> None:
    page = open_page()
    sign_in(page, operator)
    page.goto(address("client_overview", house.application.pk))
    page.get_by_role("link", name="Try it").click()
    inspect_desk(page, "desk-try")
    page.get_by_label("User").fill("berta")
    page.get_by_label("Scopes").fill("openid email photos:read")
    page.get_by_label("Scopes").press("Enter")
    page.get_by_text("The client gets its tokens.").wait_for()
    page.get_by_role("heading", name="The page that the user would see").wait_for()
    assert page.get_by_text("See your photos").first.is_visible()
    inspect_desk(page, "desk-tried")
    assert Authorization.objects.filter(user=house.berta).count() == 0
    assert SecurityEvent.objects.get(kind="client.tried").detail["as"] == "berta"
    page.get_by_label("Scopes").fill("photos:write")
    page.get_by_role("button", name="Try it").click()
    page.get_by_text("The client gets nothing.").wait_for()
    inspect_desk(page, "desk-tried-refused")


def test_a_client_goes_to_production_after_its_difference_was_seen(
    open_page: Any, operator: Any, house: SimpleNamespace
) -> None:
    page = open_page()
    sign_in(page, operator)
    page.goto(address("client_overview", house.sandbox.pk))
    page.get_by_role("link", name="Take to production").click()
    behind = page.get_by_role("region", name="What stays behind")
    assert behind.get_by_text("http://127.0.0.1:8000/callback").is_visible()
    inspect_desk(page, "desk-clone")
    page.get_by_role("button", name="Register for production").click()
    secret = page.locator("#secret").inner_text()
    made = application_model().objects.get(
        name="Photo Book", idp_policy__environment=ClientPolicy.Environment.PRODUCTION
    )
    assert made.redirect_uris.split() == [GOOD]
    assert check_client_secret(made, secret)


def test_an_owner_looks_after_the_one_client_that_is_theirs(
    open_page: Any, operator: Any, house: SimpleNamespace
) -> None:
    page = open_page()
    sign_in(page, operator)
    page.goto(address("client_owners", house.application.pk))
    inspect_desk(page, "desk-owners")
    page = open_page()
    sign_in(page, house.owner)
    page.goto("/admin/")
    inspect_desk(page, "desk-owner-start")
    page.get_by_role("link", name="Applications").first.click()
    inspect_desk(page, "desk-owner-list")
    assert page.get_by_text("Photo Book").count() == 0
    page.get_by_role("link", name="Photo Print").click()
    inspect_desk(page, "desk-owner-overview")
    page.get_by_role("link", name="Settings").click()
    inspect_desk(page, "desk-owner-settings")
    assert page.get_by_label("Environment").is_disabled()
    page.get_by_label("Name", exact=False).first.fill("Prints")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    house.application.refresh_from_db()
    assert house.application.name == "Prints"
