"""Signing keys are announced before they sign, and published until their last token is dead."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import override_settings

from idp.models import SigningKey
from idp.services.key import (
    ALGORITHMS,
    ANNOUNCEMENT,
    PUBLIC_CACHE_SECONDS,
    forget_public_keys,
    longest_token,
    promote_keys,
    public_key_set,
    rotate_key,
    rotate_old_key,
    signing_key,
)
from idp.services.key_seal import KeyUnavailable, private_jwk, reencrypt_keys
from tests.requirement import defect, requirement

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh() -> None:
    forget_public_keys()


def kids() -> set[str]:
    forget_public_keys()
    return {key["kid"] for key in public_key_set()["keys"] if key["alg"] == "RS256"}


def test_a_key_is_made_on_first_use_and_kept(now) -> None:
    assert signing_key(now=now).pk == signing_key(now=now).pk


def test_a_private_key_is_stored_encrypted(now) -> None:
    key = signing_key(now=now)
    assert "PRIVATE" not in key.private_key
    assert private_jwk(key).as_dict(private=True)["d"] not in key.private_key


@requirement("OpenID Connect Core §10.1", "Published keys have no private part.")
def test_a_published_key_holds_no_private_part(now) -> None:
    signing_key(now=now)
    assert not {"d", "p", "q", "dp", "dq", "qi"} & set(public_key_set()["keys"][0])


def test_a_successor_is_published_before_it_signs(now) -> None:
    old = signing_key(now=now)
    new = rotate_key(now=now)
    assert kids() == {old.kid, new.kid}
    assert signing_key(now=now + ANNOUNCEMENT / 2).kid == old.kid


def test_a_successor_signs_once_it_was_announced_long_enough(now) -> None:
    old = signing_key(now=now)
    new = rotate_key(now=now)
    assert signing_key(now=now + ANNOUNCEMENT).kid == new.kid
    assert kids() == {old.kid, new.kid}


def test_an_old_key_is_withdrawn_after_the_longest_token(now) -> None:
    old = signing_key(now=now)
    rotate_key(now=now)
    later = now + ANNOUNCEMENT
    promote_keys(later)
    promote_keys(later + longest_token() - timedelta(seconds=1))
    assert old.kid in kids()
    promote_keys(later + longest_token())
    assert old.kid not in kids()


def test_rotating_twice_announces_one_successor(now) -> None:
    signing_key(now=now)
    assert rotate_key(now=now).pk == rotate_key(now=now).pk


@defect(24)
@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_each_algorithm_has_its_own_key(now, algorithm) -> None:
    assert signing_key(algorithm, now=now).algorithm == algorithm
    assert SigningKey.objects.filter(state="active").count() == 1


def test_an_unknown_algorithm_is_refused(now) -> None:
    with pytest.raises(ValueError, match="none"):
        signing_key("none", now=now)


def test_a_key_opens_with_an_older_encryption_key_and_not_without(now) -> None:
    with override_settings(IDP={"KEY_ENCRYPTION_KEYS": ["first"]}):
        key = signing_key(now=now)
    with override_settings(IDP={"KEY_ENCRYPTION_KEYS": ["second", "first"]}):
        assert private_jwk(key).kid == key.kid
    with override_settings(IDP={"KEY_ENCRYPTION_KEYS": ["second"]}), pytest.raises(KeyUnavailable):
        private_jwk(key)


def test_a_key_set_names_a_key_for_every_algorithm_from_the_first_reading_on() -> None:
    first = public_key_set()["keys"]
    assert {key["alg"] for key in first} == set(ALGORITHMS)
    assert all(signing_key(name).kid in {key["kid"] for key in first} for name in ALGORITHMS)


def test_a_key_is_announced_longer_than_anybody_keeps_the_set_without_it() -> None:
    process, client = PUBLIC_CACHE_SECONDS, PUBLIC_CACHE_SECONDS
    assert timedelta(seconds=process + client) < ANNOUNCEMENT


def test_a_key_is_rotated_once_it_is_old_enough(now) -> None:
    month = timedelta(days=30)
    assert rotate_old_key("RS256", older_than=month, now=now) is None, "there is no key yet"
    signing_key(now=now)
    assert rotate_old_key("RS256", older_than=month, now=now + month / 2) is None
    new = rotate_old_key("RS256", older_than=month, now=now + month)
    assert new is not None
    again = rotate_old_key("RS256", older_than=month, now=now + month)
    assert again == new
    promote_keys(now + month + ANNOUNCEMENT)
    assert rotate_old_key("RS256", older_than=month, now=now + month + ANNOUNCEMENT) is None


def test_an_encryption_key_can_be_dropped_once_everything_is_encrypted_anew(now) -> None:
    with override_settings(IDP={"KEY_ENCRYPTION_KEYS": ["first"]}):
        key = signing_key(now=now)
        public_key_set()
    with override_settings(IDP={"KEY_ENCRYPTION_KEYS": ["second", "first"]}):
        assert reencrypt_keys() == len(ALGORITHMS)
        assert reencrypt_keys() == 0
    key.refresh_from_db()
    with override_settings(IDP={"KEY_ENCRYPTION_KEYS": ["second"]}):
        assert private_jwk(key).kid == key.kid
    with override_settings(IDP={"KEY_ENCRYPTION_KEYS": ["third"]}), pytest.raises(KeyUnavailable):
        reencrypt_keys()
