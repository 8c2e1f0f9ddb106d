"""Runs inside a host site: its real database, migrated as its operator does."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client as Browser


def pytest_configure(config: pytest.Config) -> None:
    """The toolkit warns about every old practice, and an old site is full of them."""
    config.addinivalue_line("filterwarnings", "ignore:.*RFC 9700:DeprecationWarning")


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> None:
    """Use the site's database instead of a new one, after the operator's ``migrate``."""
    with django_db_blocker.unblock():
        for arguments in json.loads(os.environ["DROPIN_MIGRATE"]):
            call_command("migrate", *arguments, verbosity=0)


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """Every test sees the site as it was left, and leaves it so."""


@pytest.fixture(scope="session")
def facts() -> Any:
    """What clients and people know from before."""
    return json.loads(Path(os.environ["DROPIN_FACTS"]).read_text(encoding="utf-8"))


@pytest.fixture
def clients(facts: Any) -> Any:
    """Name to client id and secret."""
    return facts["clients"]


@pytest.fixture
def tokens(facts: Any) -> Any:
    """Name of a client to the answer that it got from the token endpoint."""
    return facts["tokens"]


@pytest.fixture
def ada() -> Any:
    """The user who allowed everything."""
    return get_user_model()._default_manager.get_by_natural_key("ada")


@pytest.fixture
def browser(ada: Any) -> Browser:
    """A browser in which Ada is signed in."""
    browser = Browser()
    browser.force_login(ada)
    return browser
