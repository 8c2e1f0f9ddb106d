"""The pages on which a person lets a device in, as people see them."""

import pytest
from django.core.cache import cache
from django.test import Client

from tests.browser.look import inspect_page, sign_in
from tests.factories import make_application, make_policy, make_scope, make_user
from tests.views.device_flow import DeviceFlow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def flow():
    cache.clear()
    make_scope("photos:read", title="See your photos", description="All albums.")
    sensitive = make_policy(sensitivity="sensitive", optional=True)
    make_scope("photos:write", title="Add photos", policy=sensitive)
    application = make_application(
        "device",
        name="Living Room TV",
        scopes=("openid", "photos:read"),
        optional=("photos:write",),
    )
    return DeviceFlow(application, browser=Client())


def test_a_person_types_a_code_looks_and_allows(any_page, flow, look):
    page = any_page
    codes = flow.codes("openid photos:read photos:write")
    sign_in(page, make_user("ada"))

    page.goto("/o/device/")
    page.get_by_label("Code").fill("bbbb bbbb")
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("No device is waiting").wait_for()
    inspect_page(page, f"device-wrong-{look}")

    page.get_by_label("Code").fill(codes["user_code"].lower().replace("-", " "))
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("Did you start this yourself?").wait_for()
    assert page.get_by_text(codes["user_code"]).is_visible()
    inspect_page(page, f"device-ask-{look}")

    page.get_by_role("button", name="Allow").click()
    page.get_by_role("heading", name="You can go back to your device").wait_for()
    inspect_page(page, f"device-done-{look}")
    assert flow.poll(codes).status_code == 200


def test_a_link_waits_for_the_person_also_across_the_sign_in(page, flow):
    codes = flow.codes("openid photos:read")
    ada = make_user("ada")

    page.goto(codes["verification_uri_complete"].replace("http://testserver", ""))
    page.get_by_label("Username").fill(ada.username)
    page.get_by_label("Password").fill("correct horse battery staple")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Connect a device").wait_for()
    assert page.get_by_label("Code").input_value() == codes["user_code"]
    assert flow.poll(codes).json()["error"] == "authorization_pending"

    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("heading", name="The device was not connected").wait_for()
    inspect_page(page, "device-refused")
    assert flow.poll(codes).json()["error"] == "access_denied"
