"""Living Room TV: a device without a browser that a person lets in with a phone (RFC 8628).

Run ``python -m project.demo.tv`` while the demo is being served.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

FILE = Path(__file__).resolve().parents[2] / "var" / "demo.json"
CLIENT_ID = "living-room-tv"
SCOPE = "openid photos:read"
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
TIMEOUT = 10
"""Seconds."""
SLOWER = 5
"""Seconds that are added to the interval when the provider says ``slow_down`` (§3.5)."""

Say = Callable[[str], Any]
Wait = Callable[[float], Any]


class NotConnected(Exception):
    """The device was not let in; the text says why."""


class Television:
    """A device that knows the provider's address, and nothing of its user."""

    def __init__(self, base_url: str) -> None:
        """Find the provider's endpoints."""
        self.base_url = base_url
        self.web = requests.Session()
        self.web.trust_env = False
        found = self.web.get(f"{base_url}/o/.well-known/openid-configuration", timeout=TIMEOUT)
        found.raise_for_status()
        self.metadata: dict[str, Any] = found.json()

    def ask(self) -> dict[str, Any]:
        """Return the codes: one for the device itself, one for a person to type (§3.2)."""
        status, codes = self._post("device_authorization_endpoint", scope=SCOPE)
        if status != requests.codes.ok:
            raise NotConnected(f"{codes['error']}: {codes.get('error_description', '')}")
        return codes

    def wait(self, codes: dict[str, Any], wait: Wait = time.sleep) -> str:
        """Return the access token once a person allowed it; ask no faster than told (§3.4).

        Raises:
            NotConnected: it was refused, or nobody came in time.
        """
        interval = codes.get("interval", 5)
        while True:
            wait(interval)
            status, answer = self._post(
                "token_endpoint", grant_type=GRANT_TYPE, device_code=codes["device_code"]
            )
            if status == requests.codes.ok:
                return str(answer["access_token"])
            if answer["error"] == "slow_down":
                interval += SLOWER
            elif answer["error"] != "authorization_pending":
                raise NotConnected(str(answer["error"]))

    def photos(self, access_token: str) -> list[dict[str, Any]]:
        """Return the photos that the device may show."""
        header = {"Authorization": f"Bearer {access_token}"}
        answer = self.web.get(f"{self.base_url}/api/photos/", headers=header, timeout=TIMEOUT)
        answer.raise_for_status()
        content = answer.json()
        rows: list[dict[str, Any]] = content["results"] if isinstance(content, dict) else content
        return rows

    def _post(self, endpoint: str, **fields: str) -> tuple[int, dict[str, Any]]:
        answer = self.web.post(
            self.metadata[endpoint], {"client_id": CLIENT_ID, **fields}, timeout=TIMEOUT
        )
        return answer.status_code, answer.json()


def show(base_url: str, say: Say, wait: Wait = time.sleep) -> None:
    """Connect, and show the titles of the photos.

    Args:
        base_url: origin of provider and API.
        say: called with each line for the screen.
        wait: called with the seconds to wait.

    Raises:
        NotConnected: nobody let the device in.
        requests.RequestException: provider or API cannot be reached, or refuse.
    """
    television = Television(base_url)
    codes = television.ask()
    say(f"Open {codes['verification_uri']} on your phone and enter {codes['user_code']}")
    say(f"or open {codes['verification_uri_complete']}")
    photos = television.photos(television.wait(codes, wait))
    say(f"Connected. {len(photos)} photos:")
    for photo in photos:
        say(f"  {photo['title']}")


def main(path: Path = FILE) -> int:
    """Show the photos; return the exit status."""
    if not path.exists():
        sys.stderr.write("There is no demo yet: start it with make demo.\n")
        return 1
    base_url = json.loads(path.read_text(encoding="utf-8"))["base_url"]
    try:
        show(base_url, lambda line: sys.stdout.write(f"{line}\n"))
    except NotConnected as error:
        sys.stderr.write(f"Not connected: {error}\n")
        return 1
    except requests.RequestException as error:
        sys.stderr.write(f"Is the demo being served? {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
