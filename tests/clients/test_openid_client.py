"""openid-client, the reference client of the JavaScript world, against a running site."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from project.environment import VAR_DIR
from tests.clients.person import Person
from tests.factories import API, make_application
from tests.views.flow import query

SOURCE = Path(__file__).with_name("node")
INSTALLED = VAR_DIR / "openid-client" / os.environ.get("PYTEST_XDIST_WORKER", "one")
"""A folder a process, so that two do not install into one."""
INSTALL_SECONDS = 180

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def node() -> Path:
    """The folder with the script and its locked dependencies, installed once."""
    if shutil.which("npm") is None:
        pytest.fail("These tests need node and npm, 20 or later: https://nodejs.org", pytrace=False)
    INSTALLED.mkdir(parents=True, exist_ok=True)
    lock = (SOURCE / "package-lock.json").read_bytes()
    stamp = INSTALLED / "installed.json"
    if not stamp.exists() or stamp.read_bytes() != lock:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(SOURCE / name, INSTALLED / name)
        subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=INSTALLED,
            check=True,
            capture_output=True,
            timeout=INSTALL_SECONDS,
        )
        stamp.write_bytes(lock)
    shutil.copy(SOURCE / "client.js", INSTALLED / "client.js")
    return INSTALLED


class Client:
    """The script, talking in lines of JSON."""

    def __init__(self, folder: Path, order: dict[str, Any]) -> None:
        self.process = subprocess.Popen(
            ["node", "client.js"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.write(json.dumps(order))

    def write(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        line = self.process.stdout.readline()
        if not line:
            pytest.fail(self.process.stderr.read())
        found: dict[str, Any] = json.loads(line)
        return found

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def start(site: str, node: Path) -> Iterator[Any]:
    """Start the script with an order for a client of this site."""
    clients: list[Client] = []

    def one(application: Any, **order: str) -> Client:
        found = {
            "issuer": f"{site}/o",
            "client_id": application.client_id,
            "client_secret": application.plain_secret,
            "redirect_uri": application.redirect_uris,
            **order,
        }
        clients.append(Client(node, found))
        return clients[-1]

    yield one
    for client in clients:
        client.close()


@pytest.mark.parametrize("kind", ["web", "spa"])
def test_the_code_flow_from_discovery_to_revocation(
    start: Any, site: str, person: Person, kind: str
) -> None:
    application = make_application(kind, scopes=("openid", "photos:read"))
    client = start(application, flow="code", scope="openid photos:read", api=f"{site}/api/photos/")
    client.write(person.answer(client.read()["url"]))
    results = client.read()
    assert set(results["code"]["scope"].split()) == {"openid", "photos:read"}
    assert results["userinfo"]["sub"] == results["subject"]
    assert results["refreshed"]
    assert (results["api"], results["api_after_revocation"]) == (200, 401)
    assert results["logout"] == "/o/logout/"
    if kind == "web":
        assert results["introspection"]["active"] is True
        assert results["introspection"]["sub"] == results["subject"]


def test_a_pushed_request_and_a_token_that_an_api_elsewhere_reads(
    start: Any, site: str, person: Person
) -> None:
    application = make_application(
        "web",
        scopes=("openid", "photos:read"),
        access_token_format="jwt",
        require_pushed_authorization_requests=True,
    )
    client = start(
        application,
        flow="code",
        scope="openid photos:read",
        api=f"{site}/api/photos/",
        pushed="yes",
        audience=API,
    )
    url = client.read()["url"]
    assert set(query(url)) == {"client_id", "request_uri"}
    client.write(person.answer(url))
    results = client.read()
    assert results["foreign"]["aud"] == API
    assert results["foreign"]["client_id"] == application.client_id
    assert results["foreign"]["sub"] == results["subject"] == results["introspection"]["sub"]
    assert (results["api"], results["api_after_revocation"]) == (200, 401)


def test_a_refusal_is_understood(start: Any, site: str, person: Person) -> None:
    application = make_application("web", scopes=("openid", "photos:read"))
    client = start(application, flow="code", scope="openid photos:read", api=site)
    client.write(person.answer(client.read()["url"], "deny"))
    assert client.read()["code"]["error"] == "access_denied"


def test_client_credentials_open_the_report(start: Any, site: str) -> None:
    application = make_application("service", scopes=("reports:read",))
    client = start(
        application, flow="client_credentials", scope="reports:read", api=f"{site}/api/reports/"
    )
    assert client.read() == {"token": {"scope": "reports:read"}, "api": 200}


def test_a_wrong_secret_is_understood(start: Any, site: str) -> None:
    application = make_application("service", scopes=("reports:read",))
    client = start(
        application,
        flow="client_credentials",
        scope="reports:read",
        client_secret="idps_wrong",
        api=site,
    )
    assert client.read()["token"]["status"] == 401
