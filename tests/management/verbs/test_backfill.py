"""``manage.py idp backfill``: consents for the tokens of an existing site, again and again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from idp.conf import access_token_model, refresh_token_model
from idp.models import Consent, ConsentEvent
from tests.factories import make_application, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def tokens():
    """Two people who hold live tokens of one client, and one whose token is over."""
    client, ends = make_application(), timezone.now() + timedelta(hours=1)
    for number, lifetime in enumerate((0, 0, 2)):
        access = access_token_model().objects.create(
            user=make_user(),
            application=client,
            token=f"a{number}",
            scope="a b",
            expires=ends - timedelta(hours=lifetime),
        )
        if number == 0:
            refresh_token_model().objects.create(
                user=access.user, application=client, token="r", access_token=access
            )


def test_a_dry_run_counts_and_makes_nothing(idp, tokens):
    status, _out, err = idp("backfill", "--dry-run")

    assert status == 0
    assert "2 consents to be made." in err
    assert not Consent.objects.exists()


def test_each_pair_gets_one_consent_however_often_it_runs(idp, tokens):
    assert "2 consents done." in idp("backfill")[2]
    assert "0 consents done." in idp("backfill")[2]

    assert set(Consent.objects.values_list("imported", flat=True)) == {True}
    assert (
        list(ConsentEvent.objects.values_list("kind", "scopes_after")) == [("imported", "a b")] * 2
    )
    assert idp("ledger", "verify")[0] == 0
