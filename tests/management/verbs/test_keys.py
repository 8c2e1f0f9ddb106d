"""``idp keys``: rotate on a schedule, and change the keys that keys are encrypted under."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from idp.models import SigningKey
from idp.services.key import ANNOUNCEMENT, signing_key

pytestmark = pytest.mark.django_db


def keys(*arguments: str) -> tuple[int, str]:
    """Return exit status and what was said."""
    said = StringIO()
    try:
        call_command("idp", "keys", *arguments, stdout=StringIO(), stderr=said)
    except SystemExit as leave:
        return int(leave.code or 0), said.getvalue()
    except CommandError as error:
        return error.returncode, said.getvalue()
    return 0, said.getvalue()


def test_a_schedule_rotates_what_is_old_and_lets_it_sign_in_time(clock) -> None:
    old = signing_key()
    assert keys("rotate", "--if-older-than", "30") == (0, said_of(old))
    clock.shift(timedelta(days=30))
    keys("rotate", "--if-older-than", "30")
    new = SigningKey.objects.get(state="announced")
    clock.shift(ANNOUNCEMENT)
    keys("rotate", "--if-older-than", "30")
    new.refresh_from_db()
    assert (new.state, SigningKey.objects.get(pk=old.pk).state) == ("active", "retiring")
    assert not SigningKey.objects.filter(state="announced").exists()


def said_of(key: SigningKey) -> str:
    return f"{key.kid}  RS256  tokens  active\n"


def test_keys_are_encrypted_anew_and_a_lost_encryption_key_is_told() -> None:
    with override_settings(IDP={"KEY_ENCRYPTION_KEYS": ["first"]}):
        signing_key("EdDSA")
    with override_settings(IDP={"KEY_ENCRYPTION_KEYS": ["second"]}):
        status, said = keys("reencrypt")
        assert status == 1
        assert "Nothing was changed" in said
    with override_settings(IDP={"KEY_ENCRYPTION_KEYS": ["second", "first"]}):
        assert keys("reencrypt")[0] == 0
    with override_settings(IDP={"KEY_ENCRYPTION_KEYS": ["second"]}):
        assert keys("reencrypt")[1].startswith("0 keys")
