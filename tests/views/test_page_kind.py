"""The nonce of a page answers its own kind of page, and no other."""

from __future__ import annotations

import pytest

from idp.models import AuthorizationRequest
from tests.factories import make_application, make_user
from tests.requirement import requirement
from tests.views.device_flow import DeviceFlow
from tests.views.flow import Flow, form_fields, location

pytestmark = pytest.mark.django_db

SELECT, DECIDE = "/o/authorize/select/", "/o/authorize/decide/"


@pytest.fixture
def flow() -> Flow:
    return Flow(make_application("web", scopes=("openid",)), make_user())


@requirement("RFC 6749 §10.12", "What a page posts counts at its own kind of page alone.")
def test_a_consent_page_chooses_no_account(flow: Flow) -> None:
    page = flow.start()
    (nonce,) = form_fields(page.content.decode())["nonce"]
    refused = flow.browser.post(SELECT, {"nonce": nonce})
    assert refused.status_code == 400
    assert AuthorizationRequest.objects.get().used_at is None
    assert "code" in location(flow.decide(page)), "and it goes on as it was"


@requirement("RFC 6749 §10.12", "What a page posts counts at its own kind of page alone.")
def test_a_devices_page_chooses_no_account_and_gives_no_code(flow: Flow) -> None:
    device = DeviceFlow(make_application("device", scopes=("openid",)), flow.user)
    page = device.type(device.codes()["user_code"])
    (nonce,) = form_fields(page.content.decode())["nonce"]
    for path in (SELECT, DECIDE):
        assert device.browser.post(path, {"nonce": nonce, "decision": "allow"}).status_code == 400
    assert AuthorizationRequest.objects.get().used_at is None
    assert device.decide(page).status_code == 200


@requirement("RFC 6749 §10.12", "What a page posts counts at its own kind of page alone.")
def test_the_choice_of_an_account_allows_nothing(flow: Flow) -> None:
    page = flow.start(prompt="select_account")
    fields = form_fields(page.content.decode())
    refused = flow.browser.post(DECIDE, {**fields, "decision": "allow"})
    assert refused.status_code == 400
    chosen = flow.browser.post(SELECT, fields)
    assert chosen["Location"].startswith("/o/authorize/resume/")
    again = flow.browser.post(SELECT, {"nonce": chosen["Location"].partition("request=")[2]})
    assert again.status_code == 400, "what follows the choice is no such page any more"
    assert "code" in location(flow.decide(flow.browser.get(chosen["Location"])))
