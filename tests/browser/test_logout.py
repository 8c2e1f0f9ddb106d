"""A client's logo on the consent page, and the page that signs its user out again."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from idp.services.logo import fetch_logo
from project.api.picture import draw
from tests.browser.conftest import OpenPage
from tests.browser.look import DESKTOP, inspect_page, sign_in
from tests.factories import make_application, make_scope, make_user
from tests.services.test_logo import HEAD, pictures
from tests.views.flow import Flow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOADED = "() => document.querySelector('.idp-ask img').naturalWidth > 0"


def test_a_logo_is_shown_and_the_sign_out_names_who_is_told(
    open_page: OpenPage, settings: Any
) -> None:
    ada = make_user("ada")
    make_scope("photos:read", title="See your photos", description="All albums.")
    with pictures(settings, HEAD + draw("Quiet harbour")) as (uri, _requests):
        application = make_application(
            name="Photo Print",
            scopes=("openid", "photos:read"),
            verified=True,
            logo_uri=uri,
            backchannel_logout_uri="https://print.example.com/signed-out",
        )
        fetch_logo(application, by="test", now=timezone.now())
    page = open_page()
    sign_in(page, ada)
    flow = Flow(application)

    page.goto(f"/o/authorize/?{urlencode(flow.parameters('openid photos:read'))}")
    expect(page.locator(".idp-ask img.idp-mark")).to_be_visible()
    assert page.evaluate(LOADED)
    inspect_page(page, f"consent-logo-{DESKTOP}")

    session = page.context.cookies()
    flow.browser.cookies.load({cookie["name"]: cookie["value"] for cookie in session})
    flow.tokens("openid photos:read")
    page.goto(f"/o/logout/?{urlencode({'client_id': application.client_id})}")
    expect(page.get_by_text("These apps learn of it")).to_be_visible()
    expect(page.get_by_role("list", name="These apps learn of it")).to_contain_text("Photo Print")
    inspect_page(page, f"sign-out-{DESKTOP}")
    page.locator("main").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    inspect_page(page, f"signed-out-{DESKTOP}")
