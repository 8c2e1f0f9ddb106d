"""Is the present sign-in good enough: identity decides what is new, not seconds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.authentication import AuthenticationKind, Demand, demand, judge
from idp.domain.scope import Scope, SignInFacts
from tests.domain.scope_factory import NOW, catalogue, policed

NOTHING, SIGN_IN, SELECT, REFUSE = AuthenticationKind
HOUR = timedelta(hours=1)
HOUR_AGO = SignInFacts(NOW - HOUR, "pwd")
OLD = {"sign_in_id": "s1", "sign_in_id_at_request": "s1"}
FRESH = {"sign_in_id": "s2", "sign_in_id_at_request": "s1"}
FIRST = {"sign_in_id": "s1", "sign_in_id_at_request": None}


def ask(*prompt, **facts):
    question = {
        "max_age": None,
        "acr_values": (),
        "sign_in": HOUR_AGO,
        "now": NOW,
        **OLD,
        **facts,
    }
    return judge(prompt=frozenset(prompt), **question)


@pytest.mark.parametrize("nobody", [{"sign_in": None}, {"sign_in_id": None}])
def test_nobody_signed_in_must_sign_in(nobody):
    assert ask(**nobody).kind is SIGN_IN
    assert ask("login", **nobody).kind is SIGN_IN
    assert ask("select_account", **nobody).kind is SIGN_IN
    assert ask("none", **nobody).code == "login_required"


def test_a_sign_in_is_good_enough_for_a_request_that_wants_nothing_more():
    found = ask()
    assert (found.kind, found.code, found.reason.code) == (NOTHING, "", "good_enough")
    assert ask("none").kind is NOTHING
    assert ask("consent").kind is NOTHING
    assert ask("create").kind is NOTHING


def test_prompt_login_wants_another_sign_in_than_the_one_that_came():
    assert ask("login").kind is SIGN_IN
    assert ask("login", **FRESH).kind is NOTHING
    assert ask("login", **FIRST).kind is NOTHING


def test_no_number_of_seconds_makes_the_same_sign_in_new():
    assert ask("login", sign_in=SignInFacts(NOW + HOUR)).kind is SIGN_IN


def test_select_account_wants_a_choice_or_a_new_sign_in():
    assert ask("select_account").kind is SELECT
    assert ask("select_account", account_selected=True).kind is NOTHING
    assert ask("select_account", **FRESH).kind is NOTHING
    assert ask("select_account", "login").kind is SELECT
    assert ask("select_account", "login", account_selected=True).kind is SIGN_IN


@pytest.mark.parametrize("other", ["login", "consent", "select_account", "create"])
def test_prompt_none_stands_alone(other):
    found = ask("none", other)
    assert (found.kind, found.code) == (REFUSE, "invalid_request")


@pytest.mark.parametrize(
    ("max_age", "kind"),
    [
        (timedelta(0), SIGN_IN),
        (HOUR - timedelta(seconds=1), SIGN_IN),
        (HOUR, NOTHING),
        (timedelta(days=9999), NOTHING),
        (timedelta(seconds=-1), SIGN_IN),
    ],
)
def test_max_age_wants_a_newer_sign_in(max_age, kind):
    assert ask(max_age=max_age).kind is kind
    assert ask("none", max_age=max_age).code == ("login_required" if kind is SIGN_IN else "")
    assert ask(max_age=max_age, **FRESH).kind is NOTHING


def test_max_age_zero_wants_a_new_sign_in_within_the_same_tick_of_the_clock():
    just_now = SignInFacts(NOW)
    assert ask(max_age=timedelta(0), sign_in=just_now).kind is SIGN_IN
    assert ask(max_age=timedelta(0), sign_in=just_now, **FRESH).kind is NOTHING


def test_another_user_than_the_hint_names_is_refused_unless_a_sign_in_is_due_anyway():
    assert ask(hint_matches=False).code == "login_required"
    assert ask("none", hint_matches=False).code == "login_required"
    assert ask("login", hint_matches=False).kind is SIGN_IN
    assert ask("login", hint_matches=False, **FRESH).code == "login_required"
    assert ask(hint_matches=True).kind is NOTHING


ACR = {"acr_values": ("mfa", "hardware")}
REACHABLE = {"acr_supported": frozenset({"mfa"})}


def test_a_preferred_context_is_tried_once_and_only_where_the_site_can_reach_it():
    assert ask(**ACR).kind is NOTHING
    assert ask(**ACR, **REACHABLE).kind is SIGN_IN
    assert ask(**ACR, **REACHABLE, **FRESH).kind is NOTHING
    assert ask("none", **ACR, **REACHABLE).kind is NOTHING


def test_an_essential_context_is_refused_when_a_new_sign_in_did_not_reach_it():
    assert ask(**ACR, acr_essential=True).kind is SIGN_IN
    assert ask("none", **ACR, acr_essential=True).code == "login_required"
    fresh = ask(**ACR, acr_essential=True, **FRESH)
    assert (fresh.kind, fresh.code) == (REFUSE, "unmet_authentication_requirements")


def test_an_essential_context_that_the_site_says_it_cannot_reach_is_refused_at_once():
    found = ask(acr_values=("hardware",), acr_essential=True, **REACHABLE)
    assert (found.kind, found.code) == (REFUSE, "unmet_authentication_requirements")
    assert ask(**ACR, acr_essential=True, **REACHABLE).kind is SIGN_IN


def test_any_of_the_contexts_will_do():
    strong = replace(HOUR_AGO, acr="hardware")
    assert ask(**ACR, acr_essential=True, sign_in=strong).kind is NOTHING
    assert ask(acr_essential=True).kind is NOTHING


FACTS = st.fixed_dictionaries(
    {
        "max_age": st.sampled_from([None, timedelta(0), HOUR, 2 * HOUR]),
        "acr_values": st.sampled_from([(), ("mfa",), ("pwd",)]),
        "acr_essential": st.booleans(),
        "acr_supported": st.sampled_from([frozenset(), frozenset({"mfa"})]),
        "sign_in": st.sampled_from([None, HOUR_AGO]),
        "sign_in_id_at_request": st.sampled_from([None, "s1"]),
        "account_selected": st.booleans(),
        "hint_matches": st.sampled_from([None, True, False]),
    }
)
PROMPTS = st.frozensets(st.sampled_from(["none", "login", "consent", "select_account"]))


@given(PROMPTS, FACTS)
def test_prompt_none_never_interrupts(prompt, facts):
    found = ask("none", *prompt, **facts)
    assert found.kind in {NOTHING, REFUSE}
    assert bool(found.code) == (found.kind is REFUSE) == found.reason.is_error


@given(PROMPTS, FACTS)
def test_nobody_is_sent_in_circles(prompt, facts):
    facts = {**facts, "sign_in": HOUR_AGO, **FRESH}
    assert ask(*prompt, **facts).kind in {NOTHING, REFUSE}


def test_scopes_demand_the_shortest_age_and_the_contexts_that_all_accept():
    scopes = catalogue(
        policed("a", max_authentication_age=HOUR, acr_values=("x", "y", "z")),
        policed("b", max_authentication_age=2 * HOUR, acr_values=("z", "y")),
        policed("c", acr_values=("w",)),
        Scope("d"),
        Scope("e", implies=frozenset({"a"})),
    )
    assert demand(scopes, {"a", "b"}) == Demand(HOUR, ("y", "z"))
    assert demand(scopes, {"d", "unknown"}) == Demand()
    assert demand(scopes, {"e"}) == Demand(HOUR, ("x", "y", "z"))
    assert demand(scopes, {"a", "c"}) == Demand(HOUR, (), satisfiable=False)
