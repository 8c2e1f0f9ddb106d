"""Finds a Chromium for the browser tests, and installs one where there is none.

``python -m tools.browser`` makes sure that there is one; ``find()`` says where it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = ("chromium-headless-shell", "chromium")
"""Debian's names. The first has no windows of its own, which are a fifth of all work."""
NAMES = (*PACKAGES, "chromium-browser", "google-chrome-stable", "google-chrome")
REMEDY = (
    "The browser tests need Chromium. Install it with `apt-get install chromium` or "
    "`.venv/bin/playwright install chromium`, or name one with IDP_TEST_BROWSER=/path/to/chromium."
)


def find() -> Path | None:
    """Return the path of a Chromium, or None.

    The one that ``IDP_TEST_BROWSER`` names comes first, then one of the system, then Playwright's.
    """
    named = os.environ.get("IDP_TEST_BROWSER")
    if named:
        return Path(named) if Path(named).is_file() else None
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.is_file() else None


def install() -> None:
    """Install Chromium: from the system's packages where that is possible, else Playwright's."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=False, env=environment)
        for package in PACKAGES:
            done = subprocess.run(
                ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package, *FONTS],
                check=False,
                env=environment,
                stdout=subprocess.DEVNULL,
            )
            if done.returncode == 0:
                return
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


FONTS = ("fonts-dejavu-core", "fonts-noto-core")
"""Letters for every language that the pages speak."""


def main() -> int:
    """Make sure that there is a browser, or say what to do."""
    if find() is None:
        sys.stderr.write("No Chromium found; installing one.\n")
        install()
    if find() is None:
        sys.stderr.write(REMEDY + "\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
