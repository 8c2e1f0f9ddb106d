"""The pages in the other languages that the app ships: longer words, and right to left."""

from __future__ import annotations

import pytest

from tests.browser.look import Look, inspect_page, sign_in
from tests.browser.test_consent import authorize
from tests.factories import grant, make_api, make_application, make_policy, make_scope, make_user
from tests.thorough import share

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS = [
    Look(width=width, language=language)
    for turn, language in enumerate(("de", "ar"))
    for width in share((1280, 390), of=2, turn=turn)
]


@pytest.fixture(params=LOOKS, ids=str)
def look(request):
    return request.param


@pytest.fixture
def page(open_page, look):
    page = open_page(look)
    sign_in(page, make_user("ada"))
    return page


@pytest.fixture
def client():
    api = make_api("https://api.example.com/photos", "Photos")
    strict = make_policy("strict", sensitivity="sensitive", choose_duration=True)
    make_scope("photos:read", api=api, title="See your photos", description="All albums.")
    make_scope("photos:write", api=api, policy=strict, title="Change your photos")
    return make_application(
        "web", name="Photo Print", scopes=("openid", "photos:read"), optional=("photos:write",)
    )


def speaks(page, look):
    root = page.locator("html")
    assert root.get_attribute("lang") == look.language
    assert root.get_attribute("dir") == ("rtl" if look.language == "ar" else "ltr")


def test_the_consent_page_is_fine(page, look, client):
    page.goto(authorize(client, "openid photos:read photos:write"))
    button = {"de": "Erlauben", "ar": "سماح"}[look.language]

    assert page.get_by_role("button", name=button).is_visible()
    speaks(page, look)
    inspect_page(page, f"language-consent-{look}")


def test_the_list_of_apps_and_one_of_them_are_fine(page, look, client):
    from django.contrib.auth import get_user_model

    user = get_user_model().objects.get()
    grant(user, client, "openid", "photos:read")
    page.goto("/account/apps/")
    speaks(page, look)
    inspect_page(page, f"language-apps-{look}")
    page.get_by_role("link", name="Photo Print").first.click()
    inspect_page(page, f"language-app-{look}")


def test_an_error_is_told_in_the_language(page, look):
    page.goto("/o/authorize/?client_id=nobody&response_type=code")
    title = {"de": "Dieser Link funktioniert nicht", "ar": "هذا الرابط لا يعمل"}[look.language]

    assert page.get_by_role("heading", level=1).inner_text() == title
    inspect_page(page, f"language-error-{look}")


def test_the_sign_in_page_is_fine(open_page, look):
    page = open_page(look)
    page.goto("/account/login/")
    speaks(page, look)
    inspect_page(page, f"language-sign-in-{look}")
