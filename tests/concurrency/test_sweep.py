"""Taking access back from everyone while users decide: nothing deadlocks, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from idp.models import BulkTask, Consent, ConsentEvent
from idp.services import consent_sweep
from idp.services.consent import record_decision, revoke_consent
from idp.services.consent_reach import Target
from idp.services.consent_scope import granted_scopes
from idp.services.task import Order, begin_task, work_on
from tests.concurrency.test_ledger import at_once, chain_is_sound
from tests.factories import grant, make_application, make_user
from tests.services.test_consent_sweep import take_back_from
from tests.thorough import share

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("attempt", share(range(5), of=3))
def test_two_sweeps_and_deciding_users_leave_sound_chains(
    attempt: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consent_sweep, "BATCH", 7)
    clients = [make_application() for _ in range(4)]
    users = [make_user() for _ in range(6)]
    for user in users:
        for client in clients:
            grant(user, client, "a")

    def sweep() -> None:
        list(take_back_from(Target(), timezone.now()))

    def decide(number: int) -> Callable[[], None]:
        def act() -> None:
            for client in clients:
                record_decision(users[number], client, "b", allow=True)
                consent = Consent.objects.get(user=users[number], application=client)
                revoke_consent(consent)

        return act

    at_once(sweep, sweep, *[decide(number) for number in range(len(users))])

    assert not Consent.objects.live(timezone.now()).exists()
    chain_is_sound(ConsentEvent.objects.count())
    for consent in Consent.objects.all():
        events = ConsentEvent.objects.filter(
            subject_key=consent.user.idp_subject.key, client_id=consent.application.client_id
        )
        kinds = list(events.order_by("sequence").values_list("kind", flat=True))
        assert kinds.count("granted") == kinds.count("revoked"), kinds


@pytest.mark.parametrize(
    ("scope", "kinds", "held"),
    [
        ("", ["granted", "revoked", "granted"], {"b"}),
        ("a", ["granted", "narrowed", "extended"], {"b", "c"}),
    ],
)
@pytest.mark.parametrize("attempt", share(range(3), of=2))
def test_users_who_decide_while_a_task_works_lose_what_was_taken_and_keep_what_they_gave(
    attempt: int, scope: str, kinds: list[str], held: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consent_sweep, "BATCH", 3)
    clients = [make_application() for _ in range(3)]
    users = [make_user() for _ in range(5)]
    for user in users:
        for client in clients:
            grant(user, client, "a", "c")
    order = Order(kind="take_back", work=Target(scope=scope), label="this", total=15)
    begin_task(order, by="olga", now=timezone.now())

    def work() -> None:
        task = BulkTask.objects.get()
        while task.finished_at is None:
            work_on(task, seconds=0, now=timezone.now())

    def decide(number: int) -> Callable[[], None]:
        return lambda: [record_decision(users[number], c, "b", allow=True) for c in clients]

    at_once(work, *[decide(number) for number in range(len(users))])

    chain_is_sound(ConsentEvent.objects.count())
    for consent in Consent.objects.all():
        events = ConsentEvent.objects.filter(
            subject_key=consent.user.idp_subject.key, client_id=consent.application.client_id
        )
        assert list(events.order_by("sequence").values_list("kind", flat=True)) == kinds
        assert granted_scopes(consent) == held
