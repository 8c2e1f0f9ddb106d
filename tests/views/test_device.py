"""The device grant (RFC 8628), through the public endpoints."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from idp.domain.device import ALPHABET, normalise
from idp.models import (
    Authorization,
    ClientPolicy,
    Consent,
    ConsentEvent,
    DeviceAuthorization,
    SecurityEvent,
    SignIn,
)
from idp.services.authorization import checksum
from idp.services.consent import revoke_consent
from idp.services.device import close_device
from idp.services.device_throttle import ASKED_LIMIT, USER_LIMIT, may_ask
from idp.services.purge_kind import KINDS
from tests.factories import add_scope, grant, make_application, make_policy, make_scope, make_user
from tests.requirement import defect, requirement
from tests.views.device_flow import ASK, PAGE, DeviceFlow, pass_time
from tests.views.flow import basic, bearer, post

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_counters() -> None:
    cache.clear()


@pytest.fixture
def flow() -> DeviceFlow:
    make_scope("photos:read", title="See your photos")
    application = make_application(
        "device", name="Telly", scopes=("openid", "photos:read", "profile")
    )
    return DeviceFlow(application, make_user("ann"))


def error(response: Any) -> str:
    assert response.status_code == 400, response.content
    assert response["Cache-Control"] == "no-store"
    return str(response.json()["error"])


@defect(6)
@requirement("RFC 8628 §3.2", "The answer holds both codes, the addresses, lifetime and interval.")
def test_a_device_gets_its_codes_and_where_to_type_them(flow: DeviceFlow) -> None:
    response = flow.send(ASK, scope="openid")
    codes = response.json()

    assert response["Cache-Control"] == "no-store"
    assert set(normalise(codes["user_code"])) <= set(ALPHABET)
    assert codes["verification_uri"] == "http://testserver/o/device/"
    assert codes["verification_uri_complete"].endswith(f"?user_code={codes['user_code']}")
    assert (codes["expires_in"], codes["interval"]) == (600, 5)


def test_a_device_code_is_kept_as_a_digest_only(flow: DeviceFlow) -> None:
    codes = flow.codes()
    row = DeviceAuthorization.objects.get()

    assert row.device_digest == checksum(codes["device_code"])
    assert codes["device_code"] not in str(vars(row))


@defect(6)
@requirement("RFC 8628 §3.4", "A device code gives tokens once a person allowed it.")
@requirement("RFC 8628 §3.5", "Before that, authorization_pending.")
def test_a_device_gets_tokens_once_a_person_let_it_in(flow: DeviceFlow) -> None:
    codes = flow.codes("openid photos:read")
    assert error(flow.poll(codes)) == "authorization_pending"

    done = flow.allow(codes)
    answer = flow.poll(codes).json()

    assert "You can go back to your device" in done.content.decode()
    assert answer["token_type"] == "Bearer"
    assert set(answer["scope"].split()) == {"openid", "photos:read"}
    assert answer["id_token"]
    assert answer["refresh_token"]
    told = Browser().get("/o/userinfo/", **bearer(answer["access_token"]))
    assert told.json()["sub"] == str(flow.user.pk)
    refreshed = flow.send(
        "/o/token/", grant_type="refresh_token", refresh_token=answer["refresh_token"]
    )
    assert refreshed.status_code == 200, refreshed.content


@requirement("RFC 8628 §3.1", "Confidential clients authenticate.")
def test_a_confidential_client_must_prove_itself_at_both_endpoints() -> None:
    application = make_application(
        "web",
        scopes=("openid",),
        grant_types=["urn:ietf:params:oauth:grant-type:device_code"],
    )
    flow = DeviceFlow(application, make_user())
    for path in (ASK, "/o/token/"):
        values = {"client_id": application.client_id, "grant_type": "x", "scope": "openid"}
        refused = post(path, values)
        assert refused.json()["error"] in {"invalid_client", "unsupported_grant_type"}
    wrong = post(ASK, {"scope": "openid"}, **basic(application, "wrong"))
    assert wrong.status_code == 401
    assert wrong["WWW-Authenticate"].startswith("Basic")
    assert flow.tokens()["access_token"]


def test_a_client_that_is_not_registered_for_devices_gets_no_codes() -> None:
    flow = DeviceFlow(make_application("web", scopes=("openid",)))
    assert error(flow.send(ASK, scope="openid")) == "unauthorized_client"


def test_what_the_client_may_not_ask_for_is_refused_at_once(flow: DeviceFlow) -> None:
    make_scope("photos:write")
    response = flow.send(ASK, scope="photos:write")
    assert error(response) == "invalid_scope"
    assert "photos:write" in response.json()["error_description"]
    assert SecurityEvent.objects.filter(kind="device.refused").exists()
    assert error(flow.send(ASK, scope="openid", resource="https://nobody.example/")) == (
        "invalid_target"
    )


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_codes_are_given_to_a_post_alone(method: str) -> None:
    response = getattr(Browser(), method)(ASK)
    assert response.status_code == 405
    assert response["Cache-Control"] == "no-store"


@defect(6)
@requirement("RFC 8628 §3.5", "slow_down adds five seconds to the interval.")
def test_who_asks_too_soon_waits_five_seconds_longer_from_then_on(flow: DeviceFlow) -> None:
    codes = flow.codes()
    answers = [error(flow.poll(codes)) for _ in range(3)]
    assert answers == ["authorization_pending", "slow_down", "slow_down"]
    assert DeviceAuthorization.objects.get().interval == 15

    pass_time(10)
    assert error(flow.poll(codes)) == "slow_down"
    pass_time(20)
    assert error(flow.poll(codes)) == "authorization_pending"
    assert DeviceAuthorization.objects.get().interval == 20
    assert not SecurityEvent.objects.filter(kind="token.refused").exists()


@defect(6)
@requirement("RFC 8628 §3.5", "Codes end with expired_token.")
def test_codes_expire(flow: DeviceFlow) -> None:
    codes = flow.codes()
    pass_time(601)
    assert error(flow.poll(codes)) == "expired_token"
    assert "No device is waiting" in flow.type(codes["user_code"]).content.decode()


def test_codes_expire_also_after_the_decision(flow: DeviceFlow) -> None:
    codes = flow.codes()
    flow.allow(codes)
    pass_time(601)
    assert error(flow.poll(codes)) == "expired_token"


@requirement("RFC 8628 §3.5", "A refusal is access_denied.")
def test_a_refusal_is_told_to_the_device_and_recorded(flow: DeviceFlow) -> None:
    codes = flow.codes()
    done = flow.decide(flow.type(codes["user_code"]), "deny")

    assert "was not connected" in done.content.decode()
    assert error(flow.poll(codes)) == "access_denied"
    assert ConsentEvent.objects.get().kind == "declined"
    assert not Consent.objects.exists()


@defect(6)
def test_a_device_code_is_good_for_one_success(flow: DeviceFlow) -> None:
    codes = flow.codes()
    flow.allow(codes)
    answer = flow.poll(codes).json()

    assert error(flow.poll(codes)) == "invalid_grant"
    alive = Browser().get("/o/userinfo/", **bearer(answer["access_token"]))
    assert alive.status_code == 200  # a question that was already on its way


def test_a_device_code_that_comes_again_later_ends_what_it_gave(flow: DeviceFlow) -> None:
    codes = flow.codes()
    flow.allow(codes)
    answer = flow.poll(codes).json()
    pass_time(30)

    assert error(flow.poll(codes)) == "invalid_grant"
    dead = Browser().get("/o/userinfo/", **bearer(answer["access_token"]))
    assert dead.status_code == 401
    assert SecurityEvent.objects.filter(kind="token.replayed").exists()


@defect(6)
@requirement("RFC 8628 §3.4", "A code is bound to its client.")
def test_a_device_code_is_good_for_its_own_client_alone(flow: DeviceFlow) -> None:
    other = DeviceFlow(make_application("device", scopes=("openid",)))
    codes = flow.codes()
    flow.allow(codes)
    assert error(other.poll(codes)) == "invalid_grant"
    assert SecurityEvent.objects.filter(kind="device_code.wrong_client").exists()
    assert flow.poll(codes).status_code == 200


@pytest.mark.parametrize("code", ["", "idpd_nonsense", "x" * 600, "a%00b"])
def test_a_code_that_is_none_gives_nothing(flow: DeviceFlow, code: str) -> None:
    assert error(flow.poll({"device_code": code})) in {"invalid_grant", "invalid_request"}


@requirement("RFC 8628 §5.4", "A person decides each time.")
def test_the_page_asks_also_for_a_first_party_client_that_was_allowed_before(
    flow: DeviceFlow,
) -> None:
    ClientPolicy.objects.filter(application=flow.application).update(
        first_party=True, consent_mode="implicit"
    )
    grant(flow.user, flow.application, "openid")
    codes = flow.codes()
    html = flow.type(codes["user_code"]).content.decode()
    assert 'name="decision"' in html
    assert error(flow.poll(codes)) == "authorization_pending"


def test_the_page_shows_code_client_scopes_and_a_warning(flow: DeviceFlow) -> None:
    codes = flow.codes("openid photos:read")
    html = flow.type(codes["user_code"]).content.decode()
    for words in (codes["user_code"], "Telly", "See your photos", "Did you start this yourself?"):
        assert words in html
    assert "The device that shows the code" in html


@requirement("RFC 8628 §3.3.1", "The complete address fills the code in, and a person confirms it.")
def test_a_link_fills_the_code_in_and_does_nothing_else(flow: DeviceFlow) -> None:
    codes = flow.codes()
    html = flow.browser.get(codes["verification_uri_complete"]).content.decode()
    assert f'value="{codes["user_code"]}"' in html
    assert 'name="decision"' not in html
    assert "Telly" not in html


@requirement("RFC 8628 §6.1", "Case and punctuation of a user code do not matter.")
def test_case_and_hyphens_do_not_matter(flow: DeviceFlow) -> None:
    code = flow.codes()["user_code"]
    typed = f"  {code.lower().replace('-', ' ')} "
    assert 'name="decision"' in flow.type(typed).content.decode()


def test_sign_in_comes_first_and_the_code_is_kept(flow: DeviceFlow) -> None:
    codes = flow.codes()
    stranger = Browser()
    for response in (
        stranger.get(codes["verification_uri_complete"]),
        stranger.post(PAGE, {"user_code": codes["user_code"]}),
    ):
        assert response.status_code == 302
        following = parse_qs(urlsplit(response["Location"]).query)["next"][0]
        assert following == f"/o/device/?user_code={codes['user_code']}"


@requirement("RFC 8628 §5.1", "Guessing user codes is limited.")
def test_wrong_codes_are_limited_for_a_user_on_a_clear_page(flow: DeviceFlow) -> None:
    codes = flow.codes()
    for _ in range(USER_LIMIT):
        assert "No device is waiting" in flow.type("BBBB-BBBB").content.decode()
    # Neither another browser helps, nor the right code.
    flow.browser = Browser()
    flow.sign_in(flow.user)
    page = flow.type(codes["user_code"])
    assert page.status_code == 429
    assert "Too many wrong codes" in page.content.decode()
    kinds = set(SecurityEvent.objects.values_list("kind", flat=True))
    assert {"device.wrong_code", "device.too_many_codes"} <= kinds


def test_wrong_codes_are_limited_for_a_browser_whoever_signs_in(flow: DeviceFlow) -> None:
    for _ in range(USER_LIMIT):
        flow.type("BBBB-BBBB")
    flow.sign_in(make_user())
    assert flow.type("BBBB-BBBB").status_code == 429


def test_devices_of_one_address_that_ask_are_limited(flow: DeviceFlow) -> None:
    for _ in range(ASKED_LIMIT):
        may_ask("127.0.0.1", timezone.now())
    response = flow.send(ASK, scope="openid")
    assert response.status_code == 429
    assert response["Retry-After"] == "60"


def test_a_decision_sent_twice_gets_the_same_answer(flow: DeviceFlow) -> None:
    codes = flow.codes()
    page = flow.type(codes["user_code"])
    first, second = flow.decide(page), flow.decide(page)
    assert "You can go back to your device" in first.content.decode()
    assert "You can go back to your device" in second.content.decode()
    assert Authorization.objects.count() == 1
    assert "already answered" in flow.decide(page, "deny").content.decode()


def test_two_people_cannot_decide_about_one_device(flow: DeviceFlow) -> None:
    codes = flow.codes()
    other = DeviceFlow(flow.application, make_user("bob"))
    mine, theirs = flow.type(codes["user_code"]), other.type(codes["user_code"])
    flow.decide(mine)
    assert "already answered" in other.decide(theirs).content.decode()
    assert Authorization.objects.get().user == flow.user


def test_a_decision_needs_the_page_of_this_browser_and_user(flow: DeviceFlow) -> None:
    codes = flow.codes()
    page = flow.type(codes["user_code"])
    other = DeviceFlow(flow.application, make_user("bob"))
    assert other.decide(page).status_code == 400
    flow.sign_in(other.user)
    assert flow.decide(page).status_code == 302
    assert not Authorization.objects.exists()


def test_a_form_of_another_site_is_refused(flow: DeviceFlow) -> None:
    codes = flow.codes()
    strict = Browser(enforce_csrf_checks=True)
    strict.force_login(flow.user, "django.contrib.auth.backends.ModelBackend")
    assert strict.post(PAGE, {"user_code": codes["user_code"]}).status_code == 403


def test_switching_account_keeps_the_code(flow: DeviceFlow) -> None:
    codes = flow.codes()
    html = flow.type(codes["user_code"]).content.decode()
    link = html.split('href="/o/authorize/switch/')[1].split('"')[0]
    response = flow.browser.get(f"/o/authorize/switch/{link}")
    assert response.status_code == 302
    assert "device" in response["Location"]
    assert normalise(codes["user_code"]) in response["Location"]


def test_revoking_consent_ends_the_tokens_and_what_was_not_fetched_yet(flow: DeviceFlow) -> None:
    answer = flow.tokens()
    codes = flow.codes()
    flow.allow(codes)
    revoke_consent(Consent.objects.get())
    dead = Browser().get("/o/userinfo/", **bearer(answer["access_token"]))
    assert dead.status_code == 401
    assert error(flow.poll(codes)) == "invalid_grant"


def test_policy_is_judged_again_when_the_tokens_are_fetched(flow: DeviceFlow) -> None:
    policy = make_policy(groups=["staff"])
    make_scope("reports", policy=policy)
    add_scope(flow.application, "reports")
    flow.user.groups.create(name="staff")
    codes = flow.codes("openid reports")
    flow.allow(codes)
    flow.user.groups.clear()
    assert flow.poll(codes).json()["scope"] == "openid"


def test_a_sensitive_scope_asks_for_a_fresh_sign_in(flow: DeviceFlow) -> None:
    make_scope("vault", policy=make_policy(max_authentication_age=timedelta(seconds=60)))
    add_scope(flow.application, "vault")
    codes = flow.codes("vault")
    SignIn.objects.update(at=timezone.now() - timedelta(hours=1))
    response = flow.type(codes["user_code"])
    assert response.status_code == 302
    assert codes["user_code"] in response["Location"]
    flow.sign_in(flow.user)
    assert 'name="decision"' in flow.type(codes["user_code"]).content.decode()


def test_the_ledger_keeps_what_was_shown(flow: DeviceFlow) -> None:
    flow.tokens("openid photos:read")
    event = ConsentEvent.objects.get()
    assert event.kind == "granted"
    assert event.snapshot_digest


def test_a_time_only_grant_carries_no_refresh_token(flow: DeviceFlow) -> None:
    make_scope("diary", policy=make_policy(choose_duration=True))
    add_scope(flow.application, "diary")
    answer = flow.tokens("diary", duration="once")
    assert "refresh_token" not in answer


def test_a_disabled_client_gets_no_decision(flow: DeviceFlow) -> None:
    codes = flow.codes()
    ClientPolicy.objects.filter(application=flow.application).update(status="disabled")
    page = flow.type(codes["user_code"])
    assert page.status_code == 400
    assert "switched off" in page.content.decode()


@defect(24)
@requirement("RFC 8628 §4", "The metadata names the endpoint.")
@pytest.mark.parametrize(
    "path", ["/o/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/o"]
)
def test_discovery_names_the_endpoint_and_the_grant(path: str) -> None:
    told = Browser().get(path).json()
    assert told["device_authorization_endpoint"] == "http://testserver/o/device-authorization/"
    assert "urn:ietf:params:oauth:grant-type:device_code" in told["grant_types_supported"]


def test_scripts_of_registered_origins_alone_may_ask() -> None:
    make_application("spa", allowed_origins="https://app.example.com")
    good = Browser().options(ASK, HTTP_ORIGIN="https://app.example.com")
    bad = Browser().options(ASK, HTTP_ORIGIN="https://evil.example")
    assert good["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert "Access-Control-Allow-Origin" not in bad


def test_asking_waiting_and_fetching_cost_few_statements(flow: DeviceFlow) -> None:
    flow.tokens()  # as in steady state: keys and catalogue are at hand
    assert statements(lambda: flow.send(ASK, scope="openid")) <= 4
    codes = flow.codes()
    assert statements(lambda: flow.poll(codes)) <= 3
    flow.allow(codes)
    assert statements(lambda: flow.poll(codes)) <= 8


def statements(work: Callable[[], Any]) -> int:
    """Return how many statements some work takes, without those of transactions."""
    with CaptureQueriesContext(connection) as captured:
        work()
    framing = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    return sum(not query["sql"].startswith(framing) for query in captured.captured_queries)


def test_an_operator_closes_a_device_with_everything_that_it_got(flow: DeviceFlow) -> None:
    waiting = flow.codes()
    assert close_device(DeviceAuthorization.objects.get(), reason="lost", now=timezone.now())
    assert error(flow.poll(waiting)) == "expired_token"

    answer = flow.tokens()
    row = DeviceAuthorization.objects.get(state="redeemed")
    assert close_device(row, reason="lost", now=timezone.now())
    dead = Browser().get("/o/userinfo/", **bearer(answer["access_token"]))
    assert dead.status_code == 401
    assert not close_device(row, reason="lost", now=timezone.now())


def test_old_rows_are_purged_and_what_came_of_them_stays(flow: DeviceFlow) -> None:
    flow.tokens()
    flow.codes()
    pass_time(2 * 24 * 3600)
    kind = next(kind for kind in KINDS if kind.name == "device authorizations")
    keys = list(kind.rows(timezone.now()).values_list("pk", flat=True))
    assert kind.remove(keys) == 2
    assert Authorization.objects.count() == 1
