"""A client is registered at the desk: its addresses are judged, its secret is shown once."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Error

from idp.conf import application_model
from idp.services.client_secret import check_client_secret
from tests.admin.conftest import page as address
from tests.browser.look import sign_in
from tests.factories import make_scope, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def operator(db: None) -> Any:
    """Who may do everything."""
    return make_user("operator", is_staff=True, is_superuser=True)


def test_a_web_app_is_registered_and_its_secret_copied_once(page: Any, operator: Any) -> None:
    make_scope("photos:read", title="See your photos")
    sign_in(page, operator)
    page.goto(address("client_add"))
    page.get_by_role("link", name="Web app").click()
    page.get_by_label("Name", exact=False).first.fill("Photo Print")
    uris = page.get_by_label("Redirect URIs")
    uris.fill("http://print.example.com/callback")
    page.get_by_role("button", name="Use it").first.click()
    page.locator(".desk-uri--fine").wait_for()
    assert uris.input_value() == "https://print.example.com/callback"
    page.get_by_label("May ask for photos:read").select_option("required")
    page.get_by_role("button", name="Register").click()
    secret = page.locator("#secret").inner_text()
    application = application_model().objects.get()
    assert check_client_secret(application, secret)
    page.get_by_role("link", name="to the client's page").click()
    assert secret not in page.content()
    # The answer to a form that was "no-store": the browser has nothing to show.
    with pytest.raises(Error, match="ERR_CACHE_MISS"):
        page.go_back()


def test_a_line_that_breaks_a_rule_stays_with_its_reason(page: Any, operator: Any) -> None:
    sign_in(page, operator)
    page.goto(f"{address('client_add')}?kind=web")
    page.get_by_label("Name", exact=False).first.fill("Photo Print")
    page.get_by_label("Redirect URIs").fill(
        "https://print.example.com/#x\nhttps://b.example.com/cb"
    )
    page.get_by_role("button", name="Register").click()
    page.get_by_text("1 line breaks a rule").wait_for()
    assert page.locator("#id_client_name").input_value() == "Photo Print"
    assert page.locator(".desk-uri--error").count() == 1
    assert not application_model().objects.exists()
