"""Taking access back while the client refreshes as fast as it can, on PostgreSQL.

Whoever comes first: once the revocation has answered, no token works, also none that was made
while it ran.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone

from idp.conf import access_token_model, refresh_token_model
from idp.models import Authorization, Consent
from idp.services.authorization import end_authorizations
from idp.services.client import disable_client, enable_client
from idp.services.consent import revoke_consent
from tests.concurrency.race import at_once
from tests.factories import make_application, make_user
from tests.requirement import requirement
from tests.thorough import THOROUGH
from tests.views.flow import TOKEN, Flow, basic, bearer, post

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

ROUNDS = int(os.environ.get("IDP_TEST_ROUNDS", "15" if THOROUGH else "7"))
"""Rounds of each race; ``make soak`` runs a thousand in all."""
LONGEST_WAIT = 0.15
"""Seconds until the revocation begins; some refreshes on a quick machine, one on a busy one."""


@pytest.fixture
def flow() -> Flow:
    return Flow(make_application("web", scopes=("openid",)), make_user())


def refreshing(flow: Flow, tokens: dict[str, Any]) -> list[dict[str, Any]]:
    """Refresh again and again until it is refused; return every answer."""
    held = [tokens]
    for _ in range(200):
        answer = flow.refresh(held[-1]["refresh_token"])
        if answer.status_code != 200:
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
            return held
        held.append(answer.json())
    raise AssertionError("the revocation never took effect")


def later(act: Callable[[], Any], turn: int) -> Callable[[], Any]:
    """Return the act after a moment that differs from turn to turn."""
    moment = LONGEST_WAIT * (turn % 11) / 10

    def wait_and_act() -> Any:
        time.sleep(moment)
        return act()

    return wait_and_act


def nothing_works(flow: Flow, held: list[dict[str, Any]]) -> None:
    for tokens in held[-2:]:
        header = bearer(tokens["access_token"])
        assert Browser().get("/o/userinfo/", **header).status_code == 401
        assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert access_token_model().objects.count() == 0
    assert refresh_token_model().objects.filter(revoked=None).count() == 0
    assert not Authorization.objects.filter(ended_at=None).exists()


@requirement("RFC 7009 §2.1", "A revocation wins over a refresh at the same time.")
def test_the_client_revokes_its_token_while_it_refreshes(flow: Flow) -> None:
    grown = 0
    for turn in range(ROUNDS):
        tokens = flow.tokens()
        what = tokens["access_token" if turn % 2 else "refresh_token"]
        revoke = partial(post, "/o/revoke_token/", {"token": what}, **basic(flow.application))
        held, answer = at_once(partial(refreshing, flow, tokens), later(revoke, turn))
        assert answer.status_code == 200
        nothing_works(flow, held)
        grown += len(held) > 1
    assert grown, "no refresh ever came before a revocation"


def test_an_operator_ends_the_authorization_while_the_client_refreshes(flow: Flow) -> None:
    grown = 0
    for turn in range(ROUNDS):
        tokens = flow.tokens()
        end = partial(
            end_authorizations,
            Authorization.objects.filter(user=flow.user),
            reason="test",
            now=timezone.now(),
        )
        held, ended = at_once(partial(refreshing, flow, tokens), later(end, turn))
        assert ended == 1
        nothing_works(flow, held)
        grown += len(held) > 1
    assert grown


def test_the_user_takes_the_consent_back_while_the_client_refreshes(flow: Flow) -> None:
    grown = 0
    for turn in range(ROUNDS):
        tokens = flow.tokens()
        revoke = partial(revoke_consent, Consent.objects.get())
        held, event = at_once(partial(refreshing, flow, tokens), later(revoke, turn))
        assert event.kind == "revoked"
        nothing_works(flow, held)
        grown += len(held) > 1
    assert grown


def test_a_client_that_is_switched_off_while_it_refreshes_holds_nothing_that_works(
    flow: Flow,
) -> None:
    for turn in range(10):
        tokens = flow.tokens()
        off = later(partial(disable_client, flow.application, reason="test"), turn)
        held, _policy = at_once(partial(until_refused, flow, tokens), off)
        header = bearer(held[-1]["access_token"])
        assert Browser().get("/o/userinfo/", **header).status_code == 401
        assert flow.refresh(held[-1]["refresh_token"]).status_code == 401
        enable_client(flow.application)


def until_refused(flow: Flow, tokens: dict[str, Any]) -> list[dict[str, Any]]:
    """Refresh until the client itself is refused."""
    held = [tokens]
    while True:
        answer = post(
            TOKEN,
            {"grant_type": "refresh_token", "refresh_token": held[-1]["refresh_token"]},
            **basic(flow.application),
        )
        if answer.status_code == 401:
            return held
        assert answer.status_code == 200
        held.append(answer.json())
