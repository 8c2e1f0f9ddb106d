"""The ledger's list says whether the last verification found it intact."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from idp.domain.ledger import Head
from idp.models import LedgerCheck
from idp.services.ledger_check import begin_check, run_check
from tests.factories import grant, make_application, make_user

pytestmark = pytest.mark.django_db

LIST = "/admin/idp/consentevent/"


@pytest.fixture
def browser() -> Client:
    client = Client()
    client.force_login(
        make_user("olga", is_staff=True, is_superuser=True),
        "django.contrib.auth.backends.ModelBackend",
    )
    grant(make_user("ada"), make_application(), "a")
    return client


def page(browser: Client) -> str:
    response: Any = browser.get(LIST)
    assert response.status_code == 200
    return str(response.content.decode())


def test_one_that_was_never_verified_says_so_and_how(browser: Client) -> None:
    found = page(browser)

    assert "Never verified" in found
    assert "manage.py idp ledger verify" in found


def test_a_sound_one_is_intact_until_it_is_long_ago(browser: Client) -> None:
    run_check(begin_check(now=timezone.now()))
    found = page(browser)
    assert 'desk-badge--good">Intact' in found
    assert "1 event" in found

    LedgerCheck.objects.update(started_at=timezone.now() - timedelta(days=8))

    found = page(browser)
    assert 'desk-badge--warn">Intact' in found
    assert "verified more than a week ago" in found


def test_one_that_was_interrupted_since_says_so(browser: Client) -> None:
    run_check(begin_check(now=timezone.now()))
    begin_check(now=timezone.now())

    assert "interrupted since" in page(browser)


def test_a_broken_one_names_the_place_of_each_chain(browser: Client) -> None:
    heads = [Head(f"{number:032x}", 1, "0" * 64) for number in range(12)]
    run_check(begin_check(now=timezone.now()), checkpoint=heads)

    found = page(browser)

    assert 'desk-badge--danger">Broken' in found
    assert f"?user={0:032x}" in found
    assert "Removed from event 1" in found
    assert "and 2 more" in found
