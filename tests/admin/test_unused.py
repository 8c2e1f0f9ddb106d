"""What a client was given and never used is named on its page, and taken away from there."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from django.test import Client
from django.utils import timezone

from idp.admin import client_unused, task_step
from idp.models import (
    Authorization,
    BulkTask,
    Consent,
    ConsentEvent,
    ConsentScope,
    SecurityEvent,
)
from idp.services import scope_sweep
from idp.services.scope_use import record_scope_use
from tests.admin.conftest import page, signed_in
from tests.factories import grant, make_user
from tests.services.test_consent import hold


def long_ago(house: SimpleNamespace) -> None:
    past = timezone.now() - timedelta(days=91)
    ConsentScope.objects.update(since=past)
    Authorization.objects.update(created_at=past)


def take(house: SimpleNamespace, scope: str = "photos:read") -> str:
    address = page("client_take_unused", house.application.pk)
    return f"{address}?{urlencode({'scope': scope})}"


def test_the_page_names_what_was_never_used_in_90_days(
    desk: Client, house: SimpleNamespace
) -> None:
    overview = page("client_overview", house.application.pk)
    assert "take-unused" not in desk.get(overview).text
    long_ago(house)
    shown = desk.get(overview).text
    assert "Granted, never used in 90 days" in shown
    assert "take-unused/?scope=photos%3Aread" in shown


def test_what_is_used_is_not_offered(desk: Client, house: SimpleNamespace) -> None:
    long_ago(house)
    record_scope_use(house.authorization.pk, ["photos:read"], now=timezone.now())
    assert "take-unused" not in desk.get(page("client_overview", house.application.pk)).text
    assert desk.get(take(house)).status_code == 404


def test_it_is_taken_from_those_who_never_used_it_and_written_down(
    desk: Client, house: SimpleNamespace
) -> None:
    grant(make_user("new"), house.application, "photos:read")
    ConsentScope.objects.filter(consent=house.consent).update(
        since=timezone.now() - timedelta(days=91)
    )
    Authorization.objects.update(created_at=timezone.now() - timedelta(days=91))
    asked = desk.get(take(house))
    assert "anna" in asked.text
    answer = desk.post(take(house), {"confirmed": "yes", "reason": "idle"}, follow=True)
    assert "2 of 2 rows, 1 of them changed" in answer.text
    task = BulkTask.objects.get()
    assert (task.kind, task.by, task.reason) == ("unused", "operator", "idle")
    recorded = SecurityEvent.objects.get(kind="client.unused_scope_taken").detail
    assert recorded["task"] == str(task.pk)
    assert (recorded["by"], recorded["count"]) == ("operator", 2)
    event = ConsentEvent.objects.latest("pk")
    assert (event.kind, event.actor, event.actor_name, event.reason) == (
        "revoked",
        "operator",
        "operator",
        "idle",
    )
    assert ConsentScope.objects.get(consent__user__username="new").state == "granted"
    house.authorization.refresh_from_db()
    assert house.authorization.ended_at is not None


def test_many_lose_it_batch_by_batch_after_the_clients_name_was_typed(
    desk: Client, house: SimpleNamespace, monkeypatch: Any
) -> None:
    monkeypatch.setattr(client_unused, "LARGE", 2)
    monkeypatch.setattr(scope_sweep, "BATCH", 1)
    monkeypatch.setattr(task_step, "SECONDS", 0)
    used = grant(make_user(), house.application, "photos:read")
    act = hold(used.user, house.application, "photos:read", timezone.now(), used)
    idle = grant(make_user(), house.application, "photos:read")
    hold(idle.user, house.application, "photos:read", timezone.now(), idle)
    long_ago(house)
    sent = {"confirmed": "yes", "reason": "idle"}
    assert desk.post(take(house), sent).status_code == 400
    sent["challenge"] = str(house.application)

    answer = desk.post(take(house), sent, follow=True)

    assert "1 of 3, 1 changed" in answer.text
    assert "loses it when its turn comes" in answer.text
    record_scope_use(act.pk, ["photos:read"], now=timezone.now())
    work = page("idp_bulktask_work", BulkTask.objects.get().pk)
    while BulkTask.objects.get().finished_at is None:
        desk.post(work)
    assert BulkTask.objects.get().changed == 2
    live = Consent.objects.live(timezone.now())
    assert list(live) == [used], "what was used until its turn came is kept"


def test_a_reason_is_needed(desk: Client, house: SimpleNamespace) -> None:
    long_ago(house)
    assert desk.post(take(house), {"confirmed": "yes"}).status_code == 400
    assert ConsentScope.objects.get().state == "granted"


def test_who_may_only_look_sees_it_and_takes_nothing(house: SimpleNamespace) -> None:
    long_ago(house)
    opts = house.application._meta
    browser = signed_in(f"{opts.app_label}.view_{opts.model_name}", "idp.view_consent")
    shown = browser.get(page("client_overview", house.application.pk)).text
    assert "Granted, never used in 90 days" in shown
    assert "take-unused" not in shown
    assert browser.post(take(house), {"confirmed": "yes", "reason": "x"}).status_code == 403
