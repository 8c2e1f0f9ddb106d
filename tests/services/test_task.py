"""Long work of operators is effective at once, and is carried to its end by whoever finds it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from idp.conf import access_token_model
from idp.models import Authorization, BulkTask, Consent, ConsentEvent
from idp.services import consent_sweep
from idp.services.authorization import PARTIES, standing
from idp.services.consent_reach import Target
from idp.services.ledger_verification import verify_ledger
from idp.services.rule_sweep import Range
from idp.services.task import Order, begin_task, unfinished_tasks, work_on
from tests.factories import grant, make_application, make_user
from tests.services.test_consent import hold

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(now: Any, monkeypatch: Any) -> Any:
    """A client with access to three users, and batches of one."""
    monkeypatch.setattr(consent_sweep, "BATCH", 1)
    client = make_application(scopes=("a", "b"))
    for _n in range(3):
        user = make_user()
        hold(user, client, "a b", now, grant(user, client, "a", "b", now=now))
    return client


def begun(target: Target, now: Any, kind: str = "take_back") -> BulkTask:
    order = Order(kind=kind, work=target, label="this", total=3, reason="incident")
    return begin_task(order, by="olga", now=now)


def test_what_is_taken_back_is_worthless_before_the_first_step(client: Any, now: Any) -> None:
    begun(Target(application=client), now)

    client.idp_policy.refresh_from_db()
    for act in Authorization.objects.select_related(*PARTIES):
        assert standing(act, client.idp_policy.epoch, now) is not None
    assert Consent.objects.live(now).count() == 3


def test_work_goes_on_where_it_stopped_until_nothing_is_left(client: Any, now: Any) -> None:
    task = begun(Target(application=client), now)

    assert work_on(task, seconds=0, now=now)
    assert (task.done, task.finished_at, list(unfinished_tasks())) == (1, None, [task])
    later = now + timedelta(minutes=5)
    kept = grant(make_user(), client, "a", now=later)
    while work_on(BulkTask.objects.get(), seconds=0, now=later):
        pass

    task.refresh_from_db()
    assert (task.finished_at, task.changed, task.position) == (later, 3, "")
    assert list(Consent.objects.live(later)) == [kept], "who decided later is left alone"
    told = ConsentEvent.objects.filter(kind="revoked").values_list("actor_name", "reason", "at")
    assert set(told) == {("olga", "incident", now)}
    assert list(verify_ledger()) == []


def test_one_scope_goes_and_the_rest_stays(client: Any, now: Any) -> None:
    task = begun(Target(scope="b"), now)

    assert work_on(task, seconds=60, now=now)

    assert task.finished_at == now
    assert set(Authorization.objects.values_list("scopes", flat=True)) == {"a"}
    assert set(access_token_model().objects.values_list("scope", flat=True)) == {"a"}


def test_ending_tokens_leaves_consent(client: Any, now: Any) -> None:
    task = begun(Target(application=client), now, kind="end_tokens")

    assert work_on(task, seconds=60, now=now)

    assert not Authorization.objects.live(now).exists()
    assert not access_token_model().objects.exists()
    assert Consent.objects.live(now).count() == 3


def test_two_do_not_work_at_once_and_a_lost_lease_runs_out(client: Any, now: Any) -> None:
    task = begun(Target(application=client), now)
    BulkTask.objects.update(leased_until=now + timedelta(seconds=30))

    assert not work_on(task, seconds=0, now=now)
    assert work_on(task, seconds=0, now=now + timedelta(seconds=31))


def test_work_on_a_client_that_is_gone_ends(client: Any, now: Any) -> None:
    task = begun(Target(application=client), now)
    client.delete()

    assert work_on(task, seconds=0, now=now)
    assert task.finished_at == now


def test_changed_rules_are_applied_by_a_task_as_well(client: Any, now: Any) -> None:
    order = Order(kind="sweep", work=Range(applications=(client,)), label="this", total=3)
    task = begin_task(order, by="olga", now=now)

    assert work_on(task, seconds=60, now=now)
    assert (task.finished_at, task.done) == (now, 6), "three consents and three tokens"
