"""Chromium is sent to addresses that look like a registered one, and never leaves the site.

Browsers repair what they are given: tabs vanish, a backslash becomes a slash, ``127.1`` becomes
``127.0.0.1``. Each address here leads somewhere real once it is repaired.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from playwright.sync_api import Page

from idp.models import Authorization, SecurityEvent
from tests.browser.callback import callback_server
from tests.browser.look import axe, sign_in
from tests.factories import grant, make_application, make_user
from tests.thorough import share
from tests.views.flow import CHALLENGE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NEAR_MISSES = (
    "http://localhost:{port}/callback",
    "http://127.1:{port}/callback",
    "http://2130706433:{port}/callback",
    "http://0x7f000001:{port}/callback",
    "http://127.0.0.1.:{port}/callback",
    "HTTP://127.0.0.1:{port}/callback",
    "http:\\\\127.0.0.1:{port}\\callback",
    "http:/127.0.0.1:{port}/callback",
    "http:127.0.0.1:{port}/callback",
    "//127.0.0.1:{port}/callback",
    "\thttp://127.0.0.1:{port}/callback",
    " http://127.0.0.1:{port}/callback",
    "ht\ntp://127.0.0.1:{port}/callback",
    "http://127.0.0.1:{port}/callback ",
    "http://127.0.0.1:0{port}/callback",
    "http://127.0.0.1:{other}/callback",
    "http://127.0.0.1:{port}@localhost:{other}/callback",
    "http://a:b@127.0.0.1:{port}/callback",
    "http://127.0.0.1:{port}\\@localhost:{other}/callback",
    "http://127.0.0.1:{port}/callback/",
    "http://127.0.0.1:{port}/callback/../other",
    "http://127.0.0.1:{port}/callback%2f..%2fother",
    "http://127.0.0.1:{port}/%63allback",
    "http://127.0.0.1:{port}/callback?a=b",
    "http://127.0.0.1:{port}/callback#a",
    "http://127.0.0.1:{port}/callback\r\nLocation: http://localhost:{other}/",
    "http://１２７.0.0.1:{port}/callback",
    "http://127。0。0。1:{port}/callback",
    "http://[::ffff:127.0.0.1]:{port}/callback",
    "javascript:location='http://127.0.0.1:{port}/callback'",
    "data:text/html,<script>location='http://127.0.0.1:{port}/callback'</script>",
)
WAYS = ("", "&prompt=none", "&response_type=token", "&response_mode=form_post")


@pytest.fixture
def ports() -> Iterator[dict[str, int]]:
    """Two clients' servers: the registered one, and another."""
    with callback_server() as right, callback_server() as wrong:
        yield {"port": urlsplit(right).port or 0, "other": urlsplit(wrong).port or 0}


@pytest.fixture
def client(ports: dict[str, int]) -> Any:
    return make_application(
        "web",
        environment="development",
        redirect_uris="http://127.0.0.1:{port}/callback".format(**ports),
        scopes=("openid",),
    )


@pytest.fixture
def visits(page: Page, client: Any) -> list[str]:
    """Everywhere that the browser goes, or tries to; the user's consent is remembered."""
    ada = make_user("ada")
    grant(ada, client, "openid")
    sign_in(page, ada)
    gone: list[str] = []
    page.on("request", lambda request: gone.append(request.url))
    return gone


def authorize(client: Any, redirect_uri: str, more: str = "") -> str:
    return (
        f"/o/authorize/?response_type=code&client_id={client.client_id}&scope=openid&state=st-1"
        f"&code_challenge={CHALLENGE}&code_challenge_method=S256{more}"
        f"&redirect_uri={quote(redirect_uri, safe='')}"
    )


def test_the_registered_address_is_gone_to(page: Page, client: Any, visits: list[str]) -> None:
    page.goto(authorize(client, client.redirect_uris, "&prompt=none"))
    page.get_by_role("heading", name="Back at the client").wait_for()
    assert dict(parse_qsl(urlsplit(page.url).query))["state"] == "st-1"
    assert any(url.startswith(f"{client.redirect_uris}?") for url in visits)


@pytest.mark.parametrize("more", WAYS)
def test_no_near_miss_leads_away(
    page: Page, site: str, client: Any, ports: dict[str, int], visits: list[str], more: str
) -> None:
    for near_miss in share(NEAR_MISSES, of=2, turn=WAYS.index(more)):
        answer = page.goto(authorize(client, near_miss.format(**ports), more))
        assert answer is not None
        assert answer.status == 400, near_miss
        assert page.url.startswith(f"{site}/o/authorize/"), near_miss
    page.wait_for_timeout(300)
    away = [url for url in visits if not url.startswith((f"{site}/", "data:image"))]
    assert away == []
    assert not Authorization.objects.exists()
    assert SecurityEvent.objects.filter(kind="authorization.refused").exists()


def test_the_page_of_a_near_miss_tells_its_reader_and_is_fine_to_read(
    page: Page, client: Any, ports: dict[str, int], visits: list[str]
) -> None:
    page.goto(authorize(client, "http://localhost:{port}/callback".format(**ports)))
    assert page.get_by_role("heading", level=1).is_visible()
    assert str(ports["port"]) not in page.content()
    assert page.locator("main a[href^='http']").count() == 0
    axe(page)
