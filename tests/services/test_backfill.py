"""Consents made from the tokens of a site that was there before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from idp.conf import access_token_model, refresh_token_model
from idp.models import Consent, ConsentEvent
from idp.services.backfill import backfill_consents, count_missing
from idp.services.catalogue import bump_catalogue
from idp.services.consent import remembered, revoke_consent
from idp.services.ledger_verification import verify_ledger
from tests.factories import grant, make_application, make_scope, make_user

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def token(user: Any, application: Any, scope: str, expires: Any, *, refresh: bool = False) -> Any:
    rows = access_token_model().objects
    row = rows.create(
        user=user,
        application=application,
        scope=scope,
        expires=expires,
        token=f"token-{rows.count()}",
    )
    if refresh:
        refresh_token_model().objects.create(
            user=user, application=application, token=f"r-{row.pk}", access_token=row
        )
    return row


def run(now: Any, **options: Any) -> list[Any]:
    return list(backfill_consents(now=now, **options))


def test_each_pair_with_live_tokens_gets_one_consent_marked_as_imported(now: Any) -> None:
    ada, bob, client = make_user(), make_user(), make_application()
    oldest = token(ada, client, "a", now + DAY)
    token(ada, client, "b", now - DAY, refresh=True)
    token(bob, client, "a", now + DAY)

    assert count_missing(now) == 2
    found = run(now)

    assert {item.user_id: item.scopes for item in found} == {ada.pk: {"a", "b"}, bob.pk: {"a"}}
    consent = Consent.objects.get(user=ada)
    assert consent.imported
    assert consent.is_live(now)
    assert consent.created_at == oldest.created
    assert remembered(ada, client, now).granted.keys() == {"a", "b"}
    event = ConsentEvent.objects.get(subject_key=ada.idp_subject.key)
    assert (event.kind, event.actor, event.reason) == ("imported", "system", "backfill")
    assert list(verify_ledger()) == []


def test_a_second_run_changes_nothing(now: Any) -> None:
    token(make_user(), make_application(), "a", now + DAY)
    run(now)

    assert run(now) == []
    assert count_missing(now) == 0
    assert ConsentEvent.objects.count() == 1


def test_a_dry_run_only_tells(now: Any) -> None:
    token(make_user(), make_application(), "a", now + DAY)

    assert len(run(now, dry_run=True)) == 1

    assert not Consent.objects.exists()
    assert not ConsentEvent.objects.exists()


def test_an_interrupted_run_goes_on_where_it_stopped(now: Any) -> None:
    client = make_application()
    for _ in range(3):
        token(make_user(), client, "a", now + DAY)
    next(backfill_consents(now=now))

    assert len(run(now)) == 2
    assert Consent.objects.count() == 3


def test_dead_tokens_and_clients_own_tokens_make_no_consent(now: Any) -> None:
    ada, client = make_user(), make_application()
    token(ada, client, "a", now - DAY)
    token(None, client, "a", now + DAY)
    token(ada, None, "a", now + DAY)
    revoked = token(ada, make_application(), "a", now - DAY, refresh=True)
    refresh_token_model().objects.filter(access_token=revoked).update(revoked=now)
    token(ada, make_application(), "", now + DAY)

    assert run(now) == []


def test_what_a_person_decided_is_left_as_it_is(now: Any) -> None:
    ada, client = make_user(), make_application()
    consent = grant(ada, client, "a", now=now)
    revoke_consent(consent, now=now)
    token(ada, client, "a b", now + DAY)

    assert run(now) == []
    consent.refresh_from_db()
    assert consent.status == "revoked"


def test_the_lifetime_of_the_policy_counts_from_the_import(now: Any) -> None:
    scope = make_scope("p")
    scope.policy.consent_lifetime = 30 * DAY
    scope.policy.save()
    bump_catalogue()
    token(make_user(), make_application(scopes=("p",)), "p", now + DAY)

    run(now)

    assert Consent.objects.get().expires_at == now + 30 * DAY
