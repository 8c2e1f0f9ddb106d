"""Device codes under threads that really run at once, on PostgreSQL."""

from __future__ import annotations

from functools import partial

import pytest

from idp.conf import access_token_model, refresh_token_model
from idp.models import Authorization, Consent, ConsentEvent, DeviceAuthorization
from idp.services.consent import revoke_consent
from tests.concurrency.race import THREADS, at_once
from tests.factories import make_application, make_user
from tests.requirement import defect
from tests.thorough import THOROUGH
from tests.views.device_flow import DeviceFlow

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

ROUNDS = 3 if THOROUGH else 2


@pytest.fixture
def flow() -> DeviceFlow:
    return DeviceFlow(make_application("device", scopes=("openid",)), make_user())


def live_tokens() -> tuple[int, int]:
    """Return how many access and refresh tokens could still work."""
    access = access_token_model().objects.count()
    return access, refresh_token_model().objects.filter(revoked=None).count()


@defect(6)
def test_eight_questions_at_once_get_one_answer_with_tokens(flow: DeviceFlow) -> None:
    for round_number in range(1, ROUNDS + 1):
        codes = flow.codes()
        flow.allow(codes)
        answers = at_once(*[partial(flow.poll, codes)] * THREADS)

        assert sorted(answer.status_code for answer in answers) == [200] + [400] * (THREADS - 1)
        refused = {answer.json()["error"] for answer in answers if answer.status_code != 200}
        assert refused == {"invalid_grant"}
        assert live_tokens() == (round_number, round_number)


def test_eight_clicks_at_once_are_one_decision(flow: DeviceFlow) -> None:
    codes = flow.codes()
    page = flow.type(codes["user_code"])
    clicks = [partial(flow.decide, page)] * THREADS
    answers = at_once(*clicks)

    assert {answer.status_code for answer in answers} <= {200, 400}
    assert Authorization.objects.count() == 1
    assert ConsentEvent.objects.count() == 1
    assert flow.poll(codes).status_code == 200


def test_yes_and_no_at_once_leave_one_of_both(flow: DeviceFlow) -> None:
    other = DeviceFlow(flow.application, make_user())
    for _ in range(ROUNDS):
        codes = flow.codes()
        mine, theirs = flow.type(codes["user_code"]), other.type(codes["user_code"])
        at_once(partial(flow.decide, mine), partial(other.decide, theirs, "deny"))
        row = DeviceAuthorization.objects.order_by("-created_at")[0]
        if row.state == "allowed":
            assert row.authorization is not None
            assert row.user == flow.user
        else:
            assert (row.state, row.authorization, row.user) == ("denied", None, other.user)


def test_tokens_fetched_while_consent_is_taken_back_do_not_last(flow: DeviceFlow) -> None:
    for _ in range(ROUNDS):
        codes = flow.codes()
        flow.allow(codes)
        consent = Consent.objects.get()
        answer, _event = at_once(partial(flow.poll, codes), partial(revoke_consent, consent))
        assert answer.status_code in {200, 400}
        if answer.status_code == 200:
            token = answer.json()["refresh_token"]
            again = flow.send("/o/token/", grant_type="refresh_token", refresh_token=token)
            assert again.json()["error"] == "invalid_grant"
        assert not Authorization.objects.filter(ended_at=None).exists()
