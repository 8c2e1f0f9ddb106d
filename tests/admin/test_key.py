"""Keys at the desk: what retiring one breaks is said first, and one that signs stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from idp.models import Authorization, SecurityEvent, SigningKey
from idp.services.key import promote_keys, public_key_set, rotate_key, signing_key
from tests.admin.conftest import page
from tests.factories import make_application, make_user

pytestmark = pytest.mark.django_db
YES = {"confirmed": "yes", "reason": "stolen"}


def published() -> set[str]:
    return {key["kid"] for key in public_key_set()["keys"]}


def test_a_stolen_key_is_rotated_and_then_retired(desk: Client) -> None:
    now = timezone.now()
    parties = {"user": make_user("anna"), "application": make_application("web")}
    old = signing_key(now=now - timedelta(days=1))
    address = page("idp_signingkey_retire", old.pk)
    assert "rotate it first" in desk.post(address, YES, follow=True).text
    rotate_key(now=now - timedelta(hours=1))
    promote_keys(now)
    for days, scopes in ((0.5, "openid"), (0.4, "photos:read"), (9, "openid")):
        born = now - timedelta(days=days)
        Authorization.objects.create(**parties, scopes=scopes, created_at=born)
    asked = desk.get(address).text
    assert "refuse every ID token" in asked
    assert "<dd>1</dd>" in asked, "of one sign-in it may have signed the ID token"
    assert address in desk.get(page("idp_signingkey_change", old.pk)).text
    assert desk.post(address, {"confirmed": "yes"}).status_code == 400, "a reason is needed"

    desk.post(address, YES)

    old.refresh_from_db()
    assert old.state == SigningKey.State.RETIRED
    assert old.retired_at is not None
    assert SecurityEvent.objects.get(kind="key.retired").detail["reason"] == "stolen"


def test_the_key_of_receipts_stays_for_ever(desk: Client) -> None:
    key = signing_key(use=SigningKey.Use.RECEIPTS)

    desk.post(page("idp_signingkey_retire", key.pk), YES)

    key.refresh_from_db()
    assert key.state == SigningKey.State.ACTIVE


def test_a_retired_key_is_published_no_more(
    desk: Client, django_capture_on_commit_callbacks: object
) -> None:
    signing_key("ES256")
    waiting = rotate_key("ES256")
    assert waiting.kid in published()

    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        desk.post(page("idp_signingkey_retire", waiting.pk), YES)

    assert waiting.kid not in published()
