"""Many rows chosen in a list end by a task, after the right name or number was typed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from idp.admin import chosen, client_action, task_step
from idp.conf import refresh_token_model
from idp.models import (
    Authorization,
    BulkTask,
    ClientPolicy,
    Consent,
    ConsentEvent,
    SecurityEvent,
)
from idp.services import chosen as service
from idp.services.client import disable_client
from tests.admin.conftest import page, signed_in
from tests.factories import grant, make_application, make_user
from tests.services.test_consent import hold


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let one row be many."""
    monkeypatch.setattr(chosen, "LARGE", 1)


def sent(action: str, rows: Any, **more: str) -> dict[str, Any]:
    keys = [row.pk for row in rows]
    return {"action": action, "_selected_action": keys, "confirmed": "yes", "reason": "x", **more}


def test_consents_of_one_client_end_once_its_name_is_typed(
    desk: Client, house: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 1)
    grant(make_user(), house.application, "photos:read")
    body = sent("revoke_selected", Consent.objects.all())
    address = page("idp_consent_changelist")

    refused = desk.post(address, {**body, "challenge": "2"})
    assert refused.status_code == 400
    assert "older ones that no authorization stands behind" in refused.text
    assert not BulkTask.objects.exists()
    answer = desk.post(address, {**body, "challenge": str(house.application)}, follow=True)

    assert "Finished" in answer.text
    task = BulkTask.objects.get()
    assert (task.kind, task.by, task.done, task.changed) == ("revoke", "operator", 2, 2)
    assert not Consent.objects.live(timezone.now()).exists()
    event = ConsentEvent.objects.latest("pk")
    assert (event.kind, event.actor, event.actor_name) == ("revoked", "operator", "operator")


def test_what_belongs_to_several_clients_needs_the_number(
    desk: Client, house: SimpleNamespace
) -> None:
    grant(make_user(), make_application(name="Other", scopes=("photos:read",)), "photos:read")
    body = sent("revoke_selected", Consent.objects.all(), challenge=str(house.application))

    assert desk.post(page("idp_consent_changelist"), body).status_code == 400
    desk.post(page("idp_consent_changelist"), {**body, "challenge": "2"})
    assert BulkTask.objects.get().changed == 2


def test_chosen_consents_are_worthless_before_the_work_reaches_them(
    desk: Client, house: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 1)
    monkeypatch.setattr(task_step, "SECONDS", 0)
    last = grant(make_user(), house.application, "photos:read")
    body = sent("revoke_selected", Consent.objects.all(), challenge=str(house.application))

    answer = desk.post(page("idp_consent_changelist"), body, follow=True)

    assert "1 of 2" in answer.text
    before = last.epoch
    last.refresh_from_db()
    assert (last.status, last.epoch, last.ended_reason) == ("revoked", before + 1, "x")
    assert ConsentEvent.objects.filter(kind="revoked").count() == 1


@pytest.mark.parametrize("what", ["authorization", "access", "refresh"])
def test_authorizations_and_tokens_end_by_a_task_too(
    desk: Client, house: SimpleNamespace, what: str
) -> None:
    address, action, rows = {
        "authorization": ("idp_authorization", "end_selected", [house.authorization]),
        "access": ("oauth2_provider_accesstoken", "revoke_selected", [house.access]),
        "refresh": (
            "oauth2_provider_refreshtoken",
            "revoke_selected",
            refresh_token_model().objects.all(),
        ),
    }[what]
    body = sent(action, rows, challenge=str(house.application))

    desk.post(page(f"{address}_changelist"), body)

    task = BulkTask.objects.get()
    assert (task.kind, task.changed, task.finished_at is None) == ("end", 1, False)
    assert Authorization.objects.get().ended_reason == "x"
    kind = "authorization.ended_by_operator" if what == "authorization" else "token.revoked"
    event = SecurityEvent.objects.get(user=house.user, kind=kind)
    assert event.client_id == house.application.client_id
    assert (event.detail["by"], event.detail["task"]) == ("operator", str(task.pk))


def test_more_than_can_be_chosen_is_refused(
    desk: Client, house: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chosen, "MOST", 1)
    grant(make_user(), house.application, "photos:read")
    body = sent("revoke_selected", Consent.objects.all(), challenge=str(house.application))

    answer = desk.post(page("idp_consent_changelist"), body, follow=True)

    assert "More than 1 are chosen" in answer.text
    assert Consent.objects.live(timezone.now()).count() == 2
    assert not BulkTask.objects.exists()


def test_many_clients_are_disabled_one_after_the_other_once_their_number_is_typed(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_action, "MANY", 2)
    monkeypatch.setattr(service, "BATCH", 1)
    monkeypatch.setattr(task_step, "SECONDS", 0)
    clients = [make_application() for _ in range(3)]
    off = make_application()
    disable_client(off, reason="before")
    body = sent("disable_selected", [*clients, off])
    address = page("client_changelist")

    asked = desk.post(address, body)
    assert asked.status_code == 400
    assert "one after the other" in asked.text
    answer = desk.post(address, {**body, "challenge": "3"}, follow=True)

    assert "1 of 3" in answer.text
    disabled = ClientPolicy.objects.filter(status="disabled", status_reason="x")
    assert disabled.count() == 1
    task = BulkTask.objects.get()
    other = signed_in("idp.end_authorization")
    assert other.get(page("idp_bulktask_work", task.pk)).status_code == 403
    for _turn in range(2):
        desk.post(page("idp_bulktask_work", task.pk))
    task.refresh_from_db()
    assert (task.kind, task.changed, task.finished_at is None) == ("disable", 3, False)
    assert disabled.count() == 3
    lines = LogEntry.objects.filter(change_message="Disabled: x").values_list(
        "object_id", flat=True
    )
    assert set(lines) == {str(client.pk) for client in clients}
    told = SecurityEvent.objects.filter(kind="client.disabled", detail__task=str(task.pk))
    assert {row.client_id for row in told} == {client.client_id for client in clients}
    assert {row.detail["by"] for row in told} == {"operator"}


def test_the_few_that_end_in_the_request_name_who_lost_them(
    desk: Client, house: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chosen, "LARGE", 1000)
    other = grant(make_user(), house.application, "photos:read")
    act = hold(other.user, house.application, "photos:read", timezone.now(), other)

    tokens, acts = "oauth2_provider_accesstoken", "idp_authorization"
    desk.post(page(f"{tokens}_changelist"), sent("revoke_selected", [house.access]))
    desk.post(page(f"{acts}_changelist"), sent("end_selected", [act]))

    assert not BulkTask.objects.exists()
    token = SecurityEvent.objects.get(kind="token.revoked")
    assert (token.user, token.detail["by"]) == (house.user, "operator")
    assert token.detail["authorization"] == str(house.authorization.pk)
    ended = SecurityEvent.objects.get(kind="authorization.ended_by_operator")
    assert (ended.user, ended.detail) == (other.user, {"by": "operator", "reason": "x"})
