"""The demo's clients in front of a real provider, as people see them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Page, expect

from project.demo.setup import create
from tests.browser.look import DESKTOP, Look, inspect_page, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def ada(site: str, settings: Any, tmp_path: Path) -> Any:
    """Whose photos the demo shows."""
    settings.DEMO_FILE = tmp_path / "demo.json"
    create(site, io.StringIO())
    return get_user_model().objects.get(username="ada")


def connect(page: Page, decision: str = "Allow") -> None:
    page.get_by_role("button", name="Connect", exact=True).click()
    page.get_by_role("button", name=decision).click()


def remove_access(page: Page, client: str) -> None:
    page.goto("/account/apps/")
    app = page.get_by_role("listitem").filter(has_text=client)
    app.get_by_role("link", name="Remove access").click()
    page.get_by_role("button", name="Remove access").click()
    page.wait_for_url("**/account/apps/")


def test_the_start_page_is_fine_in_every_look(any_page: Page, look: Look) -> None:
    any_page.goto("/")
    inspect_page(any_page, f"start-{look}")


def test_the_shop_is_fine_in_every_look(any_page: Page, look: Look, ada: Any) -> None:
    sign_in(any_page, ada)
    any_page.goto("/demo/web/")
    inspect_page(any_page, f"demo-web-{look}")
    connect(any_page)
    expect(any_page.locator("figure")).to_have_count(6)
    inspect_page(any_page, f"demo-web-connected-{look}")


def test_removed_access_ends_at_the_next_call(page: Page, ada: Any) -> None:
    sign_in(page, ada)
    page.goto("/demo/web/")
    connect(page)
    expect(page.locator("figure")).to_have_count(6)
    remove_access(page, "Photo Print")
    page.goto("/demo/web/")
    expect(page.get_by_role("status")).to_contain_text("no longer accepts")
    expect(page.locator("figure")).to_have_count(0)
    inspect_page(page, "demo-web-removed")


def test_cancel_comes_back_kindly(page: Page, ada: Any) -> None:
    sign_in(page, ada)
    page.goto("/demo/web/")
    connect(page, "Cancel")
    expect(page.get_by_role("status")).to_contain_text("You did not allow it")
    inspect_page(page, "demo-web-cancelled")


def test_the_single_page_connects_refreshes_and_forgets(page: Any, ada: Any) -> None:
    sign_in(page, ada)
    page.goto("/demo/spa/")
    inspect_page(page, f"demo-spa-{DESKTOP}")
    connect(page)
    expect(page.locator("figure")).to_have_count(6)
    inspect_page(page, f"demo-spa-connected-{DESKTOP}")
    page.get_by_role("button", name="Refresh the token").click()
    expect(page.get_by_text("Refresh the access token")).to_be_visible()
    expect(page.locator("figure")).to_have_count(6)
    kept = page.evaluate("() => [localStorage.length, sessionStorage.length, location.search]")
    assert kept == [0, 0, ""]
    page.reload()
    expect(page.get_by_role("button", name="Connect", exact=True)).to_be_visible()
    expect(page.locator("figure")).to_have_count(0)


def test_the_single_page_hears_that_access_was_removed(page: Page, ada: Any) -> None:
    sign_in(page, ada)
    page.goto("/demo/spa/")
    connect(page)
    expect(page.locator("figure")).to_have_count(6)
    other = page.context.new_page()
    remove_access(other, "Light Table")
    page.get_by_role("button", name="Call the API again").click()
    expect(page.get_by_role("status")).to_contain_text("no longer accepts")
    expect(page.locator("figure")).to_have_count(0)


def test_the_docs_page_signs_in_and_calls_the_api(page: Page, ada: Any) -> None:
    sign_in(page, ada)
    page.goto("/api/docs/")
    page.get_by_role("button", name="Authorize").first.click()
    dialog = page.locator(".auth-container").first
    for scope in ("photos:read", "account:read"):
        dialog.locator(f"label[for^='{scope}']").first.click()
    with page.expect_popup() as popup:
        page.locator(".auth-btn-wrapper button.authorize").first.click()
    with popup.value.expect_event("close"):
        popup.value.get_by_role("button", name="Allow").click()
    page.get_by_role("button", name="Close").first.click()
    operation = page.locator("#operations-photos-photos_list")
    operation.locator(".opblock-summary").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table")).to_contain_text("Morning over the ridge")
