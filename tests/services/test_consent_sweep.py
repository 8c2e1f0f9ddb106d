"""Operators take access back for many at once, after seeing how much it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from idp.conf import access_token_model, refresh_token_model
from idp.models import Authorization, Consent, ConsentEvent, SecurityEvent, Subject
from idp.services import consent_sweep
from idp.services.consent_change import Cause
from idp.services.consent_reach import Reach, Target, reach
from idp.services.consent_sweep import begin_taking_back, take_back_step
from idp.services.ledger_verification import verify_ledger
from tests.factories import grant, make_application, make_user
from tests.services.test_consent import hold

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def world(clock: Any, now: Any) -> dict[str, Any]:
    """Two users, two clients, each pair with consent and tokens; and tokens without consent."""
    users = [make_user("ada"), make_user("bob")]
    clients = [make_application(), make_application()]
    for user in users:
        for client in clients:
            consent = grant(user, client, "a", "b", now=now)
            hold(user, client, "a b", now, consent)
        access_token_model().objects.create(
            user=user, application=clients[0], token=f"old-{user}", scope="b", expires=now + DAY
        )
    access_token_model().objects.create(
        user=None, application=clients[0], token="own", scope="b bb", expires=now + DAY
    )
    return {"users": users, "clients": clients}


def take_back_from(target: Target, now: datetime, reason: str = "incident") -> Iterator[int]:
    """Take access back step by step as a task does, yielding how many rows each looked at."""
    cause = Cause(actor="operator", by="olga", reason=reason, at=now)
    position = begin_taking_back(target, cause)
    while position:
        step = take_back_step(target, position, cause)
        position = step.position
        if step.looked:
            yield step.looked


def sweep(target: Target, now: datetime) -> None:
    list(take_back_from(target, now))


def test_what_would_be_taken_back_is_counted_first(world: Any, now: Any) -> None:
    ada, client = world["users"][0], world["clients"][0]

    assert reach(Target(user=ada), now) == Reach(2, 2, 5)
    assert reach(Target(application=client), now) == Reach(2, 2, 7)
    assert reach(Target(user=ada, application=client), now) == Reach(1, 1, 3)
    assert reach(Target(), now) == Reach(4, 4, 11)
    assert reach(Target(scope="a"), now) == Reach(4, 4, 8)


def test_everything_of_one_user_ends(world: Any, now: Any) -> None:
    ada, bob = world["users"]

    sweep(Target(user=ada), now)

    assert reach(Target(user=ada), now) == Reach(0, 0, 0)
    assert reach(Target(user=bob), now) == Reach(2, 2, 5)
    assert Subject.objects.get(user=ada).epoch == 1
    events = ConsentEvent.objects.filter(kind="revoked")
    assert {(e.actor, e.actor_name, e.reason) for e in events} == {("operator", "olga", "incident")}
    assert SecurityEvent.objects.get(kind="consent.taken_back").detail["by"] == "olga"


def test_everything_of_one_client_ends_its_own_tokens_included(world: Any, now: Any) -> None:
    client, other = world["clients"]

    sweep(Target(application=client), now)

    assert reach(Target(application=client), now) == Reach(0, 0, 0)
    assert reach(Target(application=other), now) == Reach(2, 2, 4)
    client.idp_policy.refresh_from_db()
    assert client.idp_policy.epoch == 1


def test_everything_of_everyone_ends(world: Any, now: Any) -> None:
    sweep(Target(), now)

    assert reach(Target(), now) == Reach(0, 0, 0)
    assert not refresh_token_model().objects.filter(revoked=None).exists()
    assert list(verify_ledger()) == []


def test_one_scope_is_taken_out_and_the_rest_stays(world: Any, now: Any) -> None:
    sweep(Target(scope="b"), now)

    assert set(Authorization.objects.values_list("scopes", flat=True)) == {"a"}
    held = access_token_model().objects.values_list("scope", flat=True)
    assert sorted(held) == ["a", "a", "a", "a", "bb"]
    assert Consent.objects.live(now).count() == 4
    assert ConsentEvent.objects.filter(kind="narrowed").count() == 4


def test_work_is_done_in_batches_and_goes_on_after_an_interruption(
    world: Any, now: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(consent_sweep, "BATCH", 1)
    steps = take_back_from(Target(), now)
    assert next(steps) == 1
    steps.close()
    assert Consent.objects.live(now).count() == 3

    sweep(Target(), now)

    assert reach(Target(), now) == Reach(0, 0, 0)


def test_one_pair_ends_without_an_epoch_that_would_hit_others(world: Any, now: Any) -> None:
    ada, client = world["users"][0], world["clients"][0]

    sweep(Target(user=ada, application=client), now)

    assert reach(Target(user=ada, application=client), now) == Reach(0, 0, 0)
    assert Subject.objects.get(user=ada).epoch == 0
    client.idp_policy.refresh_from_db()
    assert client.idp_policy.epoch == 0


def test_a_longer_name_that_holds_the_scope_is_left_alone(world: Any, now: Any) -> None:
    consent = grant(make_user(), world["clients"][1], "bb", now=now)
    kept = hold(consent.user, world["clients"][1], "bb", now, consent)

    sweep(Target(scope="b"), now)

    kept.refresh_from_db()
    assert (kept.scopes, kept.ended_at) == ("bb", None)


def test_what_ran_out_is_written_off_in_batches(now: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(consent_sweep, "BATCH", 2)
    users, client = [make_user() for _ in range(3)], make_application()
    for user in users:
        grant(user, client, "a", duration="30d", now=now)
    kept = grant(make_user(), client, "a", now=now)

    assert list(consent_sweep.expire_due(now + 30 * DAY)) == [2, 3]
    assert list(consent_sweep.expire_due(now + 30 * DAY)) == []

    assert ConsentEvent.objects.filter(kind="expired").count() == 3
    kept.refresh_from_db()
    assert kept.status == "active"
