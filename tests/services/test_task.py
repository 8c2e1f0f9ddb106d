"""Long work of operators is effective at once, and is carried to its end by whoever finds it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from idp.conf import access_token_model
from idp.models import Authorization, BulkTask, Consent, ConsentEvent, SecurityEvent
from idp.services import consent_sweep
from idp.services.authorization import PARTIES, standing
from idp.services.catalogue import current_catalogue
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


def test_who_lost_what_is_told_for_each_user_where_no_ledger_tells_it(
    client: Any, clock: Any, now: Any
) -> None:
    users = list(Authorization.objects.values_list("user", flat=True))
    legacy = make_user()
    access_token_model().objects.create(
        user=legacy, application=client, token="old", scope="a", expires=now + timedelta(days=1)
    )

    task = begun(Target(application=client), now, kind="end_tokens")
    assert work_on(task, seconds=60, now=now)

    events = SecurityEvent.objects.filter(client_id=client.client_id).exclude(user=None)
    told = {(row.kind, row.user_id, row.count) for row in events}
    assert told == {
        *(("authorization.ended_by_operator", user, 1) for user in users),
        ("token.revoked", legacy.pk, 1),
    }
    whole = {"by": "olga", "reason": "incident", "task": str(task.pk)}
    assert all(row.detail == whole for row in events)
    assert {row.request_id for row in events} == {str(task.pk)}, "one reference finds them all"
    first = SecurityEvent.objects.get(kind="authorization.ended_by_operator", user=None)
    assert first.detail == {**whole, "count": 3}


def test_a_scope_taken_where_nobody_was_asked_is_told_too(client: Any, now: Any) -> None:
    Consent.objects.all().delete()
    Authorization.objects.update(consent=None)

    assert work_on(begun(Target(scope="b"), now), seconds=60, now=now)

    told = SecurityEvent.objects.filter(kind="token.narrowed").values_list("user", "count")
    users = Authorization.objects.values_list("user", flat=True)
    # The act and its access token.
    assert sorted(told) == sorted((user, 1) for user in [*users, *users])


def test_the_ledger_finds_what_a_task_without_a_request_did(client: Any, now: Any) -> None:
    task = begun(Target(application=client), now)
    work_on(task, seconds=60, now=now)

    references = ConsentEvent.objects.filter(kind="revoked").values_list("request_id", flat=True)
    assert set(references) == {str(task.pk)}


def test_consents_unused_since_a_day_are_a_task_as_well(client: Any, now: Any) -> None:
    kept = Consent.objects.order_by("pk").first()
    old = now - timedelta(days=100)
    for rows in (Consent.objects, Authorization.objects):
        rows = rows.exclude(user=kept.user)
        rows.update(**{"decided_at" if rows.model is Consent else "created_at": old})
    task = begun(Target(application=client, unused_since=now - timedelta(days=99)), now)

    assert current_catalogue().withdrawals == (), "the used ones are not taken back"
    while not task.finished_at:
        work_on(task, seconds=0, now=now)
    assert list(Consent.objects.live(now)) == [kept]
