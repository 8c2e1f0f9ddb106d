"""May this token act now?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from idp.domain.access import (
    AuthorizationFacts,
    ConsentFacts,
    Epochs,
    TokenFacts,
    is_sign_in_enough,
    judge,
)
from idp.domain.party import SignInFacts

if TYPE_CHECKING:
    from datetime import datetime

HOUR = timedelta(hours=1)
EPOCHS = Epochs(user=3, client=5, consent=7)
CONSENT = ConsentFacts(active=True)


def authorization(**changes: object) -> AuthorizationFacts:
    sound = AuthorizationFacts(
        ended=False, expires_at=None, born=EPOCHS, present=EPOCHS, consent=CONSENT
    )
    return replace(sound, **changes)


def token(now: datetime, **changes: object) -> TokenFacts:
    sound = TokenFacts(
        expires_at=now + HOUR,
        client_active=True,
        user_active=True,
        authorization=authorization(),
    )
    return replace(sound, **changes)


def test_a_sound_token_may_act(now: datetime) -> None:
    assert judge(token(now), now) is None


def test_a_token_older_than_these_records_is_judged_by_client_and_user(now: datetime) -> None:
    assert judge(token(now, authorization=None), now) is None


def test_a_token_of_a_client_in_its_own_name_needs_no_user(now: datetime) -> None:
    assert judge(token(now, authorization=None, user_active=None), now) is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"expires_at": None}, "token_expired"),
        ({"client_active": False}, "client_disabled"),
        ({"user_active": False}, "user_inactive"),
        ({"authorization": authorization(ended=True)}, "authorization_ended"),
        ({"authorization": authorization(present=replace(EPOCHS, user=4))}, "authorization_ended"),
        (
            {"authorization": authorization(present=replace(EPOCHS, client=6))},
            "authorization_ended",
        ),
        ({"authorization": authorization(present=replace(EPOCHS, consent=8))}, "consent_revoked"),
        (
            {"authorization": authorization(consent=ConsentFacts(active=False))},
            "consent_revoked",
        ),
        ({"authorization": authorization(consent=None)}, "consent_revoked"),
    ],
)
def test_one_missing_support_is_enough_to_refuse(
    now: datetime, changes: dict[str, object], code: str
) -> None:
    reason = judge(token(now, **changes), now)
    assert reason is not None
    assert reason.code == code


def test_an_authorization_that_needed_no_consent_stands_without_one(now: datetime) -> None:
    epochs = replace(EPOCHS, consent=0)
    facts = authorization(consent=None, born=epochs, present=epochs)
    assert judge(token(now, authorization=facts), now) is None


@pytest.mark.parametrize("seconds", [0, 1])
def test_an_end_is_the_first_moment_at_which_nothing_holds(now: datetime, seconds: int) -> None:
    end = now - timedelta(seconds=seconds)
    for facts in (
        token(now, expires_at=end),
        token(now, authorization=authorization(expires_at=end)),
        token(now, authorization=authorization(consent=replace(CONSENT, expires_at=end))),
    ):
        assert judge(facts, now) is not None


def test_an_end_ahead_does_not_matter_yet(now: datetime) -> None:
    end = now + timedelta(microseconds=1)
    facts = authorization(expires_at=end, consent=replace(CONSENT, expires_at=end))
    assert judge(token(now, expires_at=end, authorization=facts), now) is None


class TestSignIn:
    def enough(
        self, sign_in: SignInFacts | None, now: datetime, *acr: str, age: timedelta | None = None
    ) -> bool:
        return is_sign_in_enough(sign_in, max_age=age, acr_values=acr, now=now)

    def test_nothing_demanded_is_always_met(self, now: datetime) -> None:
        assert self.enough(None, now)

    def test_an_unknown_sign_in_meets_no_demand(self, now: datetime) -> None:
        assert not self.enough(None, now, age=HOUR)
        assert not self.enough(None, now, "mfa")

    def test_a_sign_in_may_be_just_as_old_as_demanded(self, now: datetime) -> None:
        assert self.enough(SignInFacts(at=now), now, age=HOUR)
        assert self.enough(SignInFacts(at=now - HOUR), now, age=HOUR)
        older = SignInFacts(at=now - HOUR - timedelta(microseconds=1))
        assert not self.enough(older, now, age=HOUR)

    def test_one_of_the_demanded_contexts_is_enough(self, now: datetime) -> None:
        sign_in = SignInFacts(at=now, acr="mfa")
        assert self.enough(sign_in, now, "hardware", "mfa")
        assert not self.enough(sign_in, now, "hardware")
