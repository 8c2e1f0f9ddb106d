"""Refresh tokens under threads that really run at once."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.test import Client as Browser

from idp.conf import refresh_token_model
from idp.models import Authorization
from tests.concurrency.race import THREADS, at_once
from tests.factories import make_application, make_user
from tests.requirement import defect
from tests.thorough import THOROUGH
from tests.views.flow import Flow, bearer

pytestmark = [pytest.mark.django_db(transaction=True)]

ROUNDS = 5 if THOROUGH else 3


@pytest.fixture
def flow() -> Flow:
    return Flow(make_application("web", scopes=("openid",)), make_user())


def one_chain_is_left(flow: Flow, answers: list[Any]) -> None:
    """Check that all who were answered hold the same tokens, and that these work on."""
    told = {answer.content for answer in answers if answer.status_code == 200}
    refused = [answer.json()["error"] for answer in answers if answer.status_code != 200]
    assert len(told) == 1, [answer.content for answer in answers]
    assert set(refused) <= {"invalid_grant"}
    assert refresh_token_model().objects.filter(revoked=None).count() == 1
    tokens = next(answer.json() for answer in answers if answer.status_code == 200)
    header = bearer(tokens["access_token"])
    assert Browser().get("/o/userinfo/", **header).status_code == 200
    assert flow.refresh(tokens["refresh_token"]).status_code == 200


@defect(14)
@pytest.mark.postgres
@pytest.mark.parametrize("threads", [2, THREADS])
def test_refreshing_with_one_token_at_once_leaves_one_chain(flow: Flow, threads: int) -> None:
    for _ in range(ROUNDS):
        first = flow.tokens()["refresh_token"]
        one_chain_is_left(flow, at_once(*[partial(flow.refresh, first)] * threads))
        Authorization.objects.all().delete()
        refresh_token_model().objects.all().delete()


@pytest.mark.postgres
def test_chains_of_different_sign_ins_do_not_disturb_each_other(flow: Flow) -> None:
    firsts = [flow.tokens()["refresh_token"] for _ in range(THREADS)]

    def five_times(token: str) -> list[int]:
        statuses = []
        for _ in range(5):
            answer = flow.refresh(token)
            statuses.append(answer.status_code)
            token = answer.json().get("refresh_token", "")
        return statuses

    assert at_once(*[partial(five_times, first) for first in firsts]) == [[200] * 5] * THREADS
    assert refresh_token_model().objects.filter(revoked=None).count() == THREADS


@pytest.mark.postgres
def test_a_stolen_token_that_is_used_beside_its_successor_ends_the_chain_or_nothing(
    flow: Flow, settings: Any
) -> None:
    settings.IDP = {**settings.IDP, "REFRESH_TOKEN_RETRY_SECONDS": 0}
    for _ in range(ROUNDS):
        first = flow.tokens()["refresh_token"]
        second = flow.refresh(first).json()["refresh_token"]
        stolen, honest = at_once(partial(flow.refresh, first), partial(flow.refresh, second))
        assert stolen.json()["error"] == "invalid_grant"
        assert honest.status_code in {200, 400}
        assert refresh_token_model().objects.filter(revoked=None).count() == 0
        if honest.status_code == 200:
            tokens = honest.json()
            header = bearer(tokens["access_token"])
            assert Browser().get("/o/userinfo/", **header).status_code == 401


def test_threads_wait_for_each_other_rather_than_fail(flow: Flow) -> None:
    codes = [flow.code() for _ in range(THREADS)]
    answers = at_once(*[partial(flow.exchange, code) for code in codes])
    assert [answer.status_code for answer in answers] == [200] * THREADS
    refreshes = [partial(flow.refresh, answer.json()["refresh_token"]) for answer in answers]
    assert [answer.status_code for answer in at_once(*refreshes)] == [200] * THREADS


@defect(14)
def test_one_refresh_token_at_once_leaves_one_chain_on_any_database(flow: Flow) -> None:
    first = flow.tokens()["refresh_token"]
    one_chain_is_left(flow, at_once(*[partial(flow.refresh, first)] * THREADS))
