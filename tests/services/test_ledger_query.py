"""Who had access to what on a day, as the ledger tells it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from idp.models import Subject
from idp.services.consent import narrow_consent, record_decision, revoke_consent
from idp.services.erasure import forget_user
from idp.services.ledger_query import who_had_access
from tests.factories import grant, make_application, make_user

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def ada() -> Any:
    return make_user("ada")


@pytest.fixture
def client() -> Any:
    return make_application(client_id="photo-print")


def on(start: datetime, **limits: Any) -> list[tuple[str, str, str]]:
    """Return user, client and scopes of everyone who had given access on the day from a moment."""
    found = who_had_access(start, start + DAY, **limits)
    return [(a.user, a.client_id, " ".join(sorted(a.scopes))) for a in found]


def test_access_counts_from_the_day_it_was_given_to_the_day_it_was_taken_back(
    ada: Any, client: Any, now: Any
) -> None:
    consent = grant(ada, client, "a", now=now)
    revoke_consent(consent, now=now + 3 * DAY)

    assert on(now - 2 * DAY) == []
    assert on(now - timedelta(hours=1)) == [("ada", "photo-print", "a")]
    assert on(now + DAY) == [("ada", "photo-print", "a")]
    assert on(now + 3 * DAY - timedelta(hours=1)) == [("ada", "photo-print", "a")]
    assert on(now + 3 * DAY) == []


def test_an_end_that_nobody_wrote_down_counts(ada: Any, client: Any, now: Any) -> None:
    grant(ada, client, "a", duration="30d", now=now)

    assert on(now + 29 * DAY) == [("ada", "photo-print", "a")]
    assert on(now + 30 * DAY) == []


def test_a_day_of_changes_tells_each_of_them(ada: Any, client: Any, now: Any) -> None:
    consent = grant(ada, client, "a", "b", now=now)
    narrow_consent(consent, {"b"}, now=now + DAY)

    assert on(now + DAY - timedelta(hours=1)) == [
        ("ada", "photo-print", "a b"),
        ("ada", "photo-print", "a"),
    ]
    assert on(now + 2 * DAY) == [("ada", "photo-print", "a")]


def test_a_refusal_gives_nothing_and_takes_nothing(ada: Any, client: Any, now: Any) -> None:
    record_decision(make_user("bob"), client, "a", allow=False, now=now)
    grant(ada, client, "a", now=now)
    record_decision(ada, client, "b", allow=False, now=now + DAY)

    assert on(now + DAY - timedelta(hours=1)) == [("ada", "photo-print", "a")]
    assert on(now + 2 * DAY) == [("ada", "photo-print", "a")]


def test_it_can_be_asked_of_one_client_user_or_person(ada: Any, client: Any, now: Any) -> None:
    other, bob = make_application(client_id="other"), make_user("bob")
    for user in (ada, bob):
        grant(user, client, "a", now=now)
        grant(user, other, "b", now=now)
    day = now + DAY

    assert {row[0] for row in on(day, client_id="other")} == {"ada", "bob"}
    assert {row[1] for row in on(day, user=ada)} == {"photo-print", "other"}
    assert len(on(day, user=ada, client_id="other")) == 1
    assert on(day, subject=Subject.objects.get(user=bob).key, client_id="other") == [
        ("bob", "other", "b")
    ]


def test_somebody_forgotten_is_counted_without_a_name(ada: Any, client: Any, now: Any) -> None:
    grant(ada, client, "a", now=now)
    key = Subject.objects.get(user=ada).key
    forget_user(ada)

    assert on(now + DAY) == [("", "photo-print", "a")]
    assert on(now + DAY, subject=key) == [("", "photo-print", "a")]


def test_a_moment_is_asked_without_an_end(ada: Any, client: Any, now: Any) -> None:
    grant(ada, client, "a", now=now)

    assert [access.since for access in who_had_access(now)] == [now]
    assert list(who_had_access(now - timedelta(microseconds=1))) == []


def test_the_answer_takes_one_statement_however_many_there_are(
    client: Any, now: Any, django_assert_num_queries: Any
) -> None:
    for _ in range(3):
        grant(make_user(), client, "a", now=now)

    with django_assert_num_queries(1):
        assert len(list(who_had_access(now, now + DAY))) == 3
