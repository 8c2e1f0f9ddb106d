"""Taking back reaches what is older than our records, and stops at the moment of the decision."""

from __future__ import annotations

import io
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from idp.conf import access_token_model, refresh_token_model
from idp.models import Consent, ConsentScope, Scope, SignIn
from idp.services.catalogue import bump_catalogue
from idp.services.consent import narrow_consent, record_decision
from idp.services.consent_reach import Target
from idp.services.scope_sweep import Unused
from idp.services.site_setup import provide_sign_in_scopes
from idp.services.task import Order, begin_task
from tests.factories import make_application, make_policy, make_user
from tests.management.conftest import idp
from tests.views.flow import Flow, location
from tests.views.test_withdrawal import BOTH, MINUTE, begun, finished, scopes

__all__ = ["idp"]

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def flow(clock: Any) -> Flow:
    return Flow(make_application(scopes=("openid", "photos:read")), make_user("ada"))


def make_older(flow: Flow) -> None:
    """Make a refresh token from before the provider, whose access token has expired."""
    pair = {"user": flow.user, "application": flow.application}
    access = access_token_model().objects.create(
        token="older", scope=BOTH, expires=timezone.now() - DAY, **pair
    )
    refresh_token_model().objects.create(token="older-refresh", access_token=access, **pair)


def own_token(client: Any) -> str:
    """Return a token that a client gets in its own name."""
    answer = Flow(client).token(grant_type="client_credentials", scope="reports:read").json()
    assert answer["scope"] == "reports:read"
    return str(answer["access_token"])


def silently(flow: Flow) -> dict[str, Any]:
    """Return tokens for which nobody is asked."""
    found: dict[str, Any] = flow.exchange(location(flow.start(BOTH))["code"]).json()
    return found


@pytest.mark.parametrize("with_consent", [True, False])
def test_no_older_refresh_token_brings_back_what_an_operator_took(
    flow: Flow, clock: Any, *, with_consent: bool
) -> None:
    make_older(flow)
    if with_consent:
        record_decision(flow.user, flow.application, BOTH, allow=True, now=timezone.now())
    finished(begun(clock, scope="photos:read"))

    assert access_token_model().objects.get().scope == "openid"
    assert flow.refresh("older-refresh").json()["scope"] == "openid"


def test_no_older_refresh_token_brings_back_what_its_user_took(flow: Flow) -> None:
    make_older(flow)
    consent = record_decision(flow.user, flow.application, BOTH, allow=True, now=timezone.now())
    assert consent is not None
    narrow_consent(consent, ["photos:read"])

    assert access_token_model().objects.get().scope == "openid"
    access_token_model().objects.update(scope=BOTH)
    assert flow.refresh("older-refresh").json()["scope"] == "openid", "the decision binds as well"


def test_an_older_refresh_token_keeps_what_the_decision_does_not_name(flow: Flow) -> None:
    make_older(flow)
    record_decision(flow.user, flow.application, ["openid"], allow=True, now=timezone.now())

    assert set(flow.refresh("older-refresh").json()["scope"].split()) == set(BOTH.split())


def test_what_comes_while_the_operator_thinks_is_taken_back_too(
    clock: Any, idp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a client whose users nobody asks, so that no consent says how old it is."""
    named = {"first_party": True, "consent_mode": "implicit"}
    flow = Flow(make_application(scopes=("openid", "photos:read"), **named), make_user())
    Scope.objects.update(policy=make_policy("own", consent="implicit_first_party"))
    bump_catalogue()
    came: dict[str, Any] = {}

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

        def readline(self, *_size: Any) -> str:
            clock.shift(MINUTE)
            came.update(silently(flow))
            clock.shift(MINUTE)
            return "y\n"

    monkeypatch.setattr(sys, "stdin", Terminal())
    assert idp("revoke", "--scope", "photos:read")[0] == 0

    assert scopes(came["access_token"]) == {"openid"}


@pytest.mark.parametrize("whole", [True, False])
def test_what_an_old_consent_gives_while_the_decision_is_stored_is_taken_back_too(
    flow: Flow, clock: Any, *, whole: bool
) -> None:
    flow.tokens(BOTH)
    at = timezone.now() + timedelta(seconds=MINUTE)
    clock.shift(2 * MINUTE)
    came = silently(flow)
    pair = Target(user=flow.user, application=flow.application)
    work = pair if whole else Target(scope="photos:read")
    task = begin_task(Order(kind="take_back", work=work, label="this", total=1), now=at)

    left = None if whole else {"openid"}
    assert scopes(came["access_token"]) == left
    assert flow.refresh(came["refresh_token"]).json().get("scope") == (left and "openid")
    page = flow.start(BOTH)
    again = flow.exchange(location(flow.decide(page))["code"]).json()
    for _when in ("before it is written down", "after"):
        assert scopes(again["access_token"]) == {"openid", "photos:read"}, "a later yes holds"
        if task.finished_at is None:
            finished(task)
    assert "photos:read" not in (scopes(came["access_token"]) or ())


@pytest.mark.parametrize(
    ("kind", "scope"), [("take_back", ""), ("take_back", "reports:read"), ("end_tokens", "")]
)
def test_a_client_keeps_what_it_gets_in_its_own_name_after_the_decision(
    clock: Any, kind: str, scope: str
) -> None:
    client = make_application("service", scopes=("reports:read",))
    before = own_token(client)
    task = begun(clock, kind=kind, application=client, scope=scope)
    after = own_token(client)
    finished(task)

    assert not scopes(before)
    assert scopes(after) == {"reports:read"}


def test_a_code_that_is_given_after_the_decision_is_good_when_the_task_is_done(
    flow: Flow, clock: Any
) -> None:
    task = begun(clock, application=flow.application, scope="photos:read")
    code = flow.code("photos:read")
    finished(task)

    assert flow.exchange(code).json()["scope"] == "photos:read"


def test_an_unused_scope_that_a_user_allows_again_meanwhile_stays(flow: Flow, clock: Any) -> None:
    flow.tokens(BOTH)
    clock.shift(200 * DAY.total_seconds())
    work = Unused(application=flow.application, scope="photos:read")
    task = begin_task(Order(kind="unused", work=work, label="this", total=1))
    clock.shift(MINUTE)
    visit = Flow(flow.application, flow.user)
    page = visit.start(BOTH, prompt="consent")
    found = visit.exchange(location(visit.decide(page))["code"]).json()
    finished(task)

    assert scopes(found["access_token"]) == {"openid", "photos:read"}
    given = ConsentScope.objects.filter(consent=Consent.objects.get(), state="granted")
    assert set(given.values_list("scope", flat=True)) == {"openid", "photos:read"}


def test_with_offline_access_goes_at_once_what_only_that_kept(clock: Any) -> None:
    provide_sign_in_scopes()
    named = f"{BOTH} offline_access"
    flow = Flow(make_application(scopes=named.split()), make_user())

    def connected() -> dict[str, Any]:
        page = flow.start(named, prompt="consent")
        found: dict[str, Any] = flow.exchange(location(flow.decide(page))["code"]).json()
        return found

    signed_out = connected()
    SignIn.objects.update(ended_at=timezone.now())
    flow = Flow(flow.application, flow.user)
    signed_in = connected()
    task = begun(clock, scope="offline_access")

    assert scopes(signed_out["access_token"]) is None
    assert flow.refresh(signed_out["refresh_token"]).json()["error"] == "invalid_grant"
    assert scopes(signed_in["access_token"]) == {"openid", "photos:read"}
    finished(task)
    assert scopes(signed_out["access_token"]) is None
    assert scopes(signed_in["access_token"]) == {"openid", "photos:read"}
