"""Rules that change while requests are on their way, on PostgreSQL with threads and processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client as Browser

from idp.conf import access_token_model
from idp.models import Authorization, ClientScope, ConsentEvent, ScopePolicy, ScopeUse
from idp.services.client_scope import approve_scope, refuse_scope
from idp.services.impact import impact_of, rehearse
from idp.services.rule_sweep import Range, sweep
from idp.services.scope_policy import save_policy
from idp.services.scope_use import record_scope_use
from tests.concurrency.test_ledger import at_once
from tests.factories import grant, make_application, make_policy, make_scope, make_user
from tests.views.flow import Flow, basic, bearer, location, post

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

API = "/api/user-profile/"
ATTEMPTS = range(4)


@pytest.fixture
def policy(db: None) -> ScopePolicy:
    return make_policy("account")


@pytest.fixture
def flow(policy: ScopePolicy) -> Flow:
    make_scope("account:read", policy=policy)
    application = make_application("web", scopes=("openid",), optional=("account:read",))
    return Flow(application, make_user("ada", groups=("staff",)))


def tighten(policy: ScopePolicy, **values: Any) -> None:
    fresh = ScopePolicy.objects.get(pk=policy.pk)
    for name, value in values.items():
        setattr(fresh, name, value)
    save_policy(fresh)


def works(token: str) -> bool:
    return Browser().get(API, **bearer(token)).status_code == 200


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_policy_that_changes_while_the_user_clicks_never_leaves_a_token_that_it_forbids(
    flow: Flow, policy: ScopePolicy, attempt: int
) -> None:
    Group.objects.get_or_create(name="others")
    page = flow.start("openid account:read")

    answer, _done = at_once(lambda: flow.decide(page), lambda: tighten(policy, groups=["others"]))

    # Either the click was first, or the page came again; never an error, never the scope.
    assert answer.status_code in {200, 302}
    if answer.status_code == 302:
        token = flow.exchange(location(answer)["code"]).json()
        assert token["scope"] == "openid"
        assert not works(token["access_token"])


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_an_approval_withdrawn_while_the_code_is_exchanged_is_withdrawn(
    flow: Flow, policy: ScopePolicy, attempt: int
) -> None:
    tighten(policy, clients="approved")
    row = ClientScope.objects.get(scope__name="account:read")
    approve_scope(row, by="berta")
    code = flow.code("openid account:read")

    answer, _row = at_once(
        lambda: flow.exchange(code), lambda: refuse_scope(row, by="berta", reason="no longer")
    )

    assert answer.status_code == 200
    token = answer.json()
    assert token["scope"] in {"openid", "account:read openid"}
    assert not works(token["access_token"])
    refreshed = flow.refresh(token["refresh_token"]).json()
    assert refreshed["scope"] == "openid"


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_group_left_while_a_token_is_refreshed_is_left(
    flow: Flow, policy: ScopePolicy, attempt: int
) -> None:
    tighten(policy, groups=["staff"])
    first = flow.tokens("openid account:read")

    answer, _none = at_once(lambda: flow.refresh(first["refresh_token"]), flow.user.groups.clear)

    assert answer.status_code == 200
    token = answer.json()["access_token"]
    assert not works(token)
    seen = post("/o/introspect/", {"token": token}, **basic(flow.application)).json()
    assert seen["scope"] == "openid"
    assert flow.refresh(answer.json()["refresh_token"]).json()["scope"] == "openid"


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_user_disabled_during_a_refresh_has_nothing_that_works(flow: Flow, attempt: int) -> None:
    first = flow.tokens("openid account:read")

    def disable() -> None:
        type(flow.user).objects.filter(pk=flow.user.pk).update(is_active=False)

    answer, _none = at_once(lambda: flow.refresh(first["refresh_token"]), disable)

    assert answer.status_code in {200, 400}
    assert not any(works(row.token) for row in access_token_model().objects.all())
    if answer.status_code == 200:
        assert not works(answer.json()["access_token"])


def test_the_same_use_seen_by_many_at_once_is_counted_once(flow: Flow, now: Any) -> None:
    from idp.services import scope_use

    flow.tokens("openid account:read")
    family = Authorization.objects.get().pk

    def use() -> None:
        scope_use._noted.clear()
        record_scope_use(family, ["account:read", "openid"], now=now)

    at_once(*[use] * 8)

    assert sorted(ScopeUse.objects.values_list("scope", "hours")) == [
        ("account:read", 1),
        ("openid", 1),
    ]


def test_two_operators_who_sweep_at_once_write_each_loss_once(
    flow: Flow, policy: ScopePolicy, now: Any
) -> None:
    Group.objects.get_or_create(name="others")
    for _ in range(20):
        grant(make_user(), flow.application, "openid", "account:read", now=now)
    tighten(policy, groups=["others"])
    place = Range(scopes=frozenset({"account:read"}))

    at_once(*[lambda: list(sweep(place, now=now))] * 3)

    assert ConsentEvent.objects.filter(kind="narrowed").count() == 20


def test_looking_at_an_impact_never_changes_what_others_see(
    flow: Flow, policy: ScopePolicy, now: Any
) -> None:
    token = flow.tokens("openid account:read")["access_token"]

    def look() -> int:
        fresh = ScopePolicy.objects.get(pk=policy.pk)
        fresh.clients = "verified"
        return impact_of(rehearse(lambda: save_policy(fresh)), now=now).consents

    results = at_once(look, look, *[lambda: works(token)] * 6)

    assert results[2:] == [True] * 6
    assert ScopePolicy.objects.get(pk=policy.pk).clients == "any"


OTHER_PROCESS = """
import sys
from urllib.parse import quote
from django.db import connections
import django
django.setup()
settings = connections["default"].settings_dict
settings["NAME"] = sys.argv[1]
from django.test import Client
from django.test.utils import setup_test_environment
setup_test_environment()
for line in sys.stdin:
    answer = Client().get("/api/user-profile/", HTTP_AUTHORIZATION=f"Bearer {line.strip()}")
    print(answer.status_code, flush=True)
"""


def test_a_change_is_effective_at_the_next_request_in_every_process(
    flow: Flow, policy: ScopePolicy
) -> None:
    token = flow.tokens("openid account:read")["access_token"]
    ask, stop = other_process()
    try:
        assert (ask(token), works(token)) == (200, True)
        for values, status in (
            ({"clients": "verified"}, 403),
            ({"clients": "any"}, 200),
            ({"grant_types": ["client_credentials"]}, 403),
            ({"grant_types": None}, 200),
        ):
            tighten(policy, **values)
            assert ask(token) == status
        flow.user.groups.clear()
        tighten(policy, groups=["staff"])
        assert ask(token) == 403
        flow.user.groups.add(Group.objects.get(name="staff"))
        assert ask(token) == 200
        ClientScope.objects.filter(scope__name="account:read").update(state="refused")
        assert ask(token) == 403
    finally:
        stop()


def other_process() -> tuple[Callable[[str], int], Callable[[], None]]:
    """Start a process with a catalogue of its own; return how to send it a request, and stop it."""
    command = [sys.executable, "-c", OTHER_PROCESS, connection.settings_dict["NAME"]]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert process.stdin is not None
    assert process.stdout is not None
    stdin, stdout = process.stdin, process.stdout

    def ask(token: str) -> int:
        stdin.write(f"{token}\n")
        stdin.flush()
        return int(stdout.readline())

    def stop() -> None:
        stdin.close()
        process.wait(20)
        stdout.close()

    return ask, stop
