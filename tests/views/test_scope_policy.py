"""Scope policies at every door: who is refused what, in which words, and from when on."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from idp.conf import access_token_model
from idp.models import (
    Authorization,
    ClientPolicy,
    ClientScope,
    Scope,
    ScopePolicy,
    SecurityEvent,
    SignIn,
)
from idp.services.client import disable_client
from idp.services.client_scope import approve_scope, refuse_scope
from idp.services.scope_policy import save_policy
from tests.factories import (
    add_scope,
    make_api,
    make_application,
    make_policy,
    make_scope,
    make_user,
)
from tests.requirement import defect, requirement
from tests.views.flow import Flow, basic, bearer, location, post

pytestmark = pytest.mark.django_db

API = "/api/user-profile/"


@pytest.fixture
def policy(db: None) -> ScopePolicy:
    return make_policy("account")


@pytest.fixture
def flow(policy: ScopePolicy) -> Flow:
    make_scope("account:read", policy=policy, title="See your account")
    make_scope("photos:read", title="See your photos")
    application = make_application(
        "web", scopes=("openid", "photos:read"), optional=("account:read",)
    )
    return Flow(application, make_user("ada", groups=("staff",)))


def change(policy: ScopePolicy, **values: Any) -> None:
    for name, value in values.items():
        setattr(policy, name, value)
    save_policy(policy)


def leave(user: Any) -> None:
    user.groups.clear()


def only_staff(flow: Flow, policy: ScopePolicy) -> None:
    Group.objects.get_or_create(name="staff")
    change(policy, groups=["staff"])


def introspected(flow: Flow, token: str) -> dict[str, Any]:
    answer = post("/o/introspect/", {"token": token}, **basic(flow.application))
    found: dict[str, Any] = answer.json()
    return found


# --- Who hears what ---


@requirement("RFC 6749 §4.1.2.1", "A scope that the client may not ask for is invalid_scope.")
@pytest.mark.parametrize(
    ("scope", "arrange", "description"),
    [
        ("openid nothing:here", lambda: None,
         "nothing:here: unknown_scope. There is no scope nothing:here."),
        ("openid mail:read", lambda: make_scope("mail:read"),
         "mail:read: not_registered. The client is not registered for the scope mail:read."),
        ("openid account:read",
         lambda: ScopePolicy.objects.filter(name="account").update(clients="approved"),
         "account:read: approval_missing. The client has no approval for the scope account:read "
         "yet."),
        ("openid account:read",
         lambda: ClientScope.objects.filter(scope__name="account:read").update(state="refused"),
         "account:read: approval_refused. The client has been refused the scope account:read."),
        ("openid account:read",
         lambda: ClientScope.objects.filter(scope__name="account:read").update(
             until=timezone.now() - timedelta(seconds=1)),
         "account:read: approval_ended. The client's approval for the scope account:read has "
         "ended."),
        ("openid account:read",
         lambda: ScopePolicy.objects.filter(name="account").update(
             grant_types=["client_credentials"]),
         "account:read: grant_type_not_allowed. The scope account:read cannot be obtained with "
         "the grant type authorization_code."),
        ("openid account:read",
         lambda: ScopePolicy.objects.filter(name="account").update(clients="verified"),
         "account:read: client_not_trusted. The client is not trusted enough for the scope "
         "account:read."),
        ("openid account:read", lambda: Scope.objects.filter(name="account:read").update(
            active=False),
         "account:read: retired. The scope account:read has been retired."),
    ],
)  # fmt: skip
def test_a_fault_of_the_client_is_invalid_scope_naming_scope_and_rule(
    flow: Flow, scope: str, arrange: Any, description: str
) -> None:
    from idp.services.catalogue import bump_catalogue

    arrange()
    bump_catalogue()
    answer = location(flow.start(scope))
    assert (answer["error"], answer["error_description"]) == ("invalid_scope", description)
    assert answer["state"] == "st-1"


def test_an_optional_scope_that_this_user_may_not_give_is_shown_unavailable_and_left_out(
    flow: Flow, policy: ScopePolicy
) -> None:
    leave(flow.user)
    only_staff(flow, policy)
    page = flow.start("openid photos:read account:read")
    assert "This account may not give" in page.content.decode()
    code = location(flow.decide(page))["code"]
    assert flow.exchange(code).json()["scope"] == "openid photos:read"


def test_a_required_scope_that_this_user_may_not_give_is_access_denied_with_the_reason(
    flow: Flow, policy: ScopePolicy
) -> None:
    ClientScope.objects.filter(scope__name="account:read").update(requirement="required")
    leave(flow.user)
    only_staff(flow, policy)
    answer = location(flow.start("openid account:read"))
    assert answer["error"] == "access_denied"
    assert answer["error_description"] == (
        "account:read: user_not_eligible. This account may not give the scope account:read."
    )


def test_a_sign_in_that_is_too_old_goes_through_sign_in_or_is_its_own_error(
    flow: Flow, policy: ScopePolicy
) -> None:
    flow.start("openid")
    change(policy, max_authentication_age=timedelta(minutes=10))
    SignIn.objects.update(at=timezone.now() - timedelta(minutes=11))
    answer = flow.start("openid account:read")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/")
    assert location(flow.start("openid account:read", prompt="none"))["error"] == "login_required"


# --- Authorization: the page and the click ---


def test_a_policy_that_changed_between_page_and_click_shows_the_page_again(
    flow: Flow, policy: ScopePolicy
) -> None:
    page = flow.start("openid photos:read account:read")
    leave(flow.user)
    only_staff(flow, policy)
    again = flow.decide(page)
    assert again.status_code == 200
    assert "has changed" in again.content.decode()
    assert not Authorization.objects.exists()
    assert flow.exchange(location(flow.decide(again))["code"]).json()["scope"] == (
        "openid photos:read"
    )


def test_an_approval_withdrawn_between_page_and_click_gives_the_client_its_error(
    flow: Flow, policy: ScopePolicy
) -> None:
    change(policy, clients="approved")
    row = ClientScope.objects.get(scope__name="account:read")
    approve_scope(row, by="berta")
    page = flow.start("openid account:read")
    refuse_scope(row, by="berta", reason="no longer")
    answer = location(flow.decide(page))
    assert answer["error"] == "invalid_scope"
    assert "approval_refused" in answer["error_description"]
    assert not Authorization.objects.exists()


# --- Code exchange ---


@defect(11)
def test_an_approval_withdrawn_between_code_and_token_narrows_the_token(
    flow: Flow, policy: ScopePolicy
) -> None:
    change(policy, clients="approved")
    row = ClientScope.objects.get(scope__name="account:read")
    approve_scope(row, by="berta")
    code = flow.code("openid account:read")
    refuse_scope(row, by="berta", reason="no longer")
    assert flow.exchange(code).json()["scope"] == "openid"


def test_a_code_of_which_nothing_is_left_is_invalid_grant(flow: Flow, policy: ScopePolicy) -> None:
    code = flow.code("account:read", nonce=None)
    leave(flow.user)
    only_staff(flow, policy)
    answer = flow.exchange(code)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


@defect(9)
@pytest.mark.parametrize("off", ["user", "client"])
def test_a_code_of_a_disabled_party_is_refused(flow: Flow, off: str) -> None:
    code = flow.code("openid account:read")
    switch_off(flow, off)
    answer = flow.exchange(code)
    assert answer.status_code in {400, 401}
    assert answer.json()["error"] in {"invalid_grant", "invalid_client"}


def switch_off(flow: Flow, party: str) -> None:
    if party == "client":
        disable_client(flow.application, reason="test")
    else:
        flow.user.is_active = False
        flow.user.save()


# --- Refresh ---


@defect(11)
@requirement("RFC 6749 §5.1", "A scope that differs from what was asked for is told.")
def test_a_group_left_between_token_and_refresh_narrows_the_answer_without_asking(
    flow: Flow, policy: ScopePolicy
) -> None:
    only_staff(flow, policy)
    first = flow.tokens("openid photos:read account:read")
    assert first["scope"] == "account:read openid photos:read"
    leave(flow.user)
    second = flow.refresh(first["refresh_token"]).json()
    assert second["scope"] == "openid photos:read"
    assert Browser().get(API, **bearer(second["access_token"])).status_code == 403


def test_what_is_given_back_returns_at_the_next_refresh(flow: Flow, policy: ScopePolicy) -> None:
    only_staff(flow, policy)
    first = flow.tokens("openid account:read")
    leave(flow.user)
    second = flow.refresh(first["refresh_token"]).json()
    flow.user.groups.add(Group.objects.get(name="staff"))
    third = flow.refresh(second["refresh_token"]).json()
    assert (second["scope"], third["scope"]) == ("openid", "account:read openid")


@defect(11)
def test_narrowing_by_request_is_not_permanent(flow: Flow) -> None:
    first = flow.tokens("openid account:read")
    second = flow.refresh(first["refresh_token"], scope="openid").json()
    third = flow.refresh(second["refresh_token"]).json()
    assert (second["scope"], third["scope"]) == ("openid", "account:read openid")


def test_a_refresh_that_leaves_nothing_is_invalid_grant(flow: Flow, policy: ScopePolicy) -> None:
    only_staff(flow, policy)
    first = flow.tokens("account:read", nonce=None)
    leave(flow.user)
    answer = flow.refresh(first["refresh_token"])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("change_of", ["policy", "approval", "retired"])
def test_a_refresh_follows_policy_approval_and_catalogue(
    flow: Flow, policy: ScopePolicy, change_of: str
) -> None:
    first = flow.tokens("openid account:read")
    row = ClientScope.objects.get(scope__name="account:read")
    if change_of == "policy":
        change(policy, clients="first_party")
    elif change_of == "approval":
        refuse_scope(row, by="berta", reason="no longer")
    else:
        from idp.services.scope import retire_scope

        retire_scope(row.scope)
    assert flow.refresh(first["refresh_token"]).json()["scope"] == "openid"


# --- Client credentials ---


@requirement("RFC 6749 §4.4.2", "A client in its own name asks for its own scopes.")
@pytest.mark.parametrize(
    ("asked", "error"),
    [("reports:read", ""), ("reports:read mail:read", "not_registered"), ("", "")],
)
def test_a_service_gets_what_it_is_registered_for(db: None, asked: str, error: str) -> None:
    make_scope("mail:read")
    service = Flow(make_application("service", default=("reports:read",)))
    answer = service.token(grant_type="client_credentials", scope=asked or None)
    if error:
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
        assert error in answer.json()["error_description"]
    else:
        assert answer.json()["scope"] == "reports:read"


def test_a_service_whose_approval_ended_is_refused_and_its_token_narrowed(db: None) -> None:
    make_scope("reports:read", policy=make_policy("guarded", clients="approved"))
    service = Flow(make_application("service", scopes=("reports:read",)))
    row = ClientScope.objects.get()
    approve_scope(row, by="berta", until=timezone.now() + timedelta(hours=1))
    token = service.token(grant_type="client_credentials", scope="reports:read").json()
    assert Browser().get("/api/reports/", **bearer(token["access_token"])).status_code == 200
    ClientScope.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert Browser().get("/api/reports/", **bearer(token["access_token"])).status_code == 403
    assert introspected(service, token["access_token"]) == {"active": False}
    answer = service.token(grant_type="client_credentials", scope="reports:read")
    assert "approval_ended" in answer.json()["error_description"]


# --- Introspection, resource server, userinfo ---


def test_introspection_says_what_the_token_may_do_now(flow: Flow, policy: ScopePolicy) -> None:
    only_staff(flow, policy)
    token = flow.tokens("openid account:read")["access_token"]
    assert introspected(flow, token)["scope"] == "account:read openid"
    leave(flow.user)
    assert introspected(flow, token)["scope"] == "openid"
    # What the token carries is what was granted; only what it may do has changed.
    assert "account:read" in access_token_model().objects.get().scope


def test_a_resource_server_sees_the_scopes_of_its_own_api_alone(flow: Flow) -> None:
    make_scope("mail:read", api=make_api("https://mail.example.com", "Mail"))
    add_scope(flow.application, "mail:read")
    server = make_application("service")
    make_api("https://mail.example.com").resource_servers.add(server.idp_policy)
    token = flow.tokens("openid account:read mail:read")["access_token"]
    answer = post("/o/introspect/", {"token": token}, **basic(server)).json()
    assert answer["scope"] == "mail:read"


def test_the_api_narrows_at_the_next_request(flow: Flow, policy: ScopePolicy) -> None:
    token = flow.tokens("openid account:read")["access_token"]
    assert Browser().get(API, **bearer(token)).status_code == 200
    leave(flow.user)
    only_staff(flow, policy)
    answer = Browser().get(API, **bearer(token))
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer["WWW-Authenticate"]
    assert 'scope="account:read"' in answer["WWW-Authenticate"]


def test_userinfo_needs_openid_at_this_moment(flow: Flow) -> None:
    token = flow.tokens("openid account:read")["access_token"]
    assert Browser().get("/o/userinfo/", **bearer(token)).status_code == 200
    ClientScope.objects.filter(scope__name="openid").update(state="refused")
    answer = Browser().get("/o/userinfo/", **bearer(token))
    assert answer.status_code == 403
    assert 'scope="openid"' in answer["WWW-Authenticate"]


@defect(9)
@pytest.mark.parametrize("off", ["user", "client"])
def test_a_disabled_party_is_refused_at_the_next_request_everywhere(flow: Flow, off: str) -> None:
    answer = flow.tokens("openid account:read")
    token = answer["access_token"]
    switch_off(flow, off)
    assert Browser().get(API, **bearer(token)).status_code == 401
    assert Browser().get("/o/userinfo/", **bearer(token)).status_code == 401
    refreshed = flow.refresh(answer["refresh_token"])
    assert refreshed.json()["error"] in {"invalid_grant", "invalid_client"}
    if off == "user":
        assert introspected(flow, token) == {"active": False}


# --- Freshness ---


@requirement("RFC 9470 §3", "A sign-in that is too old or weak is challenged.")
def test_a_scope_that_wants_a_fresh_sign_in_challenges_at_the_api(
    flow: Flow, policy: ScopePolicy
) -> None:
    token = flow.tokens("openid account:read")["access_token"]
    change(policy, max_authentication_age=timedelta(minutes=5), acr_values=["urn:mfa"])
    answer = Browser().get(API, **bearer(token))
    assert answer.status_code == 401
    challenge = answer["WWW-Authenticate"]
    assert 'error="insufficient_user_authentication"' in challenge
    assert 'max_age="300"' in challenge
    assert 'acr_values="urn:mfa"' in challenge


def test_a_fresh_sign_in_passes_until_it_is_old(flow: Flow, policy: ScopePolicy) -> None:
    change(policy, max_authentication_age=timedelta(minutes=5))
    token = flow.tokens("openid account:read")["access_token"]
    assert Browser().get(API, **bearer(token)).status_code == 200
    Authorization.objects.update(auth_time=timezone.now() - timedelta(minutes=6))
    assert Browser().get(API, **bearer(token)).status_code == 401


def test_the_strictest_lifetime_of_the_granted_scopes_holds(
    flow: Flow, policy: ScopePolicy
) -> None:
    change(policy, access_token_lifetime=timedelta(seconds=60), refresh=False)
    answer = flow.tokens("openid account:read")
    assert answer["expires_in"] == 60
    assert "refresh_token" not in answer
    assert flow.tokens("openid")["expires_in"] == 600


# --- What is implied, and what is written down ---


def test_an_implied_scope_opens_the_api_and_the_token_carries_what_was_granted(
    flow: Flow,
) -> None:
    make_scope("account:write", implies=("account:read",))
    add_scope(flow.application, "account:write")
    answer = flow.tokens("account:write", nonce=None)
    assert answer["scope"] == "account:write"
    assert Browser().get(API, **bearer(answer["access_token"])).status_code == 200


def test_a_refused_request_leads_to_its_own_explanation(
    flow: Flow, policy: ScopePolicy, admin_client: Any
) -> None:
    ClientScope.objects.filter(scope__name="account:read").update(requirement="required")
    leave(flow.user)
    only_staff(flow, policy)
    flow.start("openid account:read")
    event = SecurityEvent.objects.get(kind="authorization.refused")
    assert event.reasons[0]["code"] == "user_not_eligible"
    follow_explanation(admin_client, event, "user_not_eligible")


def test_a_refused_token_request_leads_to_its_own_explanation(db: None, admin_client: Any) -> None:
    make_scope("mail:read")
    service = Flow(make_application("service", scopes=("reports:read",)))
    service.token(grant_type="client_credentials", scope="mail:read")
    event = SecurityEvent.objects.get(kind="token.refused")
    assert event.client_id == service.application.client_id
    follow_explanation(admin_client, event, "not_registered")


def follow_explanation(browser: Any, event: SecurityEvent, code: str) -> None:
    import html

    from tests.admin.conftest import page

    shown = browser.get(page("idp_securityevent_change", event.pk)).content.decode()
    found = re.search(r'href="([^"]*explain/\?[^"]*)"', shown)
    assert found, shown[:3000]
    answer = browser.get(html.unescape(found[1]))
    assert answer.context["verdict"][0] == "danger"
    assert code in answer.content.decode()


# --- Report mode ---


def test_a_client_that_only_reports_is_refused_nothing_and_everything_is_recorded(
    flow: Flow, policy: ScopePolicy, admin_client: Any
) -> None:
    ClientPolicy.objects.filter(application=flow.application).update(enforcement="report")
    make_scope("mail:read")
    leave(flow.user)
    only_staff(flow, policy)
    answer = flow.tokens("openid mail:read account:read")
    assert answer["scope"] == "account:read mail:read openid"
    assert Browser().get(API, **bearer(answer["access_token"])).status_code == 200
    assert flow.refresh(answer["refresh_token"]).json()["scope"] == answer["scope"]

    codes = {
        reason["code"]
        for event in SecurityEvent.objects.filter(kind="scope.would_refuse")
        for reason in event.reasons
    }
    assert codes == {"not_registered", "user_not_eligible"}
    for event in SecurityEvent.objects.filter(kind="scope.would_refuse"):
        follow_explanation(admin_client, event, "not_registered")


def test_another_client_of_the_same_site_is_refused_meanwhile(flow: Flow) -> None:
    ClientPolicy.objects.filter(application=flow.application).update(enforcement="report")
    make_scope("mail:read")
    other = Flow(make_application("web", scopes=("openid",)), flow.user)
    assert location(other.start("openid mail:read"))["error"] == "invalid_scope"


# --- Cost ---

CATALOGUE_TABLES = re.compile(r'(FROM|JOIN) "idp_(scopepolicy|scopetext|api)"|FROM "idp_scope"')


def test_in_steady_state_no_request_reads_the_catalogue(flow: Flow) -> None:
    def round_trip() -> None:
        answer = flow.tokens("openid account:read")
        Browser().get(API, **bearer(answer["access_token"]))
        Browser().get("/o/userinfo/", **bearer(answer["access_token"]))
        introspected(flow, answer["access_token"])
        flow.refresh(answer["refresh_token"])

    round_trip()
    with CaptureQueriesContext(connection) as captured:
        round_trip()
    found = [query["sql"] for query in captured.captured_queries]
    assert len(found) > 20
    # The client's own row brings its scopes along, in a subquery.
    assert [sql for sql in found if CATALOGUE_TABLES.search(sql)] == []


def test_the_size_of_the_catalogue_costs_no_statement(flow: Flow) -> None:
    def count() -> int:
        flow.tokens("openid account:read")
        with CaptureQueriesContext(connection) as captured:
            flow.tokens("openid account:read")
        return len(captured.captured_queries)

    count()
    before = count()
    for number in range(100):
        make_scope(f"many:{number}", policy=make_policy())
    assert count() == before
