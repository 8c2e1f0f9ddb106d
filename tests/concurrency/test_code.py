"""Authorization codes under threads that really run at once, on PostgreSQL."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest
from django.test import Client as Browser

from idp.conf import access_token_model, refresh_token_model
from idp.models import Authorization, Consent, ConsentEvent, SecurityEvent, SigningKey
from idp.services import key
from idp.services.consent import revoke_consent
from tests.concurrency.race import THREADS, at_once
from tests.factories import make_application, make_user
from tests.requirement import defect, requirement
from tests.thorough import THOROUGH
from tests.views.flow import Flow, bearer, form_fields, location

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

ROUNDS = 6 if THOROUGH else 3


@pytest.fixture
def flow() -> Flow:
    return Flow(make_application("web", scopes=("openid",)), make_user())


def live_tokens() -> tuple[int, int]:
    """Return how many access and refresh tokens could still work."""
    access = access_token_model().objects.count()
    return access, refresh_token_model().objects.filter(revoked=None).count()


@defect(5)
@requirement("RFC 6749 §10.5", "A code works once under any concurrency.")
def test_eight_redemptions_of_one_code_give_one_answer_and_leave_no_live_token(
    flow: Flow,
) -> None:
    for _ in range(ROUNDS):
        code = flow.code()
        answers = at_once(*[partial(flow.exchange, code)] * THREADS)

        statuses = sorted(answer.status_code for answer in answers)
        assert statuses in ([200] + [400] * 7, [400] * 8)
        refused = [answer.json()["error"] for answer in answers if answer.status_code != 200]
        assert set(refused) == {"invalid_grant"}
        for answer in answers:
            if answer.status_code == 200:
                tokens = answer.json()
                header = bearer(tokens["access_token"])
                assert Browser().get("/o/userinfo/", **header).status_code == 401
                assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
        assert live_tokens() == (0, 0)
        assert not Authorization.objects.filter(ended_at=None).exists()
    assert SecurityEvent.objects.filter(kind="token.replayed").exists()


def test_a_code_that_is_redeemed_once_while_others_are_redeemed_keeps_its_tokens(
    flow: Flow,
) -> None:
    codes = [flow.code() for _ in range(THREADS)]
    answers = at_once(*[partial(flow.exchange, code) for code in codes])
    assert [answer.status_code for answer in answers] == [200] * THREADS
    assert live_tokens() == (THREADS, THREADS)


def test_a_code_that_is_redeemed_while_its_consent_is_taken_back_gives_nothing_that_lasts(
    flow: Flow,
) -> None:
    for _ in range(ROUNDS):
        code = flow.code(prompt="consent")
        consent = Consent.objects.get()
        exchange, _event = at_once(partial(flow.exchange, code), partial(revoke_consent, consent))
        assert exchange.status_code in {200, 400}
        if exchange.status_code == 200:
            tokens = exchange.json()
            header = bearer(tokens["access_token"])
            assert Browser().get("/o/userinfo/", **header).status_code == 401
            assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
        assert live_tokens() == (0, 0)


def test_eight_clicks_on_one_consent_page_are_one_decision(flow: Flow) -> None:
    for _ in range(ROUNDS):
        Consent.objects.all().delete()
        page = flow.start(prompt="consent")
        before = ConsentEvent.objects.count()
        answers = at_once(*[partial(clicked, flow, page)] * THREADS)

        codes = {location(answer).get("code") for answer in answers if answer.status_code == 302}
        assert [answer.status_code for answer in answers] == [302] * THREADS
        assert len(codes) == 1
        assert ConsentEvent.objects.count() == before + 1
        assert Authorization.objects.filter(ended_at=None, redeemed_at=None).count() == 1
        assert flow.exchange(codes.pop()).status_code == 200
        Authorization.objects.all().delete()


def test_allow_and_cancel_at_once_are_one_of_the_two(flow: Flow) -> None:
    for _ in range(ROUNDS):
        page = flow.start(prompt="consent")
        before = ConsentEvent.objects.count()
        acts = ("allow", "deny", "allow", "deny")
        answers = at_once(*[partial(clicked, flow, page, act) for act in acts])
        told = [location(answer) for answer in answers if answer.status_code == 302]
        assert {answer.status_code for answer in answers} <= {302, 400}
        assert len({answer.get("code", answer.get("error")) for answer in told}) == 1
        assert ConsentEvent.objects.count() == before + 1


def clicked(flow: Flow, page: Any, decision: str = "allow") -> Any:
    """Answer a page in a browser of the thread's own, with the same cookies."""
    browser = Browser(raise_request_exception=True)
    browser.cookies = flow.browser.cookies.copy()
    html = page.content.decode()
    found = re.search(r'<form[^>]*action="([^"]*decide[^"]*)"', html)
    assert found
    return browser.post(found[1], {**form_fields(html), "decision": decision})


@pytest.mark.parametrize("attempt", range(3))
def test_the_first_signing_key_is_made_once(attempt: int) -> None:
    SigningKey.objects.all().delete()
    key.forget_public_keys()
    keys = at_once(*[key.signing_key] * THREADS)
    assert len({found.kid for found in keys}) == 1
    assert SigningKey.objects.filter(state=SigningKey.State.ACTIVE).count() == 1
    published = [found for found in key.public_key_set()["keys"] if found["alg"] == "RS256"]
    assert [found["kid"] for found in published] == [keys[0].kid]
