"""An operator's day, through real clicks; and what the clients out there notice of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from idp.admin import client_action, take_back
from idp.conf import application_model
from idp.models import BulkTask, ClientPolicy, ClientScope, ClientSecret, ScopePolicy, SigningKey
from idp.services.key import ANNOUNCEMENT, promote_keys, signing_key
from tests.admin.conftest import page as address
from tests.browser.look import Look, inspect_desk, sign_in
from tests.factories import add_scope, make_application, make_policy, make_scope, make_user
from tests.views.flow import TOKEN, Flow, basic, bearer, post

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KINDS = {
    "Web app": "https://print.example.com/callback",
    "Single-page app": "https://spa.example.com/callback",
    "Mobile or desktop app": "http://127.0.0.1/callback",
    "Service without a user": "",
    "TV or device": "",
    "AI agent (MCP)": "http://127.0.0.1/callback",
}


@pytest.fixture
def desk(open_page: Any) -> Page:
    """The operator's window at the start page."""
    return opened(open_page, Look())


@pytest.fixture
def shop() -> SimpleNamespace:
    """A client with a user, and what it may ask for."""
    policy = make_policy("sensitive", sensitivity="sensitive")
    make_scope("photos:read", policy=policy, title="See your photos")
    application = make_application(
        "web", name="Photo Print", client_id="photo-print", scopes=("openid", "photos:read")
    )
    flow = Flow(application, make_user("anna"))
    return SimpleNamespace(policy=policy, application=application, flow=flow)


def opened(open_page: Any, look: Look) -> Page:
    operator = make_user("operator", is_staff=True, is_superuser=True)
    page: Page = open_page(look)
    sign_in(page, operator)
    page.goto("/admin/idp/")
    return page


def answers(client: Any, token: str) -> int:
    """Return with which status the API of the user answers a token."""
    return int(client.get("/o/userinfo/", **bearer(token)).status_code)


def confirm(page: Page, button: str, reason: str) -> None:
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name=button, exact=True).click()


def test_each_kind_of_client_is_registered_and_a_service_is_used_at_once(desk: Page) -> None:
    make_scope("photos:read", title="See your photos")
    for kind, uri in KINDS.items():
        desk.goto(address("client_add"))
        desk.get_by_role("link", name=kind).click()
        desk.get_by_label("Name", exact=False).first.fill(f"My {kind}")
        uris = desk.get_by_label("Redirect URIs")
        expect(uris).to_have_count(1 if uri else 0)
        if uri:
            uris.fill(uri)
        desk.get_by_label("May ask for photos:read").select_option("required")
        desk.get_by_role("button", name="Register").click()
        made = application_model().objects.get(name=f"My {kind}")
        shown = desk.locator("#secret")
        expect(shown).to_have_count(int(made.client_type == "confidential"))
        if kind == "Service without a user":
            asked = {"grant_type": "client_credentials", "scope": "photos:read"}
            answer = post(TOKEN, asked, **basic(made, shown.inner_text()))
            assert answer.json()["scope"] == "photos:read"
    assert ClientPolicy.objects.values("kind").distinct().count() == len(KINDS)


@contextmanager
def under_load(site: str, service: Any, asked: dict[str, str]) -> Iterator[list[int]]:
    """Let a service ask for tokens again and again meanwhile; yield the answers' status codes."""
    answers: list[int] = []
    stop = threading.Event()
    header = {"Authorization": basic(service)["HTTP_AUTHORIZATION"]}
    body = urlencode(asked).encode()
    request = Request(f"{site}{TOKEN}", body, header)  # noqa: S310 - the site of the test

    def ask() -> None:
        while not stop.wait(0.02):
            try:
                with urlopen(request, timeout=10) as answer:  # noqa: S310 - the site of the test
                    answers.append(answer.status)
            except HTTPError as error:
                answers.append(error.code)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield answers
    finally:
        stop.set()
        thread.join()


def test_a_secret_is_rotated_while_the_service_goes_on_with_the_old_one(
    desk: Page, site: str
) -> None:
    service = make_application("service", name="Backup", scopes=("photos:read",))
    asked = {"grant_type": "client_credentials", "scope": "photos:read"}
    desk.goto(address("client_overview", service.pk))
    desk.get_by_role("link", name="Secrets").click()
    form = desk.get_by_role("form", name="Rotate")
    form.get_by_label("Label").fill("autumn")
    form.get_by_label("Reason").fill("somebody left")
    with under_load(site, service, asked) as answers:
        form.get_by_role("button", name="Rotate").click()
        new = desk.locator("#secret").inner_text()
        seen = len(answers)
        while len(answers) < seen + 10:
            desk.wait_for_timeout(20)
    assert set(answers) == {200}, "nothing that runs was broken"
    inspect_desk(desk, "desk-client_secret_shown")
    assert post(TOKEN, asked, **basic(service)).status_code == 200
    assert post(TOKEN, asked, **basic(service, new)).status_code == 200
    desk.reload()
    expect(desk.get_by_text(new)).to_have_count(0)
    ClientSecret.objects.exclude(label="autumn").update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )
    assert post(TOKEN, asked, **basic(service)).status_code == 401
    assert post(TOKEN, asked, **basic(service, new)).status_code == 200


def reach(page: Page, target: Locator) -> None:
    """Skip what leads the page, and press the tabulator until the focus is on an element."""
    target.wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    for _press in range(80):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError("the keyboard does not get there")


def test_a_leaked_token_is_found_and_ended_by_keyboard_alone(
    desk: Page, shop: SimpleNamespace, client: Any
) -> None:
    tokens = shop.flow.tokens("openid photos:read")
    assert answers(client, tokens["access_token"]) == 200
    for target, words in (
        (desk.get_by_role("link", name="Find a token"), ""),
        (desk.get_by_label("Token or code"), tokens["access_token"]),
        (desk.locator(".desk-facts a[href*='/authorization/']").first, ""),
        (desk.get_by_role("link", name="End …"), ""),
        (desk.get_by_label("Reason"), "found in a repository"),
    ):
        reach(desk, target)
        desk.keyboard.type(words)
        if target.evaluate("element => element.tagName") == "TEXTAREA":
            desk.keyboard.press("Tab")
        desk.keyboard.press("Enter")
    desk.get_by_text("1 authorization ended.").wait_for()
    assert answers(client, tokens["access_token"]) == 401
    assert shop.flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_request_is_approved_from_the_start_page_with_a_reason_and_an_end(
    desk: Page, shop: SimpleNamespace
) -> None:
    make_scope("payments:read", policy=make_policy("restricted", clients="approved"))
    add_scope(
        shop.application, "payments:read", state="requested", requested_by="berta",
        requested_at=timezone.now(), justification="We refund.",
    )  # fmt: skip
    desk.reload()
    desk.get_by_role("link", name="Decide").click()
    desk.get_by_role("link", name="payments:read").click()
    desk.get_by_role("link", name="Approve or refuse").click()
    desk.get_by_label("Approve").check()
    desk.get_by_label("Reason").fill("Until the audit.")
    day = timezone.now() + timedelta(days=30)
    desk.locator("input[type=date]").fill(f"{day:%Y-%m-%d}")
    desk.locator("input[type=time]").fill("12:00")
    desk.get_by_role("button", name="Save the decision").click()
    desk.get_by_text("Decided:").wait_for()
    row = ClientScope.objects.get(scope__name="payments:read")
    assert (row.state, row.decision_reason) == ("approved", "Until the audit.")
    assert row.until.date() == day.date()
    assert "payments:read" in shop.flow.tokens("openid payments:read")["scope"]


def test_tightening_a_policy_shows_who_is_affected_before_it_is_saved(
    desk: Page, shop: SimpleNamespace
) -> None:
    tokens = shop.flow.tokens("openid photos:read")
    make_user(groups=("staff",))
    desk.goto(address("idp_scopepolicy_change", shop.policy.pk))
    desk.get_by_label("staff").check()
    desk.get_by_role("button", name="Save", exact=True).click()
    desk.get_by_text("anna → Photo Print").wait_for()
    inspect_desk(desk, "desk-impact")
    assert ScopePolicy.objects.get(pk=shop.policy.pk).groups is None
    desk.get_by_role("button", name="Save", exact=True).click()
    desk.get_by_text("was changed successfully").wait_for()
    assert ScopePolicy.objects.get(pk=shop.policy.pk).groups == ["staff"]
    assert "photos:read" not in shop.flow.refresh(tokens["refresh_token"]).json().get("scope", "")


def test_a_misbehaving_client_is_disabled_on_a_phone_and_enabled_again(
    open_page: Any, shop: SimpleNamespace, client: Any
) -> None:
    page = opened(open_page, Look(width=390, javascript=False))
    token = shop.flow.tokens("openid")["access_token"]
    page.goto(address("client_overview", shop.application.pk))
    page.get_by_role("link", name="Disable …").click()
    confirm(page, "Disable", "sends garbage")
    page.get_by_text("The client is disabled.").wait_for()
    assert ClientPolicy.objects.get().status_reason == "sends garbage"
    assert answers(client, token) == 401
    page.locator(".messagelist").get_by_role("link", name="Enable it again").click()
    confirm(page, "Enable", "mended")
    page.get_by_text("The client is enabled.").wait_for()
    assert answers(client, token) == 200


def test_an_auditor_learns_who_had_access_and_sees_the_page_as_it_was(
    desk: Page, shop: SimpleNamespace
) -> None:
    shop.flow.tokens("openid photos:read")
    desk.goto(address("idp_consentevent_who"))
    desk.get_by_label("Day").fill(f"{timezone.now():%Y-%m-%d}")
    desk.get_by_label("Client id").fill("photo-print")
    desk.get_by_role("button", name="Show").click()
    row = desk.get_by_role("row").filter(has_text="anna")
    expect(row).to_contain_text("photos:read")
    desk.goto(address("idp_consentevent_changelist"))
    with desk.expect_download() as started:
        desk.get_by_role("link", name="CSV").click()
    assert "photo-print" in started.value.path().read_text(encoding="utf-8")
    desk.locator("#result_list a").first.click()
    shown = desk.locator(".desk-paper")
    expect(shown).to_contain_text("See your photos")


def test_a_stolen_key_is_rotated_and_retired_from_the_list_of_keys(
    desk: Page, shop: SimpleNamespace
) -> None:
    before = signing_key(now=timezone.now())
    desk.goto(address("idp_signingkey_changelist"))
    desk.locator(".object-tools").get_by_role("link", name="Rotate").click()
    confirm(desk, "Announce a new key", "stolen")
    desk.get_by_text("is announced.").wait_for()
    assert SigningKey.objects.filter(use=before.use, state="announced").exists()
    assert signing_key(now=timezone.now()) == before, "no client knows the new one yet"
    promote_keys(timezone.now() + ANNOUNCEMENT)
    assert shop.flow.tokens("openid")["id_token"], "the new one signs"

    desk.goto(address("idp_signingkey_changelist"))
    desk.get_by_role("link", name=before.kid).click()
    desk.get_by_role("link", name="Retire at once …").click()
    expect(desk.get_by_text("refuse every ID token")).to_be_visible()
    confirm(desk, "Retire", "stolen")
    desk.get_by_text("is retired.").wait_for()
    published = desk.request.get("/o/.well-known/jwks.json").text()
    assert before.kid not in published


def test_everything_of_a_large_client_ends_after_its_name_was_typed(
    desk: Page, shop: SimpleNamespace, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_action, "LARGE", 1)
    monkeypatch.setattr(take_back, "LARGE", 1)
    token = shop.flow.tokens("openid")["access_token"]
    desk.goto(address("client_overview", shop.application.pk))
    desk.get_by_role("link", name="End all tokens …").click()
    desk.get_by_label("This is large.").fill("Photo Prin")
    confirm(desk, "End all tokens", "incident")
    expect(desk.get_by_role("alert")).to_be_visible()
    assert answers(client, token) == 200
    desk.get_by_label("This is large.").fill("Photo Print")
    confirm(desk, "End all tokens", "incident")
    desk.get_by_text("Finished", exact=True).wait_for()
    assert BulkTask.objects.get().by == "operator"
    assert answers(client, token) == 401


def test_what_needs_a_hand_leads_to_its_remedy(desk: Page, shop: SimpleNamespace) -> None:
    ClientSecret.objects.update(expires_at=timezone.now() + timedelta(days=2))
    desk.reload()
    task = desk.locator(".desk-tasks > li").filter(has_text="secret").first
    task.get_by_role("link").click()
    expect(desk.get_by_role("heading", level=1)).to_be_visible()
    expect(desk.locator("#content")).to_contain_text("Photo Print")
