"""An auditor asks who had access to what on a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from idp.admin import ledger_who
from idp.models import Subject
from idp.services.consent import revoke_consent
from idp.services.erasure import forget_user
from tests.admin.conftest import signed_in
from tests.factories import grant, make_application, make_user

pytestmark = pytest.mark.django_db

WHO = "/admin/idp/consentevent/who/"
DAY = timedelta(days=1)


@pytest.fixture
def day() -> str:
    """A day on which ada and bob had given access to one client; ada took it back since."""
    now = timezone.now()
    client = make_application(client_id="photo-print", name="Photo Print")
    for name in ("ada", "bob"):
        consent = grant(make_user(name), client, "a", now=now - 10 * DAY)
        if name == "ada":
            revoke_consent(consent, now=now - 3 * DAY)
    return (now - 5 * DAY).date().isoformat()


def asked(browser: Client, **query: str) -> str:
    response: Any = browser.get(WHO, query)
    assert response.status_code == 200
    return str(response.content.decode())


def test_the_page_begins_with_the_question(day: str) -> None:
    found = asked(signed_in("idp.view_consentevent"))

    assert 'name="on"' in found
    assert "desk-table" not in found


def test_it_tells_who_had_access_on_the_day_and_what(day: str) -> None:
    browser = signed_in("idp.view_consentevent")

    found = asked(browser, on=day)
    assert (">ada</a>" in found, ">bob</a>" in found) == (True, True)
    assert "photo-print" in found
    today = asked(browser, on=timezone.now().date().isoformat())
    assert (">ada</a>" in today, ">bob</a>" in today) == (False, True)
    assert "Nobody had given access." in asked(browser, on=day, client="other")


def test_one_user_is_found_by_name_and_somebody_forgotten_by_key(day: str) -> None:
    browser = signed_in("idp.view_consentevent")
    ada = Subject.objects.get(user__username="ada")
    assert ">bob</a>" not in asked(browser, on=day, user="ada")
    forget_user(ada.user)

    found = asked(browser, on=day, user=ada.key)

    assert "Somebody forgotten" in found
    assert ">bob</a>" not in found


@pytest.mark.parametrize("on", ["yesterday", "2026-13-01", "", "9999-12-31", "0001-01-01", "\x00"])
def test_a_day_that_cannot_be_is_no_error_of_ours(day: str, on: str) -> None:
    asked(signed_in("idp.view_consentevent"), on=on, client="\x00", user="\x00")
    asked(signed_in("idp.view_consentevent"), on=on)


def test_a_long_answer_is_cut_and_says_so(day: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_who, "SHOWN", 1)

    assert "The first 1 are shown" in asked(signed_in("idp.view_consentevent"), on=day)


def test_nobody_asks_without_the_permission(day: str) -> None:
    assert signed_in("idp.view_scope").get(WHO).status_code == 403
    assert Client().get(WHO).status_code == 302
