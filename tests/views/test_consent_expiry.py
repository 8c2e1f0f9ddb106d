"""A consent that runs out: what stops, and that the ledger says so without a clean-up job."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from idp.conf import access_token_model, refresh_token_model
from idp.models import Authorization, Consent, ConsentEvent, ConsentUse, SecurityEvent
from tests.factories import grant, make_application, make_user
from tests.views.flow import Flow, bearer, location

# What is written after a transaction needs transactions that end.
pytestmark = pytest.mark.django_db(transaction=True)

HOUR = 3600


@pytest.fixture
def flow(settings: Any, clock: Any) -> Flow:
    settings.IDP = {**settings.IDP, "CONSENT_LIFETIME": HOUR, "ACCESS_TOKEN_LIFETIME": 2 * HOUR}
    return Flow(make_application(scopes=("openid", "photos:read")), make_user("ada"))


def kinds() -> list[str]:
    return list(ConsentEvent.objects.order_by("sequence").values_list("kind", flat=True))


def test_a_refresh_that_finds_it_run_out_gets_nothing_and_the_ledger_says_so(
    flow: Flow, clock: Any
) -> None:
    tokens = flow.tokens("openid photos:read")
    clock.shift(HOUR)

    response = flow.refresh(tokens["refresh_token"])

    assert (response.status_code, response.json()["error"]) == (400, "invalid_grant")
    assert kinds() == ["granted", "expired"]
    event = ConsentEvent.objects.get(kind="expired")
    assert (event.actor, event.scopes_before, event.scopes_after) == (
        "system",
        "openid photos:read",
        "",
    )
    assert Consent.objects.get().status == "expired"
    assert Authorization.objects.get().ended_reason == "consent_expired"
    assert not refresh_token_model().objects.filter(revoked=None).exists()
    assert not access_token_model().objects.exists()


def test_a_second_refresh_writes_nothing_more(flow: Flow, clock: Any) -> None:
    tokens = flow.tokens()
    clock.shift(HOUR)
    for _twice in range(2):
        flow.refresh(tokens["refresh_token"])

    assert kinds() == ["granted", "expired"]


def test_a_refresh_just_before_the_end_works(flow: Flow, clock: Any) -> None:
    tokens = flow.tokens()
    clock.shift(HOUR - 1)

    assert flow.refresh(tokens["refresh_token"]).status_code == 200
    assert kinds() == ["granted"]


def test_an_api_call_stops_at_the_end_and_a_get_writes_nothing_to_the_ledger(
    flow: Flow, clock: Any
) -> None:
    tokens = flow.tokens("openid photos:read")
    call = {"path": "/api/photos/", **bearer(tokens["access_token"])}
    assert flow.browser.get(**call).status_code == 200
    clock.shift(HOUR)

    response = flow.browser.get(**call)

    assert response.status_code == 401
    assert 'error="invalid_token"' in response["WWW-Authenticate"]
    assert kinds() == ["granted"]


def test_an_authorization_request_asks_again_and_the_ledger_says_why(
    flow: Flow, clock: Any
) -> None:
    flow.tokens()
    assert flow.start().status_code == 302, "a remembered consent answers by itself"
    clock.shift(HOUR)

    page = flow.start()

    assert page.status_code == 200
    assert kinds() == ["granted", "expired"]
    assert location(flow.decide(page))["code"]
    assert kinds() == ["granted", "expired", "granted"]
    assert ConsentUse.objects.get().count == 1


def test_without_a_page_the_client_hears_that_consent_is_required(flow: Flow, clock: Any) -> None:
    flow.tokens()
    clock.shift(HOUR)

    answer = location(flow.start(prompt="none"))

    assert answer["error"] == "consent_required"
    assert kinds() == ["granted", "expired"]


def test_a_code_whose_consent_ran_out_meanwhile_gives_nothing(flow: Flow, settings: Any) -> None:
    settings.IDP = {**settings.IDP, "CONSENT_LIFETIME": 30}
    code = flow.code()
    Consent.objects.update(expires_at=timezone.now())

    response = flow.exchange(code)

    assert response.json()["error"] == "invalid_grant"
    assert kinds() == ["granted", "expired"]


def test_tokens_from_before_stop_with_the_consent_that_was_made_of_them(
    flow: Flow, clock: Any
) -> None:
    now = timezone.now()
    access = access_token_model().objects.create(
        user=flow.user,
        application=flow.application,
        token="old",
        scope="openid",
        expires=now + timedelta(seconds=60),
    )
    refresh_token_model().objects.create(
        user=flow.user, application=flow.application, token="older", access_token=access
    )
    grant(flow.user, flow.application, "openid", now=now)
    clock.shift(HOUR)

    response = flow.refresh("older")

    assert response.json()["error"] == "invalid_grant"
    assert kinds() == ["granted", "expired"]
    refused = SecurityEvent.objects.get(kind="refresh_token.refused")
    assert refused.reasons[0]["code"] == "consent_expired"
    assert not refresh_token_model().objects.filter(revoked=None).exists()
