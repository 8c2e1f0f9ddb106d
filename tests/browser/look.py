"""How pages are looked at, and what is asked of each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page

SCREENSHOTS = Path(__file__).resolve().parents[2] / "var" / "screenshots"
AXE_OPTIONS = {
    "resultTypes": ["violations"],
    "rules": {"target-size": {"enabled": True}},
    # Only experimental rules read style sheets themselves, and to do so axe writes inline styles,
    # which the pages' Content-Security-Policy rightly reports.
    "preload": False,
}

SCRIPTS_ARE_OFF = """() => {
    const probe = document.createElement("div");
    probe.innerHTML = "<noscript><p></p></noscript>";
    return probe.querySelector("p") !== null;
}"""
"""A parser reads the inside of ``noscript`` as elements only where scripts do not run."""
IS_DARK = "() => matchMedia('(prefers-color-scheme: dark)').matches"


@dataclass(frozen=True)
class Look:
    """How a page is looked at."""

    width: int = 1280
    scheme: str = "light"
    javascript: bool = True
    language: str = "en"

    def __str__(self) -> str:
        words = [str(self.width), self.scheme]
        words += [] if self.javascript else ["plain"]
        words += [] if self.language == "en" else [self.language]
        return "-".join(words)


DESKTOP = Look()
LOOKS = (
    Look(width=320),
    Look(width=390, scheme="dark"),
    DESKTOP,
    Look(scheme="dark", javascript=False),
)


def sign_in(page: Page, user: Any) -> None:
    """Give the page's profile a session of a user, past the sign-in page."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    session = {"name": name, "value": client.cookies[name].value}
    page.context.add_cookies([{**session, "domain": "127.0.0.1", "path": "/"}])


def axe(page: Page) -> None:
    """Fail on any violation that axe finds on the page.

    axe needs a script engine. What a page without one shows is laid into a window that has one, and
    where the page's own scripts are not loaded.
    """
    with _scriptable(page) as target:
        found = Axe().run(target, options=AXE_OPTIONS).response["violations"]
    lines = [
        f"{violation['id']}: {violation['help']} {[node['target'] for node in violation['nodes']]}"
        for violation in found
    ]
    if lines:
        raise AssertionError("axe finds:\n" + "\n".join(lines))


@contextmanager
def _scriptable(page: Page) -> Iterator[Page]:
    if not page.evaluate(SCRIPTS_ARE_OFF):
        yield page
        return
    content = page.content()
    context = page.context.browser.new_context(
        viewport=page.viewport_size,
        color_scheme="dark" if page.evaluate(IS_DARK) else "light",
        storage_state=page.context.storage_state(),
    )
    try:
        clone = context.new_page()
        clone.route("**/*.js", lambda route: route.abort())
        clone.route(page.url, lambda route: route.fulfill(body=content, content_type="text/html"))
        clone.goto(page.url)
        yield clone
    finally:
        context.close()


def fits(page: Page) -> None:
    """Fail when the page is wider than the window."""
    wider = page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    if wider > 0:
        raise AssertionError(f"the page is {wider} px wider than the window")


def inspect_page(page: Page, name: str) -> None:
    """Keep a screenshot of the page as ``var/screenshots/<name>.png``; then axe and width."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
    fits(page)
    axe(page)
