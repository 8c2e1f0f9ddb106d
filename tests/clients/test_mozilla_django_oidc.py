"""A Django site whose people sign in here, by mozilla-django-oidc."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.clients import neighbour
from tests.clients.person import TIMEOUT, Person
from tests.factories import make_application

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def elsewhere(site: str, tmp_path: Path) -> Iterator[str]:
    """The origin of the other site."""
    port = neighbour.free_port()
    origin = f"http://127.0.0.1:{port}"
    application = make_application(
        "web",
        environment="development",
        redirect_uris=f"{origin}/oidc/callback/",
        post_logout_redirect_uris=f"{origin}/",
        scopes=("openid", "email"),
    )
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "tests.clients.hosts.settings",
        "ORIGIN": origin,
        "PROVIDER": f"{site}/o",
        "CLIENT_ID": application.client_id,
        "CLIENT_SECRET": application.plain_secret,
        "SITE_SECRET": secrets.token_hex(32),
        "DATABASE": str(tmp_path / "site.sqlite3"),
        "PYTHONPATH": str(ROOT),
    }
    manage = [sys.executable, "-m", "django"]
    subprocess.run([*manage, "migrate", "-v0"], env=environment, check=True, timeout=60)
    serve = [*manage, "runserver", f"127.0.0.1:{port}", "--noreload", "--skip-checks"]
    with neighbour.running(serve, port, tmp_path, environment):
        yield origin


def who(elsewhere: str, person: Person) -> Any:
    """Return what the other site's first page says."""
    return person.browser.get(f"{elsewhere}/", timeout=TIMEOUT).json()


def begin(elsewhere: str, person: Person) -> str:
    """Press the other site's sign-in button, and return where it sends the browser."""
    answer = _get(f"{elsewhere}/oidc/authenticate/", person)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def _get(url: str, person: Person) -> requests.Response:
    return person.browser.get(url, allow_redirects=False, timeout=TIMEOUT)


def test_people_of_another_django_site_sign_in_and_out_here(elsewhere: str, person: Person) -> None:
    refused = person.browser.get(person.answer(begin(elsewhere, person), "deny"), timeout=TIMEOUT)
    assert refused.json() == {"email": None, "failed": True}

    arrived = person.browser.get(person.answer(begin(elsewhere, person)), timeout=TIMEOUT)
    assert arrived.json() == {"email": "ada@example.com", "failed": False}
    assert who(elsewhere, person)["email"] == "ada@example.com"

    away = _get(f"{elsewhere}/oidc/logout/", person).headers["Location"]
    assert person.answer(away) == f"{elsewhere}/"
    assert who(elsewhere, person)["email"] is None
    assert "/login/" in _get(begin(elsewhere, person), person).headers["Location"]
