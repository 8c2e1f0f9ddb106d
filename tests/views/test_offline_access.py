"""``offline_access`` as relying parties send it: unasked, again at refresh, and for good reason."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone

from idp.models import Authorization, Consent, ConsentEvent, ConsentScope, Scope, ScopePolicy
from idp.services.catalogue import bump_catalogue, forget_recent
from idp.services.consent import narrow_consent
from idp.services.holding_batch import shrink_holdings_of
from idp.services.site_setup import provide_sign_in_scopes
from tests.factories import add_scope, make_application, make_scope, make_user
from tests.requirement import requirement
from tests.views.device_flow import DeviceFlow
from tests.views.flow import Flow, location
from tests.views.test_logout import answer, ask

pytestmark = pytest.mark.django_db

OFFLINE = "offline_access"
BOTH = "openid offline_access"


@pytest.fixture(autouse=True)
def _new_site() -> None:
    provide_sign_in_scopes()


def flow_of(*scopes: str, **fields: Any) -> Flow:
    return Flow(make_application("web", scopes=scopes, **fields), make_user())


def scopes_of(answer: dict[str, Any]) -> set[str]:
    return set(answer["scope"].split())


@requirement("OpenID Connect Core §11", "offline_access that cannot be granted is ignored.")
def test_who_may_not_have_it_gets_everything_else() -> None:
    flow = flow_of("openid")
    found = flow.tokens(BOTH)
    assert scopes_of(found) == {"openid"}
    again = flow.refresh(found["refresh_token"], scope=BOTH).json()
    assert scopes_of(again) == {"openid"}
    wider = flow.refresh(again["refresh_token"], scope="openid email")
    assert wider.json()["error"] == "invalid_scope"


@requirement("OpenID Connect Core §11", "offline_access that cannot be granted is ignored.")
@pytest.mark.parametrize("mode", [False, True], ids=["reporting", "enforcing"])
def test_a_site_that_does_not_know_it_ignores_it(settings: Any, mode: bool) -> None:  # noqa: FBT001
    Scope.objects.filter(name=OFFLINE).delete()
    settings.IDP = {**settings.IDP, "ENFORCE": {"scope": mode}}
    make_scope("reports:read")
    assert scopes_of(flow_of("openid").tokens(BOTH)) == {"openid"}
    service = Flow(make_application("service", scopes=("reports:read",)))
    found = service.token(grant_type="client_credentials", scope=f"reports:read {OFFLINE}").json()
    assert scopes_of(found) == {"reports:read"}
    alone = service.token(grant_type="client_credentials", scope=OFFLINE).json()
    assert alone["error"] == "invalid_scope"


@requirement("OpenID Connect Core §11", "offline_access is granted with the user's consent.")
def test_who_registered_for_it_asks_the_user_in_words() -> None:
    flow = flow_of("openid", OFFLINE)
    page = flow.start(BOTH, prompt="consent")
    assert b"Stay connected while you are away" in page.content
    code = location(flow.decide(page))["code"]
    assert scopes_of(flow.exchange(code).json()) == {"openid", OFFLINE}
    silent = location(flow.start(BOTH, prompt="none"))
    assert scopes_of(flow.exchange(silent["code"]).json()) == {"openid", OFFLINE}


@requirement(
    "OpenID Connect Core §11", "Without prompt=consent it is no cause to ask, and is ignored."
)
def test_it_does_not_ask_again_whoever_allowed_the_rest() -> None:
    flow = flow_of("openid", OFFLINE)
    flow.tokens("openid")
    silent = location(flow.start(BOTH))
    assert scopes_of(flow.exchange(silent["code"]).json()) == {"openid"}
    assert not ConsentScope.objects.filter(scope=OFFLINE).exists()


def test_a_device_gets_it_by_the_person_who_decides() -> None:
    application = make_application("device", scopes=("openid", OFFLINE))
    device = DeviceFlow(application, make_user())
    assert scopes_of(device.tokens(scope=BOTH)) == {"openid", OFFLINE}


@requirement(
    "OpenID Connect Back-Channel Logout §2.7",
    "Refresh tokens with offline_access outlive the sign-out; all others end.",
)
def test_what_stays_connected_outlives_the_sign_out() -> None:
    away, near = flow_of("openid", OFFLINE), flow_of("openid")
    near.browser, near.user = away.browser, away.user
    kept, gone = away.tokens(BOTH), near.tokens("openid")
    answer(away, ask(away, id_token_hint=kept["id_token"]))
    assert away.refresh(kept["refresh_token"]).status_code == 200
    assert near.refresh(gone["refresh_token"]).json()["error"] == "invalid_grant"
    assert Authorization.objects.filter(ended_at=None).get().scopes == "offline_access openid"


def test_a_scope_that_only_bears_the_name_within_its_own_ends_with_the_session() -> None:
    make_scope("my:offline_access")
    flow = flow_of("openid", "my:offline_access")
    found = flow.tokens("openid my:offline_access")
    answer(flow, ask(flow, id_token_hint=found["id_token"]))
    assert flow.refresh(found["refresh_token"]).json()["error"] == "invalid_grant"


def test_without_refresh_tokens_nothing_of_it_is_said() -> None:
    flow = flow_of("openid")
    make_scope("brief", policy="brief")
    policy = Scope.objects.get(name="brief").policy
    assert policy is not None
    policy.refresh = False
    policy.save()
    for name in (OFFLINE, "brief"):
        add_scope(flow.application, name)
    found = flow.tokens(f"{BOTH} brief")
    assert scopes_of(found) == {"openid", "brief"}
    assert "refresh_token" not in found


def brief(*scopes: str) -> Flow:
    """Return a flow to a client whose users choose for how long they allow."""
    flow = flow_of(*scopes)
    ScopePolicy.objects.update(choose_duration=True)
    bump_catalogue()
    return flow


def test_this_time_only_gives_no_lasting_access_and_the_ledger_says_so() -> None:
    flow = brief("openid", OFFLINE)
    found = flow.exchange(location(flow.decide(flow.start(BOTH), duration="once"))["code"]).json()
    assert scopes_of(found) == {"openid"}
    event = ConsentEvent.objects.latest("pk")
    assert (event.scopes_after, event.declined) == ("openid", OFFLINE)
    assert not ConsentScope.objects.filter(scope=OFFLINE, state="granted").exists()


def test_alone_and_this_time_only_it_is_nothing() -> None:
    flow = brief(OFFLINE)
    page = flow.start(OFFLINE, prompt="consent")
    assert location(flow.decide(page, duration="once"))["error"] == "access_denied"
    assert not Authorization.objects.exists()
    event = ConsentEvent.objects.latest("pk")
    assert (event.kind, event.declined) == ("declined", OFFLINE)
    lasting = flow.decide(flow.start(OFFLINE, prompt="consent"), duration="until_revoked")
    assert scopes_of(flow.exchange(location(lasting)["code"]).json()) == {OFFLINE}


def test_alone_without_refresh_tokens_it_is_refused_before_anybody_is_asked() -> None:
    flow = flow_of(OFFLINE)
    ScopePolicy.objects.update(refresh=False)
    bump_catalogue()
    assert location(flow.start(OFFLINE, prompt="consent"))["error"] == "invalid_scope"


def test_on_a_device_this_time_only_gives_no_lasting_access() -> None:
    ScopePolicy.objects.update(choose_duration=True)
    bump_catalogue()
    device = DeviceFlow(make_application("device", scopes=("openid", OFFLINE)), make_user())
    assert scopes_of(device.tokens(scope=BOTH, duration="once")) == {"openid"}
    assert ConsentEvent.objects.latest("pk").scopes_after == "openid"


def test_the_metadata_lists_it_like_any_scope_that_clients_may_ask_for() -> None:
    def listed() -> bool:
        told = Browser().get("/o/.well-known/openid-configuration").json()
        return OFFLINE in told["scopes_supported"]

    assert listed()
    Scope.objects.filter(name=OFFLINE).update(active=False)
    bump_catalogue()
    forget_recent()
    assert not listed()


def test_a_site_that_defines_it_keeps_its_own_words() -> None:
    Scope.objects.filter(name=OFFLINE).delete()
    make_scope(OFFLINE, title="Work at night")
    provide_sign_in_scopes()
    page = flow_of("openid", OFFLINE).start(BOTH)
    assert b"Work at night" in page.content
    assert b"Stay connected" not in page.content


def signed_out(flow: Flow) -> dict[str, Any]:
    """Return the tokens of somebody who signed out and stays connected."""
    found = flow.tokens(BOTH)
    answer(flow, ask(flow, id_token_hint=found["id_token"]))
    assert Authorization.objects.get().ended_at is None
    return found


def test_who_takes_it_back_after_signing_out_takes_back_all_that_it_held() -> None:
    flow = flow_of("openid", OFFLINE)
    found = signed_out(flow)
    consent = Consent.objects.get()
    narrow_consent(consent, frozenset({OFFLINE}), actor="user", now=timezone.now())
    assert flow.refresh(found["refresh_token"]).json()["error"] == "invalid_grant"


def test_so_does_an_operator_who_takes_it_from_many() -> None:
    flow = flow_of("openid", OFFLINE)
    found = signed_out(flow)
    pair = (flow.user.pk, flow.application.pk)
    shrink_holdings_of(frozenset({pair}), frozenset({OFFLINE}), timezone.now())
    assert flow.refresh(found["refresh_token"]).json()["error"] == "invalid_grant"


def test_taken_back_while_signed_in_it_only_ends_with_the_session() -> None:
    flow = flow_of("openid", OFFLINE)
    found = flow.tokens(BOTH)
    narrow_consent(Consent.objects.get(), frozenset({OFFLINE}), actor="user", now=timezone.now())
    again = flow.refresh(found["refresh_token"]).json()
    assert scopes_of(again) == {"openid"}
