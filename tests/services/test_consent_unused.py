"""Consents that nobody uses are proposed for removal, and removed when somebody says so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from idp.domain.ledger import Head
from idp.models import Authorization, Consent, LedgerCheck, Subject
from idp.services.consent_reach import Reach, Target, reach
from idp.services.consent_unused import count_unused, unused_consents
from idp.services.consent_use import record_silent_use
from idp.services.doctor import examine
from idp.services.ledger_check import begin_check, run_check
from tests.factories import grant, make_application, make_user
from tests.services.test_consent import hold
from tests.services.test_consent_sweep import take_back_from

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def forgotten(now: Any) -> Consent:
    """A consent given ninety days ago with an authorization that was never used."""
    user, client = make_user("ada"), make_application(client_id="old")
    consent = grant(user, client, "a", now=now - 90 * DAY)
    hold(user, client, "a", now - 90 * DAY, consent)
    return consent


def found(now: Any) -> set[int]:
    return set(unused_consents(now).values_list("pk", flat=True))


def test_one_that_nobody_used_for_so_long_is_found(forgotten: Consent, now: Any) -> None:
    assert found(now - timedelta(seconds=1)) == set()
    assert found(now) == {forgotten.pk}
    assert count_unused(now) == 1


def test_the_site_says_how_long(forgotten: Consent, now: Any, settings: Any) -> None:
    settings.IDP = {**settings.IDP, "CONSENT_UNUSED_AFTER": 91 * 86_400}

    assert found(now) == set()


def test_any_use_keeps_it(forgotten: Consent, now: Any) -> None:
    Authorization.objects.update(last_used_at=now - 89 * DAY)
    assert found(now) == set()
    Authorization.objects.update(last_used_at=None)
    assert found(now) == {forgotten.pk}
    record_silent_use(forgotten, now - 1 * DAY)
    assert found(now) == set()


def test_an_ended_one_is_not_proposed(forgotten: Consent, now: Any) -> None:
    Consent.objects.update(expires_at=now)

    assert found(now) == set()


def test_the_doctor_names_them(forgotten: Consent, now: Any) -> None:
    [finding] = [each for each in examine(now) if each.code == "consents_unused"]

    assert finding.message == "1 consents were not used for 90 days."


def test_taking_back_the_unused_leaves_everything_else_as_it_is(
    forgotten: Consent, now: Any
) -> None:
    used = grant(make_user("bob"), forgotten.application, "a", now=now)
    kept = hold(used.user, forgotten.application, "a", now, used)
    target = Target(unused_since=now - 90 * DAY)
    assert reach(target, now) == Reach(1, 0, 0), "the tokens expired long ago"

    assert list(take_back_from(target, now)) == [1]

    assert set(Consent.objects.live(now)) == {used}
    kept.refresh_from_db()
    assert kept.ended_at is None
    assert set(Subject.objects.values_list("epoch", flat=True)) == {0}
    assert reach(target, now) == Reach(0, 0, 0)


def ledger_findings(now: Any) -> list[str]:
    return [each.code for each in examine(now) if each.code.startswith("ledger_")]


def test_the_doctor_asks_for_a_verification_once_there_is_something_to_verify(now: Any) -> None:
    at = timezone.now()
    assert ledger_findings(at) == []
    grant(make_user(), make_application(), "a", now=at - 8 * DAY)
    assert ledger_findings(at) == ["ledger_unverified"]

    run_check(begin_check(now=at))

    assert ledger_findings(at) == []
    assert ledger_findings(at + 8 * DAY) == ["ledger_unverified"]


def test_the_doctor_says_that_the_ledger_is_broken(now: Any) -> None:
    grant(make_user(), make_application(), "a", now=now)
    run_check(begin_check(now=now), checkpoint=[Head("f" * 32, 1, "0" * 64)])
    assert LedgerCheck.objects.get().broken == 1

    assert ledger_findings(now) == ["ledger_broken"]
