"""A running site, and people in front of it, for clients that nobody here wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.clients import script
from tests.clients.person import Person
from tests.factories import make_scope, make_user


@pytest.fixture(scope="session")
def node() -> Path:
    """The folder with the scripts in JavaScript and their locked dependencies."""
    return script.install()


@pytest.fixture
def site(live_server: Any, settings: Any) -> str:
    """The origin of the running site, which is its own issuer."""
    url: str = live_server.url
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "OIDC_ISS_ENDPOINT": f"{url}/o"}
    return url


@pytest.fixture
def person(site: str) -> Person:
    """Somebody who signs in and allows."""
    user = make_user("ada", email="ada@example.com")
    return Person(site, user)


@pytest.fixture(autouse=True)
def _scopes(site: str) -> None:
    make_scope("photos:read")
    make_scope("reports:read")
