"""Client secrets: shown once, checked fast, rotated without breaking what runs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from idp.conf import application_model
from idp.models import ClientSecret, SecurityEvent
from idp.services import client_secret_value
from idp.services.client_secret import (
    MAX_LIVE,
    SecretError,
    check_client_secret,
    issue_client_secret,
    live,
    revoke_client_secret,
    rotate_client_secret,
)
from idp.services.client_secret_value import generate, has_toolkit_secret, is_well_formed
from idp.signals import client_secret_issued, client_secret_revoked
from tests.factories import make_application
from tests.requirement import defect, requirement

pytestmark = pytest.mark.django_db


def legacy(secret, *, hashed):
    """A client whose secret stands in the toolkit's own column."""
    application = make_application("service")
    ClientSecret.objects.all().delete()
    application.hash_client_secret = hashed
    application.client_secret = secret
    application.save()
    return application_model().objects.get(pk=application.pk)


def test_a_generated_secret_is_recognised_by_its_checksum():
    secret = generate()
    assert secret.startswith("idps_")
    assert is_well_formed(secret)
    assert not is_well_formed(secret[:-1] + ("a" if secret[-1] != "a" else "b"))
    assert not is_well_formed("idps_")
    assert generate() != secret


@requirement("RFC 6749 §10.1", "Secrets are kept as digests.")
def test_the_secret_is_kept_as_a_salted_digest_only():
    application = make_application()
    row = ClientSecret.objects.get(application=application)
    assert application.plain_secret not in {row.digest, row.salt, row.label}
    assert row.last_four == application.plain_secret[-4:]
    assert application.plain_secret not in application_model().objects.get().client_secret


def test_two_clients_with_one_secret_have_different_digests():
    for kept_in, secret in (
        ("digest", generate()),
        ("slow_hash", "the same chosen secret of both"),
    ):
        applications = [make_application(secret=secret), make_application(secret=secret)]
        rows = ClientSecret.objects.filter(application__in=applications)
        assert len(set(rows.values_list(kept_in, flat=True)) - {""}) == 2


def test_a_chosen_secret_keeps_a_slow_hash_until_it_is_rotated(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    application = make_application(secret="correct horse battery staple")
    row = ClientSecret.objects.get()
    assert row.slow_hash.startswith("pbkdf2_sha256$")
    assert (row.digest, row.salt) == ("", "")
    assert check_client_secret(application, "correct horse battery staple")
    assert not check_client_secret(application, "correct horse battery stable")
    new, plain = rotate_client_secret(application)
    assert (new.slow_hash, bool(new.digest)) == ("", True)
    assert check_client_secret(application, plain)
    assert check_client_secret(application, "correct horse battery staple")


def test_the_slow_hash_of_a_right_secret_is_computed_once_a_process(monkeypatch):
    application = make_application(secret="correct horse battery staple")
    calls = []
    real = client_secret_value.check_password
    monkeypatch.setattr(
        client_secret_value, "check_password", lambda *args: calls.append(1) or real(*args)
    )
    for _time in range(3):
        assert check_client_secret(application, "correct horse battery staple")
    assert len(calls) == 1


def test_the_right_secret_authenticates_and_no_other():
    application = make_application()
    assert check_client_secret(application, application.plain_secret)
    for wrong in ("", "x", application.plain_secret + "x", "\x00", "\ud800", "x" * 5000):
        assert not check_client_secret(application, wrong)


def test_an_unknown_client_never_authenticates():
    assert not check_client_secret(None, "anything")


def test_checking_costs_one_statement_once_the_use_is_recorded(django_assert_num_queries, now):
    application = make_application()
    assert check_client_secret(application, application.plain_secret, now=now)

    with django_assert_num_queries(1):
        assert check_client_secret(application, application.plain_secret, now=now)

    assert ClientSecret.objects.get().last_used_at == now


def test_use_is_recorded_once_an_hour(now):
    application = make_application()
    check_client_secret(application, application.plain_secret, now=now)
    check_client_secret(application, application.plain_secret, now=now + timedelta(minutes=59))
    assert ClientSecret.objects.get().last_used_at == now
    check_client_secret(application, application.plain_secret, now=now + timedelta(minutes=60))
    assert ClientSecret.objects.get().last_used_at == now + timedelta(minutes=60)


def test_a_secret_ends_when_it_expires(now):
    application = make_application()
    _row, plain = issue_client_secret(
        application, label="short", expires_at=now + timedelta(hours=1), now=now
    )
    assert check_client_secret(application, plain, now=now)
    assert not check_client_secret(application, plain, now=now + timedelta(hours=1))


def test_a_revoked_secret_ends_at_once(django_capture_on_commit_callbacks):
    application = make_application()
    row, plain = issue_client_secret(application, label="second")
    heard = []
    client_secret_revoked.connect(lambda **sent: heard.append(sent["secret"].pk), weak=False)

    with django_capture_on_commit_callbacks(execute=True):
        revoke_client_secret(row)
        revoke_client_secret(row)

    assert not check_client_secret(application, plain)
    assert heard == [row.pk]


def test_the_last_secret_of_a_client_is_not_revoked_by_accident():
    application = make_application()
    row = ClientSecret.objects.get()
    with pytest.raises(SecretError) as refusal:
        revoke_client_secret(row)
    assert refusal.value.reason.code == "last_secret"

    revoke_client_secret(row, force=True)
    assert not check_client_secret(application, application.plain_secret)


def test_a_client_has_at_most_five_live_secrets():
    application = make_application()
    for number in range(MAX_LIVE - 1):
        issue_client_secret(application, label=str(number))
    with pytest.raises(SecretError) as refusal:
        issue_client_secret(application, label="one too many")
    assert refusal.value.reason.code == "too_many_secrets"


def test_a_public_client_gets_no_secret():
    with pytest.raises(SecretError) as refusal:
        issue_client_secret(make_application("native"), label="main")
    assert refusal.value.reason.code == "public_client"


@pytest.mark.parametrize("value", ["", "   ", "a\x00b", "x" * 2000])
def test_a_given_secret_is_printable_and_not_empty(value):
    with pytest.raises(SecretError) as refusal:
        issue_client_secret(make_application(), label="given", value=value)
    assert refusal.value.reason.code == "bad_secret"


def test_issuing_tells_listeners_and_the_event_log(django_capture_on_commit_callbacks):
    application = make_application()
    heard = []
    client_secret_issued.connect(lambda **sent: heard.append(sent["secret"].label), weak=False)
    with django_capture_on_commit_callbacks(execute=True):
        _row, plain = issue_client_secret(application, label="second")
    assert heard == ["second"]
    event = SecurityEvent.objects.filter(kind="client.secret_issued").last()
    assert plain not in str(event.detail)


def test_rotation_keeps_the_old_secret_for_the_overlap(now):
    application = make_application()
    _row, plain = rotate_client_secret(application, overlap=timedelta(days=1), now=now)

    for secret in (application.plain_secret, plain):
        assert check_client_secret(application, secret, now=now + timedelta(hours=23))
    later = now + timedelta(days=1)
    assert not check_client_secret(application, application.plain_secret, now=later)
    assert check_client_secret(application, plain, now=later)


def test_rotation_never_lengthens_a_life(now):
    application = make_application()
    row, _plain = issue_client_secret(
        application, label="short", expires_at=now + timedelta(hours=1), now=now
    )
    rotate_client_secret(application, overlap=timedelta(days=1), now=now)
    row.refresh_from_db()
    assert row.expires_at == now + timedelta(hours=1)


@pytest.mark.parametrize("hashed", [True, False])
def test_a_secret_from_before_our_tables_goes_on_working(hashed):
    application = legacy("an old secret", hashed=hashed)
    assert check_client_secret(application, "an old secret")
    assert check_client_secret(application, "an old secret")
    assert not check_client_secret(application, "another")


def test_a_slow_hash_is_computed_once(monkeypatch):
    application = legacy("an old secret", hashed=True)
    assert check_client_secret(application, "an old secret")
    calls = []
    monkeypatch.setattr(
        "idp.services.client_secret_value.check_password", lambda *args: calls.append(args)
    )
    assert check_client_secret(application, "an old secret")
    assert calls == []


@pytest.mark.parametrize("hashed", [True, False])
def test_the_first_own_secret_leaves_an_old_one_for_the_overlap(hashed, now, settings):
    settings.IDP = {**settings.IDP, "SECRET_ROTATION_OVERLAP": 3600}
    application = legacy("an old secret", hashed=hashed)
    _row, plain = issue_client_secret(application, label="first", now=now)

    assert check_client_secret(application, plain, now=now)
    assert check_client_secret(application, "an old secret", now=now + timedelta(minutes=59))
    assert not check_client_secret(application, "an old secret", now=now + timedelta(hours=1))


def test_revoking_an_old_secret_empties_the_column_of_the_toolkit(now):
    application = legacy("an old secret", hashed=False)
    issue_client_secret(application, label="first", now=now)
    earlier = ClientSecret.objects.get(digest="")

    revoke_client_secret(earlier, now=now)

    stored = application_model().objects.get(pk=application.pk)
    assert not has_toolkit_secret(stored)
    assert not check_client_secret(stored, "an old secret", now=now)


@defect(10)
def test_a_blank_column_is_no_secret():
    application = make_application("service")
    ClientSecret.objects.all().delete()
    application_model().objects.update(client_secret="")
    application.refresh_from_db()
    assert not check_client_secret(application, "")
    assert not check_client_secret(application, " ")


def test_live_secrets_are_neither_revoked_nor_expired(now):
    application = make_application()
    issue_client_secret(application, label="over", expires_at=now, now=now - timedelta(hours=1))
    assert [row.label for row in live(ClientSecret.objects.all(), now)] == ["main"]
