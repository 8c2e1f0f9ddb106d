"""What a purge removes, and what it never does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from idp.conf import (
    access_token_model,
    device_grant_model,
    grant_model,
    id_token_model,
    refresh_token_model,
)
from idp.models import (
    Authorization,
    AuthorizationRequest,
    Consent,
    ConsentEvent,
    ConsentUse,
    IssuedToken,
    SecurityEvent,
    SignIn,
    SigningKey,
)
from idp.services import purge as service
from idp.services.chosen import Chosen
from idp.services.event import Origin, record_event
from idp.services.key import rotate_key, signing_key
from idp.services.purge import due, purge
from idp.services.task import Order, begin_task, work_on
from idp.services.task_cause import cause_of
from tests.factories import grant, make_application, make_user
from tests.requirement import defect
from tests.services.test_consent import hold
from tests.views.flow import Flow

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
DAY_SECONDS = 86_400


@pytest.fixture
def flow(clock: Any) -> Flow:
    return Flow(make_application(scopes=("openid",)), make_user("ada"))


def run() -> dict[str, int]:
    """Purge now; return what went."""
    counts: dict[str, int] = {}
    for name, count in purge(timezone.now()):
        counts[name] = counts.get(name, 0) + count
    return {name: count for name, count in counts.items() if count}


def test_a_live_refresh_token_works_after_a_purge_though_its_access_token_expired(
    flow: Flow, clock: Any
) -> None:
    tokens = flow.tokens()
    clock.shift(20 * DAY_SECONDS)

    run()

    assert flow.refresh(tokens["refresh_token"]).status_code == 200


def test_a_finished_task_forgets_in_time_what_it_worked_on_and_from_where(clock: Any) -> None:
    chosen = Chosen(what="client", keys=(make_application().pk,))
    order = Order(kind="disable", work=chosen, label="clients (1)", total=1, reason="incident")
    origin = Origin(address="192.0.2.4", user_agent="Firefox", request_id="abc")
    done, waits = (begin_task(order, by="olga", origin=origin) for _n in range(2))
    work_on(done, seconds=60, now=timezone.now())
    clock.shift(89 * DAY_SECONDS)
    assert "objects of finished tasks" not in run()
    clock.shift(DAY_SECONDS)

    assert run()["objects of finished tasks"] == 1
    assert "objects of finished tasks" not in run()
    done.refresh_from_db()
    assert (done.target, done.origin) == ({}, {"request_id": "abc"})
    assert (done.by, done.reason, done.label) == ("olga", "incident", "clients (1)")
    waits.refresh_from_db()
    assert (waits.target["what"], waits.origin["address"]) == ("client", "192.0.2.4")
    assert cause_of(done).origin.request_id == "abc"


def test_an_expired_refresh_token_does_not_come_back_to_life(flow: Flow, clock: Any) -> None:
    tokens = flow.tokens()
    clock.shift(32 * DAY_SECONDS)

    gone = run()

    assert gone["issued tokens"] == 2
    assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert not refresh_token_model().objects.exists()


def test_a_replay_is_recognised_after_a_purge(flow: Flow, clock: Any) -> None:
    first = flow.tokens()
    second = flow.refresh(first["refresh_token"]).json()
    clock.shift(2 * DAY_SECONDS)

    assert run()["refresh tokens"] == 1

    assert flow.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert Authorization.objects.get().ended_reason == "refresh_token_replayed"
    assert flow.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_used_token_that_only_the_toolkit_knows_stays_as_long_as_it_could_live(now: Any) -> None:
    client, user = make_application(), make_user()
    for number, age in enumerate((2, 89, 91)):
        refresh_token_model().objects.create(
            user=user, application=client, token=f"old-{number}", revoked=timezone.now() - age * DAY
        )

    assert run()["refresh tokens"] == 1
    assert refresh_token_model().objects.count() == 2


def test_no_live_token_of_before_is_touched(now: Any) -> None:
    client, user = make_application(), make_user()
    past = timezone.now() - 400 * DAY
    access = access_token_model().objects.create(
        user=user, application=client, token="a", scope="a", expires=past
    )
    for number, parent in enumerate((access, None)):
        refresh_token_model().objects.create(
            user=user, application=client, token=f"r{number}", access_token=parent
        )

    run()

    assert refresh_token_model().objects.count() == 2
    assert access_token_model().objects.count() == 1, "the scopes of a refresh token stand there"


def test_an_ended_authorization_goes_with_all_its_rows_after_its_time(now: Any) -> None:
    client, user, at = make_application(), make_user(), timezone.now()
    old, recent, live = (hold(user, client, "a", at) for _ in range(3))
    Authorization.objects.filter(pk=old.pk).update(ended_at=at - 90 * DAY)
    Authorization.objects.filter(pk=recent.pk).update(ended_at=at - 89 * DAY)

    assert run()["authorizations"] == 1

    assert set(Authorization.objects.all()) == {recent, live}
    assert IssuedToken.objects.filter(authorization=live).exists()
    families = set(refresh_token_model().objects.values_list("token_family", flat=True))
    assert families == {recent.pk, live.pk}
    assert access_token_model().objects.count() == 2


@defect(6)
@defect(25)
def test_everything_else_goes_when_it_is_over_and_stays_before(now: Any, settings: Any) -> None:
    client, user, at = make_application(), make_user(), timezone.now()
    consent = grant(user, client, "a")
    for number, moment in enumerate((at - DAY, at + DAY)):
        AuthorizationRequest.objects.create(
            nonce_digest=str(number), application=client, parameters={}, expires_at=moment
        )
        grant_model().objects.create(
            user=user, application=client, code=str(number), expires=moment, redirect_uri="x"
        )
        device_grant_model().objects.create(
            device_code=str(number),
            user_code=str(number),
            client_id=client.client_id,
            expires=moment - DAY,
            scope="a",
        )
        id_token_model().objects.create(
            application=client, user=user, expires=moment - DAY, scope=""
        )
    for age in (364, 365):
        SignIn.objects.create(user=user, at=at - age * DAY)
        ConsentUse.objects.create(consent=consent, day=at.date() - age * DAY)
        record_event("something", distinct=str(age), now=at - age * DAY)
    SecurityEvent.objects.exclude(kind="something").delete()
    counted = {name: count for name, count in due(at).items() if count}

    gone = run()

    names = (
        "authorization requests",
        "authorization codes",
        "device codes",
        "ID tokens",
        "events",
        "sign-ins",
        "silent uses",
    )
    assert gone == counted == dict.fromkeys(names, 1)
    assert run() == {}


def test_a_sign_in_stays_as_long_as_something_lives_under_it(flow: Flow, clock: Any) -> None:
    flow.tokens()
    SignIn.objects.update(at=timezone.now() - 400 * DAY)

    run()

    assert SignIn.objects.count() == 1


def test_decisions_stay_for_ever_and_ends_are_written_down(now: Any) -> None:
    client, user = make_application(), make_user()
    grant(user, client, "a", duration="30d", now=timezone.now() - 1000 * DAY)

    assert run() == {"consents that ran out": 1}

    assert list(ConsentEvent.objects.order_by("sequence").values_list("kind", flat=True)) == [
        "granted",
        "expired",
    ]
    assert Consent.objects.get().status == "expired"
    assert run() == {}


def test_keys_move_on(now: Any) -> None:
    signing_key()
    rotate_key("RS256", now=timezone.now() - DAY)

    run()

    assert not SigningKey.objects.filter(state="announced").exists()


@defect(25)
def test_it_works_in_batches_and_goes_on_after_an_interruption(now: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(service, "BATCH", 2)
    client, past = make_application(), timezone.now() - DAY
    for number in range(5):
        AuthorizationRequest.objects.create(
            nonce_digest=str(number), application=client, parameters={}, expires_at=past
        )
    steps = purge(timezone.now())
    assert next(steps) == ("authorization requests", 2)
    steps.close()
    assert AuthorizationRequest.objects.count() == 3

    assert run() == {"authorization requests": 3}
