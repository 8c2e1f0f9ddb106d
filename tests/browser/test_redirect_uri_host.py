"""Chromium reads the host of a redirect URI as we do."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from idp.domain.redirect_uri import registrable

pytestmark = pytest.mark.browser

VECTORS = Path(__file__).parent.parent / "vectors" / "redirect_uri_inspect.json"
PARSE = "uris => uris.map(uri => { try { return new URL(uri).host } catch { return null } })"


def test_chromium_gives_every_registrable_http_uri_the_host_that_python_gives(
    browser: Browser,
) -> None:
    uris = [
        case["uri"]
        for case in json.loads(VECTORS.read_text())
        if case["uri"].lower().startswith("http")
        and registrable(case["uri"], case["kind"], case["environment"])
    ]
    page = browser.new_page()
    seen = page.evaluate(PARSE, uris)
    page.close()
    assert len(uris) > 50
    assert seen == [expected_host(uri) for uri in uris]


def expected_host(uri: str) -> str:
    """The host as browsers write it: in lower case, and without the scheme's default port."""
    parts = urlsplit(uri)
    default = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else str(parts.hostname)
    return host if parts.port in (None, default) else f"{host}:{parts.port}"
