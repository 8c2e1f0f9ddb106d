"""Pages in a real Chromium, as people see them: narrow and wide, light and dark, with and without
JavaScript."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.look import DESKTOP, LOOKS, Look
from tools import browser as chromium

UNUSED = (
    # What Playwright leaves out itself; the last such argument is the one that counts.
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    # Each window's own pages, and a process in reserve: as dear as the pages that are looked at.
    "SpareRendererForSitePerProcess",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxPopup",
)
"""Features of the browser that no test needs."""

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(UNUSED)}",
)
NOT_OURS = "Failed to load resource"
"""What Chromium writes for every answer of 400 and above, wanted or not."""
STILL = """
const still = new CSSStyleSheet();
still.replaceSync("*, ::before, ::after { transition: none !important }");
document.adoptedStyleSheets = [still];
"""
"""Colours change at once, also where the admin's own style sheet lets them fade: what is half way
from light to dark has a contrast that nobody reads at."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, one a worker."""
    path = chromium.find()
    if path is None:
        pytest.fail(chromium.REMEDY, pytrace=False)
    # Playwright's loop runs in this thread, and Django takes it for an asynchronous caller.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield started
        started.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def site(live_server: Any, settings: Any) -> str:
    """The origin of the running site, which is its own issuer."""
    url: str = live_server.url
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "OIDC_ISS_ENDPOINT": f"{url}/o"}
    settings.IDP = {**settings.IDP, "OUTBOUND_ALLOWED_HOSTS": [url.removeprefix("http://")]}
    return url


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, site: str) -> Iterator[OpenPage]:
    """Open a page in a browser profile of its own: ``open_page(Look(width=320))``.

    Paths are taken from the site's origin. The test fails at its end when a page wrote an error to
    the console, as it does when the Content-Security-Policy blocks something.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_one(look: Look = DESKTOP) -> Page:
        context = browser.new_context(
            base_url=site,
            viewport={"width": look.width, "height": 800},
            color_scheme="dark" if look.scheme == "dark" else "light",
            java_script_enabled=look.javascript,
            locale=look.language,
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        context.add_init_script(STILL)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert [error for error in errors if NOT_OURS not in error] == []


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """One page at desktop width."""
    return open_page()


@pytest.fixture(params=LOOKS, ids=str)
def look(request: pytest.FixtureRequest) -> Look:
    """Each way of looking at a page that matters, one after the other."""
    chosen: Look = request.param
    return chosen


@pytest.fixture
def any_page(open_page: OpenPage, look: Look) -> Page:
    """A page in each look."""
    return open_page(look)
