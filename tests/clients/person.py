"""A person with a browser: signs in where asked, and presses a button of the consent page."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import requests

from tests.factories import PASSWORD

TIMEOUT = 20


class Form(HTMLParser):
    """The form of a page's main part: where it goes, and what a browser would send."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: list[tuple[str, str]] = []
        self._in_main = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "main":
            self._in_main = True
        elif tag == "form" and self._in_main:
            self.action = attributes.get("action") or ""
        elif tag == "input" and self._in_main and self._is_sent(attributes):
            self.fields.append((attributes["name"] or "", attributes.get("value") or "on"))

    def _is_sent(self, attributes: dict[str, str | None]) -> bool:
        kind = attributes.get("type", "text")
        ticked = kind not in {"checkbox", "radio"} or "checked" in attributes
        return (
            bool(attributes.get("name")) and ticked and kind not in {"submit", "text", "password"}
        )


class Person:
    """Somebody with an account, and a browser that has not been here before."""

    def __init__(self, site: str, user: Any, password: str = PASSWORD) -> None:
        self.site = site
        self.user = user
        self.password = password
        # Addresses that are the client's although they are on this site.
        self.stop_at = "-"
        self.browser = requests.Session()
        self.browser.trust_env = False

    def answer(self, url: str, decision: str = "allow") -> str:
        """Follow a client to the provider and back.

        Args:
            url: where the client sends the browser.
            decision: ``allow`` or ``deny``.

        Returns:
            The address at the client that the provider sends the browser to.
        """
        response = self._get(url)
        for _step in range(6):
            if response.is_redirect:
                target = urljoin(response.url, response.headers["Location"])
                if not target.startswith(self.site) or target.startswith(self.stop_at):
                    return target
                response = self._get(target)
                continue
            assert response.status_code == 200, response.text
            response = self._submit(response, decision)
        raise AssertionError(f"the provider never lets go of the browser: {response.url}")

    def connect(self, codes: dict[str, Any], decision: str = "allow") -> str:
        """Type the code of a device and decide about it, as a browser would.

        Args:
            codes: what the device got (RFC 8628 §3.2).
            decision: ``allow`` or ``deny``.

        Returns:
            What the last page says.
        """
        page = self._arrive(self._get(codes["verification_uri"]))
        if "/login/" in page.url:
            page = self._arrive(self._submit(page, decision))
        page = self._arrive(self._send(page, [("user_code", codes["user_code"])]))
        return self._arrive(self._submit(page, decision)).text

    def sign_out(self) -> None:
        """Sign out at the site."""
        page = self._arrive(self._get(f"{self.site}/o/logout/"))
        self._arrive(self._submit(page, "allow"))

    def _arrive(self, response: requests.Response) -> requests.Response:
        """Follow redirects within the site."""
        while response.is_redirect:
            response = self._get(urljoin(response.url, response.headers["Location"]))
        assert response.status_code == 200, response.text
        return response

    def _submit(self, response: requests.Response, decision: str) -> requests.Response:
        typed = [("decision", decision)]
        if "/login/" in response.url:
            typed = [("username", self.user.get_username()), ("password", self.password)]
        return self._send(response, typed)

    def _send(self, response: requests.Response, typed: list[tuple[str, str]]) -> requests.Response:
        form = Form(response.text)
        return self.browser.post(
            urljoin(response.url, form.action),
            data=[*form.fields, *typed],
            headers={"Origin": self.site, "Referer": response.url},
            allow_redirects=False,
            timeout=TIMEOUT,
        )

    def _get(self, url: str) -> requests.Response:
        return self.browser.get(url, allow_redirects=False, timeout=TIMEOUT)
