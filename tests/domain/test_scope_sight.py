"""What an explanation says that each rule saw."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from idp.domain.scope import ClientScope, Scope, SignInFacts, UserFacts
from tests.domain.scope_factory import NOW, ask, catalogue, client, policed

STRICT = policed(
    clients="approved",
    groups=frozenset({"staff"}),
    permission="app.read",
    user_check="site.tenant",
    grant_types=frozenset({"authorization_code"}),
    max_authentication_age=timedelta(minutes=10),
    acr_values=("mfa",),
)
ORDER = [
    "client_active",
    "user_active",
    "known",
    "not_retired",
    "registered",
    "approved",
    "grant_type",
    "client_trusted",
    "user_eligible",
    "sign_in_age",
    "sign_in_strength",
]


def seen(scope, who, **facts):
    answer = ask({scope.name}, catalogue(scope, unpoliced="pass_through"), who, **facts)
    assert [outcome.rule for outcome in answer.rules] == ORDER
    return {outcome.rule: outcome.saw for outcome in answer.rules}


def test_every_rule_tells_the_values_that_it_saw():
    who = client(ClientScope("read", state="approved", until=NOW), verified=True)
    user = UserFacts(groups=frozenset({"staff"}), checks={"site.tenant": True, "x": False})
    saw = seen(STRICT, who, user=user, sign_in=SignInFacts(NOW - timedelta(seconds=90), "pwd"))
    assert saw == {
        "client_active": "client app active",
        "user_active": "account active",
        "known": "in catalogue version 1",
        "not_retired": "in use",
        "registered": "registered as required",
        "approved": "read: approved until 2026-11-21T12:00:00+00:00, approval needed",
        "grant_type": (
            "grant type authorization_code; client has authorization_code, refresh_token;"
            " policy policy-read allows authorization_code"
        ),
        "client_trusted": "client is verified; policy policy-read admits approved",
        "user_eligible": (
            "policy policy-read asks for one of the groups staff;"
            " policy policy-read asks for the permission app.read;"
            " policy policy-read asks for the check site.tenant;"
            " user has groups staff; permissions none; checks site.tenant: yes, x: no"
        ),
        "sign_in_age": "signed in 90 s ago; policy policy-read allows 600 s",
        "sign_in_strength": "acr pwd; policy policy-read needs mfa",
    }


def test_a_scope_without_a_policy():
    saw = seen(Scope("read", default=True, active=False), client(active=False))
    assert saw["client_active"] == "client app disabled"
    assert saw["not_retired"] == "retired"
    assert saw["registered"] == "not registered, and no policy asks for it"
    assert saw["approved"] == "read: not registered"
    assert saw["client_trusted"] == (
        "client is unverified; no policy, unpoliced scopes: pass_through; a default scope"
    )
    assert saw["user_eligible"] == "everyone may give it"
    assert saw["sign_in_strength"] == "acr none"
    assert "a default scope" not in seen(Scope("read"), client())["client_trusted"]


def test_a_scope_that_is_not_registered_although_it_must_be():
    assert seen(policed(), client())["registered"] == "not registered"


def test_nobody_there_to_look_at():
    saw = seen(STRICT, client("read"), user=None, sign_in=None)
    assert saw["user_active"] == saw["user_eligible"] == "no user"
    assert saw["sign_in_age"] == saw["sign_in_strength"] == "no sign-in"


def test_a_sign_in_made_for_this_request():
    saw = seen(policed(), client("read"), sign_in=SignInFacts(NOW, fresh=True))
    assert saw["sign_in_age"] == "signed in for this request"


def test_what_a_scope_includes_is_told_with_it():
    write = replace(policed("write"), implies=frozenset({"read"}))
    answer = ask({"write"}, catalogue(write, STRICT), client("write"))
    saw = {outcome.rule: outcome.saw for outcome in answer.rules}
    assert saw["approved"] == "write: registered; read: not registered, approval needed"
    assert "policy policy-read needs mfa" in saw["sign_in_strength"]


@pytest.mark.parametrize("rule", ORDER[2:])
def test_of_an_unknown_scope_there_is_nothing_to_see(rule):
    answer = ask({"x"}, catalogue(), client())
    assert {o.saw for o in answer.rules if o.rule == rule} == {"no such scope"}
