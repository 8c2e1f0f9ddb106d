"""How pages are looked at, and what is asked of each."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import CDPSession, Page

SCREENSHOTS = Path(__file__).resolve().parents[2] / "var" / "screenshots"
AXE_OPTIONS = {
    "resultTypes": ["violations"],
    "rules": {"target-size": {"enabled": True}},
    # Only experimental rules read style sheets themselves, and to do so axe writes inline styles,
    # which the pages' Content-Security-Policy rightly reports.
    "preload": False,
}

AXE = Axe()
ASK_AXE = "options => axe.run(options).then(found => found.violations)"

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
BY_LOOK = ("color-contrast", "scrollable-region-focusable", "target-size")
"""The rules of axe to which width and colours matter."""
LAID_OUT: tuple[tuple[int, Literal["light", "dark"], tuple[str, ...] | None], ...] = (
    (1280, "light", ()),
    (390, "light", None),
    (390, "dark", BY_LOOK),
)
"""Width and colours, and which of axe's rules are asked there: all for ``()``, none for None."""
LOOKS = (DESKTOP, Look(scheme="dark", javascript=False))
"""With scripts, where :func:`inspect_page` looks in three ways; and without."""


def sign_in(page: Page, user: Any) -> None:
    """Give the page's profile a session of a user, past the sign-in page."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    session = {"name": name, "value": client.cookies[name].value}
    page.context.add_cookies([{**session, "domain": "127.0.0.1", "path": "/"}])


def axe(page: Page, rules: tuple[str, ...] = ()) -> None:
    """Fail on any violation that axe finds on the page.

    axe needs a script engine. What a page without one shows is laid into a window that has one, and
    where the page's own scripts are not loaded.

    Args:
        page: what is asked about.
        rules: the names of the rules that are asked alone; all, when there are none.
    """
    options = (
        {**AXE_OPTIONS, "runOnly": {"type": "rule", "values": list(rules)}}
        if rules
        else AXE_OPTIONS
    )
    with _scriptable(page) as target:
        if not target.evaluate("() => 'axe' in window"):
            target.evaluate(AXE.axe_script)
        found = target.evaluate(ASK_AXE, options)
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
    """Keep a screenshot of the page as ``var/screenshots/<name>.png``; then axe and width.

    A page at desktop width and with scripts is looked at in every way: see :func:`inspect_looks`.
    """
    if name.endswith(f"-{DESKTOP}"):
        inspect_looks(page, name.removesuffix(f"-{DESKTOP}"))
        return
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
    fits(page)
    axe(page)


def inspect_looks(page: Page, name: str) -> None:
    """Keep a picture of the page in each of three looks; then width in all, and axe.

    The page is loaded once: a style sheet follows width and colours at once. What depends on
    neither is asked of axe once.

    Args:
        page: where the page is open, with scripts.
        name: how the pictures ``var/screenshots/<name>-<width>-<scheme>.jpg`` begin.
    """
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    devtools = page.context.new_cdp_session(page)
    for width, scheme, rules in LAID_OUT:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        _keep(devtools, SCREENSHOTS / f"{name}-{width}-{scheme}.jpg")
        fits(page)
        if rules is not None:
            axe(page, rules)
    page.set_viewport_size({"width": 320, "height": 800})
    fits(page)
    devtools.detach()
    page.emulate_media(color_scheme="null")
    page.set_viewport_size({"width": DESKTOP.width, "height": 800})


def _keep(devtools: CDPSession, path: Path) -> None:
    """Write a picture of the whole page, quicker than ``Page.screenshot`` does."""
    size = devtools.send("Page.getLayoutMetrics")["cssContentSize"]
    taken = devtools.send(
        "Page.captureScreenshot",
        {
            "captureBeyondViewport": True,
            "clip": {**size, "scale": 1},
            "format": "jpeg",
            "quality": 85,
        },
    )
    path.write_bytes(b64decode(taken["data"]))
