"""Rows go by statement, and what hangs on them goes or stays as Django would have it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.signals import post_delete

from idp.conf import access_token_model, refresh_token_model
from idp.models import Authorization, AuthorizationRequest, IssuedToken
from idp.services import removal
from idp.services.removal import delete_keys, delete_rows
from tests.factories import grant, make_application, make_user
from tests.services.test_consent import hold

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(now: Any) -> Any:
    """An authorization with an access and a refresh token."""
    user, client = make_user(), make_application()
    return hold(user, client, "a", now, grant(user, client, "a", now=now))


def test_a_refresh_token_outlives_its_access_token(held: Any) -> None:
    assert delete_rows(access_token_model().objects.all()) == 1

    assert refresh_token_model().objects.get().access_token is None


def test_what_belongs_to_a_row_goes_with_it(held: Any) -> None:
    assert delete_rows(Authorization.objects.filter(pk=held.pk)) == 1

    assert not IssuedToken.objects.exists()


def test_the_number_of_statements_does_not_grow_with_the_rows(
    now: Any, django_assert_max_num_queries: Any
) -> None:
    client = make_application()
    model = access_token_model()
    model.objects.bulk_create(
        model(application=client, token=f"t{n}", token_checksum=f"{n:064}", expires=now)
        for n in range(300)
    )

    with django_assert_max_num_queries(6):
        assert delete_rows(model.objects.filter(expires__lte=now + timedelta(days=1))) == 300


def test_whoever_listens_to_deletions_hears_each(held: Any) -> None:
    heard = []

    def listen(*, instance: Any, **_more: Any) -> None:
        heard.append(instance.token)

    post_delete.connect(listen, sender=access_token_model())
    try:
        assert delete_rows(access_token_model().objects.all()) == 1
    finally:
        post_delete.disconnect(listen, sender=access_token_model())
    assert len(heard) == 1


def test_rows_go_by_their_keys_with_what_belongs_to_them(held: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(removal, "BATCH", 1)
    other = hold(make_user(), held.application, "a", held.created_at)

    assert delete_keys(Authorization, [held.pk, other.pk]) == 2

    assert not IssuedToken.objects.exists()
    assert refresh_token_model().objects.count() == 2, "nothing says that they go along"


def test_rows_go_with_their_followers_of_the_same_model_by_few_statements(
    now: Any, django_assert_max_num_queries: Any
) -> None:
    client = make_application()

    def keep(number: int, origin: Any = None) -> Any:
        return AuthorizationRequest.objects.create(
            nonce_digest=f"{number}",
            application=client,
            parameters={},
            expires_at=now,
            origin=origin,
        )

    first = keep(0)
    for number in range(1, 20):
        keep(number, origin=first)
    last = keep(20, origin=keep(21))
    AuthorizationRequest.objects.filter(pk=last.origin_id).update(origin=last)
    kept = keep(22)

    with django_assert_max_num_queries(7):
        assert delete_keys(AuthorizationRequest, [first.pk, last.pk]) == 22
    assert AuthorizationRequest.objects.get() == kept


def test_no_keys_are_no_rows(held: Any) -> None:
    assert delete_keys(Authorization, []) == 0
    assert delete_rows(Authorization.objects.none()) == 0
    assert Authorization.objects.exists()
