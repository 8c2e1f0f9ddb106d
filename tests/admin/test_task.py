"""Access is taken back from many at the desk: counted, confirmed by name, and worked off."""

from __future__ import annotations

import re
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from idp.admin import client_action, take_back, task_step
from idp.models import Authorization, BulkTask, Consent
from idp.services import consent_sweep
from tests.admin.conftest import page, signed_in
from tests.factories import grant, make_user


def address(**named: str) -> str:
    return take_back.address("admin", **named)


def test_a_clients_access_is_counted_first_and_then_taken_back(
    desk: Client, house: SimpleNamespace
) -> None:
    assert "Whose access" in desk.get(page("idp_take_back")).text
    asked = desk.get(address(client="photo-print"))
    assert "Take back: " in asked.text
    assert Consent.objects.live(timezone.now()).exists()

    answer = desk.post(
        address(client="photo-print"), {"confirmed": "yes", "reason": "incident"}, follow=True
    )

    assert "Finished" in answer.text
    assert not Consent.objects.live(timezone.now()).exists()
    assert BulkTask.objects.get().by == "operator"


def test_what_is_large_needs_the_clients_name(
    desk: Client, house: SimpleNamespace, monkeypatch: Any
) -> None:
    monkeypatch.setattr(take_back, "LARGE", 1)
    sent = {"confirmed": "yes", "reason": "incident", "challenge": "photo-print"}
    assert desk.post(address(client="photo-print"), sent).status_code == 400
    assert not BulkTask.objects.exists()

    desk.post(address(client="photo-print"), {**sent, "challenge": str(house.application)})
    assert BulkTask.objects.exists()


def test_work_goes_on_page_by_page_without_a_script(
    desk: Client, house: SimpleNamespace, monkeypatch: Any
) -> None:
    monkeypatch.setattr(consent_sweep, "BATCH", 1)
    monkeypatch.setattr(task_step, "SECONDS", 0)
    grant(make_user(), house.application, "photos:read")

    answer = desk.post(address(everyone="on"), {"confirmed": "yes", "reason": "x"}, follow=True)
    assert "1 of 2" in answer.text
    assert "carry it on" in desk.get(page("idp_bulktask_changelist")).text
    work = page("idp_bulktask_work", BulkTask.objects.get().pk)
    for _turn in range(9):
        desk.post(work)

    assert BulkTask.objects.get().finished_at is not None
    assert "Go on" not in desk.get(work).text


def test_many_tokens_of_a_client_end_by_a_task(
    desk: Client, house: SimpleNamespace, monkeypatch: Any
) -> None:
    monkeypatch.setattr(client_action, "LARGE", 1)
    sent = {"confirmed": "yes", "reason": "x", "challenge": str(house.application)}

    desk.post(page("client_end_tokens", house.application.pk), sent)

    assert BulkTask.objects.get().kind == "end_tokens"
    assert not Authorization.objects.live(timezone.now()).exists()


@pytest.mark.parametrize(
    "named",
    [
        {"user": "nobody"},
        {"client": "nobody"},
        {"user": "anna", "everyone": "on"},
        {"scope": ""},
        {"scope": "\0"},
    ],
)
def test_a_target_that_is_none_is_asked_for_again(
    desk: Client, house: SimpleNamespace, named: dict[str, str]
) -> None:
    answer = desk.post(address(**named), {"confirmed": "yes", "reason": "x"})

    assert answer.status_code == 200
    assert not BulkTask.objects.exists()


def test_only_who_may_revoke_takes_back(house: SimpleNamespace) -> None:
    helper = signed_in("idp.revoke_consent")
    assert helper.get(address(client="photo-print")).status_code == 200
    assert helper.get(address(scope="photos:read")).status_code == 403
    assert helper.get(page("idp_bulktask_changelist")).status_code == 200
    viewer = signed_in("idp.view_consent", "idp.view_bulktask")
    assert viewer.get(address(client="photo-print")).status_code == 403
    assert viewer.get(page("idp_bulktask_changelist")).status_code == 200
    assert signed_in("idp.view_consent").get(page("idp_bulktask_changelist")).status_code == 403


def test_the_list_of_tasks_reads_none_of_the_keys_that_they_work_on(
    desk: Client, house: SimpleNamespace
) -> None:
    desk.post(address(client="photo-print"), {"confirmed": "yes", "reason": "incident"})

    with CaptureQueriesContext(connection) as captured:
        shown = desk.get(page("idp_bulktask_changelist"))

    assert "Finished" in shown.text
    read = [query["sql"] for query in captured.captured_queries if "idp_bulktask" in query["sql"]]
    assert read
    assert not [sql for sql in read if '"target"' in sql]


def test_the_page_of_a_task_leads_to_who_lost_what(desk: Client, house: SimpleNamespace) -> None:
    desk.post(address(client="photo-print"), {"confirmed": "yes", "reason": "incident"})
    task = BulkTask.objects.get()
    shown = desk.get(page("idp_bulktask_change", task.pk)).text
    links = [unescape(url) for url in re.findall(r'href="([^"]*\?[^"]*)"', shown)]

    ledger = next(url for url in links if "/consentevent/?actor" in url)
    assert house.consent.user.idp_subject.key[:8] in desk.get(ledger).text
    events = next(url for url in links if "/securityevent/?q=" in url)
    assert "consent.taken_back" in desk.get(events).text
    assert "client=photo-print" in ledger
