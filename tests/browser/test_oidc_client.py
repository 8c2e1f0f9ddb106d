"""oidc-client-ts, the client of single-page apps, on a page of another origin."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser.look import sign_in
from tests.clients import script
from tests.factories import make_application, make_scope, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SOURCE = Path(__file__).with_name("spa")
BUNDLE = "node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js"
SCOPE = "openid profile photos:read"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on a loopback address, and yield its origin."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def app(tmp_path: Path, site: str) -> Iterator[str]:
    """The origin of a single-page app that is a client of the site."""
    shutil.copytree(SOURCE, tmp_path, dirs_exist_ok=True)
    shutil.copy(SOURCE / "index.html", tmp_path / "bye.html")
    shutil.copy(script.install() / BUNDLE, tmp_path)
    make_scope("photos:read")
    with served(tmp_path) as origin:
        application = make_application(
            "spa",
            environment="development",
            redirect_uris=f"{origin}/index.html",
            post_logout_redirect_uris=f"{origin}/bye.html",
            allowed_origins=origin,
            scopes=tuple(SCOPE.split()),
        )
        settings = {
            "authority": f"{site}/o",
            "client_id": application.client_id,
            "redirect_uri": application.redirect_uris,
            "post_logout_redirect_uri": application.post_logout_redirect_uris,
            "scope": SCOPE,
            "loadUserInfo": True,
            "automaticSilentRenew": False,
            "revokeTokensOnSignout": True,
            "api": f"{site}/api/photos/",
        }
        (tmp_path / "settings.json").write_text(json.dumps(settings))
        yield origin


def known(page: Page, word: str) -> dict[str, Any]:
    """Return what the app knows once it shows a word."""
    expect(page.locator("#state")).to_have_text(word)
    found: dict[str, Any] = page.evaluate("window.known")
    return found


def test_an_app_signs_in_renews_and_signs_out_from_its_own_origin(
    page: Page, site: str, app: str
) -> None:
    ada = make_user("ada", first_name="Ada")
    sign_in(page, ada)
    crossed: dict[str, str] = {}

    def note(response: Response) -> None:
        if response.url.startswith(f"{site}/") and response.request.resource_type == "fetch":
            allowed = response.headers.get("access-control-allow-origin", "")
            crossed[response.url.removeprefix(site)] = allowed

    page.on("response", note)
    page.goto(f"{app}/index.html")
    known(page, "ready")
    page.get_by_role("button", name="Sign in").click()
    page.locator("main").get_by_role("button", name="Allow").click()
    first = known(page, "signed in")
    assert first["profile"]["given_name"] == "Ada"
    assert first["photos"] == 200

    page.get_by_role("button", name="Renew").click()
    second = known(page, "renewed")
    assert second["profile"]["sub"] == first["profile"]["sub"]
    assert second["access_token"] != first["access_token"]
    assert second["photos"] == 200

    page.get_by_role("button", name="Sign out").click()
    page.locator("main").get_by_role("button", name="Sign out").click()
    known(page, "signed out")
    page.goto(f"{site}/account/apps/")
    assert "/login/" in page.url
    assert crossed == {
        "/o/.well-known/openid-configuration": "*",
        "/o/token/": app,
        "/o/userinfo/": app,
        "/o/revoke_token/": app,
        "/api/photos/": app,
    }


def test_a_refusal_reaches_the_app(page: Page, app: str) -> None:
    sign_in(page, make_user("ada"))
    page.goto(f"{app}/index.html")
    page.get_by_role("button", name="Sign in").click()
    page.locator("main").get_by_role("button", name="Cancel").click()
    known(page, "access_denied")
