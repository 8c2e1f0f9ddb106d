"""What a change takes away is shown before it is saved, and taken away in sight."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from idp.models import (
    Authorization,
    BulkTask,
    ClientScope,
    ConsentEvent,
    ScopePolicy,
    SecurityEvent,
)
from idp.services.client_scope import approve_scope
from tests.admin.conftest import page, signed_in
from tests.factories import add_scope, grant, make_user

STAFF_ONLY = {
    "name": "sensitive",
    "sensitivity": "sensitive",
    "clients": "any",
    "consent": "remember",
    "refresh": "on",
    "approver_differs": "on",
    "groups": ["staff"],
}


def tighten(desk: Client, house: SimpleNamespace, **extra: str) -> Any:
    make_user(groups=("staff",))
    return desk.post(page("idp_scopepolicy_change", house.policy.pk), {**STAFF_ONLY, **extra})


def test_the_page_counts_lists_and_saves_nothing(desk: Client, house: SimpleNamespace) -> None:
    asked = tighten(desk, house)
    counts = {str(words): number for words, number in asked.context["counts"]}
    assert counts["Users whose consent loses a scope"] == 1
    assert counts["Live tokens of these"] == 2
    assert "anna → Photo Print" in asked.text
    assert ScopePolicy.objects.get(pk=house.policy.pk).groups is None
    assert not SecurityEvent.objects.filter(kind="policy.changed").exists()


def test_all_of_them_come_as_a_file_that_saves_nothing(
    desk: Client, house: SimpleNamespace
) -> None:
    house.user.username = "=cmd()"
    house.user.save()
    hidden = dict(tighten(desk, house).context["hidden"])
    answer = tighten(desk, house, **hidden, _impact_export="1")
    assert answer["Content-Type"].startswith("text/csv")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert lines == [
        "client_id,client,user,scopes_lost",
        "photo-print,Photo Print,'=cmd(),photos:read",
    ]
    assert ScopePolicy.objects.get(pk=house.policy.pk).groups is None


def test_from_now_on_leaves_what_was_given_written_down(
    desk: Client, house: SimpleNamespace
) -> None:
    answer = tighten(desk, house, _impact_seen="1")
    assert answer.status_code == 302
    assert "take-away" not in answer["Location"]
    assert ScopePolicy.objects.get(pk=house.policy.pk).groups == ["staff"]
    assert ConsentEvent.objects.filter(kind__in=["narrowed", "revoked"]).count() == 0


def test_also_what_is_out_there_leads_to_the_page_that_takes_it(
    desk: Client, house: SimpleNamespace
) -> None:
    answer = tighten(desk, house, _impact_seen="1", _impact_sweep="1")
    assert answer["Location"] == f"{page('idp_sweep')}?policy={house.policy.pk}"
    shown = desk.get(answer["Location"])
    assert shown.context["total"] == "2"  # the consent, and its access token
    assert Authorization.objects.get().ended_at is None

    done = desk.post(answer["Location"], follow=True)

    assert "1 rows" in done.text
    event = ConsentEvent.objects.latest("pk")
    assert (event.kind, event.actor, event.actor_name) == ("revoked", "policy", "operator")
    assert Authorization.objects.get().ended_at is not None


def test_long_work_shows_how_far_it_has_come_and_goes_on(
    desk: Client, house: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("idp.services.rule_sweep.BATCH", 1)
    monkeypatch.setattr("idp.admin.task_step.SECONDS", 0)
    for _ in range(3):
        grant(make_user(), house.application, "photos:read")
    tighten(desk, house, _impact_seen="1")
    answer = desk.post(f"{page('idp_sweep')}?policy={house.policy.pk}", follow=True)
    task = BulkTask.objects.get()
    assert (task.kind, task.by, task.done, task.changed) == ("sweep", "operator", 1, 1)
    assert "is judged by the rules as they are now" in answer.text
    assert "data-goes-on" in answer.text
    for _turn in range(9):
        desk.post(page("idp_bulktask_work", task.pk))
    task.refresh_from_db()
    assert (task.finished_at is not None, task.changed) == (True, 4)


@pytest.mark.parametrize(
    "query", ["", "?policy=x", "?policy=999999", "?scope=%00", "?client=" + "9" * 40]
)
def test_a_sweep_of_nothing_is_not_found(desk: Client, house: SimpleNamespace, query: str) -> None:
    assert desk.get(page("idp_sweep") + query).status_code == 404


def test_who_may_not_take_consent_away_is_not_offered_it(house: SimpleNamespace) -> None:
    browser = signed_in("idp.change_scopepolicy", "idp.view_scopepolicy")
    asked = tighten(browser, house)
    assert "_impact_sweep" not in asked.text
    assert browser.get(f"{page('idp_sweep')}?policy={house.policy.pk}").status_code == 403


def test_taking_a_scope_from_a_client_asks_first(desk: Client, house: SimpleNamespace) -> None:
    add_scope(house.application, "mail:read")
    address = page("client_change", house.application.pk)
    form = desk.get(address).context["form"]
    sent = {
        bound.html_name: value
        for bound in form
        if (value := bound.value()) not in (None, "", False) and bound.name != "scopes"
    }
    sent = {
        key: "\n".join(value) if isinstance(value, tuple) else value for key, value in sent.items()
    }
    sent |= {"scopes:mail:read": "required", "kind": "web"}
    asked = desk.post(address, sent)
    assert "This change takes something away" in asked.text, asked.context["form"].errors
    assert ClientScope.objects.filter(scope__name="photos:read").exists()
    answer = desk.post(address, {**sent, "_impact_seen": "1", "_impact_sweep": "1"})
    assert answer["Location"] == f"{page('idp_sweep')}?client={house.application.pk}"
    assert [row.scope.name for row in ClientScope.objects.all()] == ["mail:read"]


def test_refusing_what_was_approved_asks_first(desk: Client, house: SimpleNamespace) -> None:
    house.policy.clients = "approved"
    house.policy.save()
    row = ClientScope.objects.get()
    approve_scope(row, by="berta")
    address = page("idp_clientscope_decide", row.pk)
    sent = {"decision": "refuse", "reason": "no longer"}
    asked = desk.post(address, sent)
    assert "This change takes something away" in asked.text
    row.refresh_from_db()
    assert row.state == "approved"
    answer = desk.post(address, {**sent, "_impact_seen": "1", "_impact_sweep": "1"})
    assert answer["Location"] == f"{page('idp_sweep')}?client={house.application.pk}"
    row.refresh_from_db()
    assert row.state == "refused"
    assert "1 rows" in desk.post(answer["Location"], follow=True).text
