"""The page on which somebody chooses the account to go on with, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.callback import callback_server
from tests.browser.look import Look, inspect_page, sign_in
from tests.browser.test_consent import authorize
from tests.factories import PASSWORD, make_application, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("look", [Look(), Look(javascript=False)], ids=str, indirect=False)
def test_the_account_at_hand_goes_on_or_another_signs_in(open_page, look):
    ada = make_user("ada", first_name="Ada")
    make_user("grace")
    with callback_server() as origin:
        application = make_application(
            "web",
            name="Photo Print",
            environment="development",
            redirect_uris=f"{origin}/callback",
            scopes=("openid",),
        )
        page = open_page(look)
        sign_in(page, ada)
        start = authorize(application, "openid", prompt="select_account")

        page.goto(start)
        expect(page.get_by_role("heading", level=1)).to_have_text("Choose an account")
        inspect_page(page, f"select-account-{look}")
        page.get_by_role("button", name="Go on with this account").click()
        page.get_by_role("button", name="Allow").click()
        page.get_by_role("heading", name="Back at the client").wait_for()

        page.goto(start)
        page.get_by_role("link", name="Use another account").click()
        page.get_by_label("Username").fill("grace")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator("dd bdi").first).to_have_text("grace")
