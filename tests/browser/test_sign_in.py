import pytest
from django.contrib.auth import get_user_model

from tests.browser.look import DESKTOP, Look, axe, inspect_page, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "correct horse battery staple"


@pytest.fixture
def ada():
    return get_user_model().objects.create_user("ada", password=PASSWORD)


def fill(page, password):
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_the_page_is_fine_in_every_look(any_page, look):
    any_page.goto("/account/login/")

    inspect_page(any_page, f"sign-in-{look}")


@pytest.mark.parametrize("look", [DESKTOP, Look(javascript=False)], ids=str, indirect=False)
def test_the_right_password_leads_on(open_page, ada, look):
    page = open_page(look)
    page.goto("/account/login/?next=/healthz")

    fill(page, PASSWORD)

    page.wait_for_url("**/healthz")


def test_a_wrong_password_is_explained_beside_the_fields(open_page, ada, look):
    page = open_page(look)
    page.goto("/account/login/")

    fill(page, "wrong")

    assert page.locator("[aria-invalid=true]").count() == 2
    inspect_page(page, f"sign-in-failed-{look}")


def test_too_many_tries_are_answered_with_a_page_that_explains(page, ada):
    for _ in range(5):
        page.goto("/account/login/")
        fill(page, "wrong")

    page.get_by_role("heading", name="Too many tries").wait_for()
    axe(page)


def test_a_session_made_for_a_test_is_a_session(page, ada):
    sign_in(page, ada)

    page.goto("/account/login/?next=/healthz")

    assert page.url.endswith("/healthz")
