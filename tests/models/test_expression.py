"""Conditions that each database spells in its own way mean the same on each."""

from __future__ import annotations

from typing import Any

import pytest

from idp.models import Authorization, SecurityEvent, SignIn
from idp.models.expression import among
from tests.factories import grant, make_application, make_user
from tests.services.test_consent import hold

pytestmark = pytest.mark.django_db

STRANGE = ("plain", "NULL", "a,b", 'quo"te', "back\\slash", "{brace}", "", "ü", "x' OR 'x")


def test_one_of_many_texts_is_that_text_and_nothing_else(now: Any) -> None:
    for text in (*STRANGE, "b", "a"):
        SecurityEvent.objects.create(
            kind=text, severity="info", first_at=now, last_at=now, fingerprint=text
        )

    def found(*keys: str) -> set[str]:
        rows = SecurityEvent.objects.filter(among(SecurityEvent, "kind", keys))
        return set(rows.values_list("kind", flat=True))

    assert found(*STRANGE) == set(STRANGE)
    for text in STRANGE:
        assert found(text) == {text}
        assert found(text, "plain") == {text, "plain"}
    assert found() == set()


def test_keys_are_found_as_they_are_and_as_text(now: Any) -> None:
    user, client = make_user(), make_application()
    act = hold(user, client, "a", now, grant(user, client, "a", now=now))
    sign_in = SignIn.objects.create(user=user, at=now)

    for key in (act.pk, str(act.pk)):
        assert Authorization.objects.filter(among(Authorization, "pk", [key])).get() == act
    for number in (sign_in.pk, str(sign_in.pk)):
        assert SignIn.objects.filter(among(SignIn, "pk", {number})).get() == sign_in
    assert Authorization.objects.filter(among(Authorization, "user", [user.pk, None])).exists()
    assert not Authorization.objects.filter(among(Authorization, "consent", [0, -1])).exists()
