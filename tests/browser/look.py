"""How pages are looked at, and what is asked of each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page

from tests.thorough import THOROUGH

SCREENSHOTS = Path(__file__).resolve().parents[2] / "var" / "screenshots"
KEEPS_PICTURES = bool(os.environ.get("IDP_TEST_PICTURES"))
"""``make pictures`` wants them; the tests themselves do without."""
AXE_OPTIONS = {
    "resultTypes": ["violations"],
    "rules": {"target-size": {"enabled": True}},
    # Only experimental rules read style sheets themselves, and to do so axe writes inline styles,
    # which the pages' Content-Security-Policy rightly reports.
    "preload": False,
}

AXE = Axe()
ASK_AXE = """([without, options]) =>
    axe.run({exclude: without}, options).then(found => found.violations)"""
FRAME = ("#header", "#nav-sidebar")
"""What stands around every page of the admin: half of what axe would look at there, and the same
everywhere. The start page is asked about with it."""

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
LaidOut = tuple[tuple[int, Literal["light", "dark"], tuple[str, ...] | None], ...]
"""Width and colours, and which of axe's rules are asked there: all for ``()``, none for None."""
LAID_OUT: LaidOut = ((1280, "light", ()), (390, "light", None), (390, "dark", BY_LOOK))
IN_TURN: tuple[LaidOut, ...] = (((1280, "light", ()), (390, "light", None)), ((390, "dark", ()),))
"""The same for many pages of one kind."""
LOOKS = (DESKTOP, Look(scheme="dark", javascript=False))
"""With scripts, where :func:`inspect_page` looks in three ways; and without."""


def sign_in(page: Page, user: Any) -> None:
    """Give the page's profile a session of a user, past the sign-in page."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    session = {"name": name, "value": client.cookies[name].value}
    page.context.add_cookies([{**session, "domain": "127.0.0.1", "path": "/"}])


def axe(page: Page, rules: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> None:
    """Fail on any violation that axe finds on the page.

    axe needs scripts: where they are off, they are on while it looks, at what is shown without.

    Args:
        page: what is asked about.
        rules: the names of the rules that are asked alone; all, when there are none.
        without: selectors of what is left out.
    """
    options = (
        {**AXE_OPTIONS, "runOnly": {"type": "rule", "values": list(rules)}}
        if rules
        else AXE_OPTIONS
    )
    with _scripts_on(page):
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(AXE.axe_script)
        found = page.evaluate(ASK_AXE, [[[one] for one in without], options])
    lines = [
        f"{violation['id']}: {violation['help']} {[node['target'] for node in violation['nodes']]}"
        for violation in found
    ]
    if lines:
        raise AssertionError("axe finds:\n" + "\n".join(lines))


@contextmanager
def _scripts_on(page: Page) -> Iterator[None]:
    """Let scripts run in the page as it stands, while axe looks."""
    if not page.evaluate(SCRIPTS_ARE_OFF):
        yield
        return
    devtools = page.context.new_cdp_session(page)
    # What a session has not switched off it cannot switch on.
    for off in (True, False):
        devtools.send("Emulation.setScriptExecutionDisabled", {"value": off})
    try:
        yield
    finally:
        # The session is not detached: what it switched off would be on again.
        devtools.send("Emulation.setScriptExecutionDisabled", {"value": True})


def fits(page: Page) -> None:
    """Fail when the page is wider than the window."""
    wider = page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    if wider > 0:
        raise AssertionError(f"the page is {wider} px wider than the window")


def inspect_page(page: Page, name: str) -> None:
    """Ask axe about the page, and whether it fits the window.

    A page at desktop width and with scripts is looked at in every way: see :func:`inspect_looks`.

    Args:
        page: where the page is open.
        name: of the picture ``var/screenshots/<name>.jpg``.
    """
    if name.endswith(f"-{DESKTOP}"):
        inspect_looks(page, name.removesuffix(f"-{DESKTOP}"))
        return
    page.wait_for_load_state()
    _keep_picture(page, name)
    fits(page)
    axe(page, without=FRAME)


def inspect_desk(page: Page, name: str, without: tuple[str, ...] = FRAME) -> None:
    """Inspect a page of the desk: these are many of one kind, and share the looks.

    A page has its look by its name. A thorough run takes each in every way.
    """
    laid_out = LAID_OUT if THOROUGH else IN_TURN[sum(name.encode()) % len(IN_TURN)]
    inspect_looks(page, name, laid_out, without)


def inspect_looks(
    page: Page, name: str, laid_out: LaidOut = LAID_OUT, without: tuple[str, ...] = FRAME
) -> None:
    """Ask in each look whether the page fits the window, and axe where it has a say.

    The page is loaded once: a style sheet follows width and colours at once. What depends on
    neither is asked of axe once.

    Args:
        page: where the page is open, with scripts.
        name: how the pictures ``var/screenshots/<name>-<width>-<scheme>.jpg`` begin.
        laid_out: in which looks.
        without: selectors of what axe is not asked about.
    """
    page.wait_for_load_state()
    for width, scheme, rules in laid_out:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        _keep_picture(page, f"{name}-{width}-{scheme}")
        fits(page)
        if rules is not None:
            axe(page, rules, without)
    page.set_viewport_size({"width": 320, "height": 800})
    fits(page)
    page.emulate_media(color_scheme="null")
    page.set_viewport_size({"width": DESKTOP.width, "height": 800})


def _keep_picture(page: Page, name: str) -> None:
    """Write a picture of the whole page, where they are wanted."""
    if KEEPS_PICTURES:
        path = SCREENSHOTS / f"{name}.jpg"
        page.screenshot(path=path, full_page=True, type="jpeg", quality=85)
