"""Workers that deliver sign-out messages at the same time."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.utils import timezone

from idp.models import LogoutDelivery
from idp.services.logout_delivery import deliver_due
from tests.concurrency.race import THREADS, at_once
from tests.services.test_logout import make_client, receiver

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

MESSAGES = 24


def test_no_message_is_sent_twice(settings: object) -> None:
    with receiver(settings) as (uri, requests):
        application, now = make_client(uri), timezone.now()
        LogoutDelivery.objects.bulk_create(
            LogoutDelivery(
                application=application,
                sid=uuid4(),
                subject="1",
                issuer="http://127.0.0.1:8000/o",
                created_at=now,
                next_at=now,
            )
            for _ in range(MESSAGES)
        )

        found = at_once(*[lambda: len(list(deliver_due()))] * THREADS)

    assert sum(found) == MESSAGES
    assert len(requests) == MESSAGES
    assert set(LogoutDelivery.objects.values_list("state", "attempts")) == {("delivered", 1)}
