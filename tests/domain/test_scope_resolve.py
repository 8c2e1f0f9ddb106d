"""What may be granted of a request for scopes, and who hears of what is refused."""

from __future__ import annotations

import re
import sys
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from idp.domain.scope import (
    ClientScope,
    Fault,
    Policy,
    Scope,
    SignInFacts,
    UserFacts,
    as_report,
    defaults,
    holdings,
)
from tests.domain.scope_factory import NOW, SERVER, ask, catalogue, client, policed

YESTERDAY, TOMORROW = NOW - timedelta(days=1), NOW + timedelta(days=1)
STAFF = UserFacts(groups=frozenset({"staff"}))


def row(name="read", **facts):
    return ClientScope(name, **facts)


# code, scope's policy, client, further facts; each breaks exactly one rule
REFUSED = {
    "not_registered": (policed(), client(), {}),
    "retired": (replace(policed(), active=False), client("read"), {}),
    "approval_missing": (policed(clients="approved"), client("read"), {}),
    "approval_refused": (policed(), client(row(state="refused")), {}),
    "approval_ended": (policed(), client(row(until=NOW)), {}),
    "grant_type_not_allowed": (
        policed(grant_types=frozenset({"client_credentials"})),
        client("read"),
        {},
    ),
    "client_not_trusted": (policed(clients="verified"), client("read"), {}),
    "client_disabled": (policed(), client("read", active=False), {}),
    "user_inactive": (policed(), client("read"), {"user": UserFacts(active=False)}),
    "user_not_eligible": (policed(groups=frozenset({"staff"})), client("read"), {}),
    "sign_in_too_old": (
        policed(max_authentication_age=timedelta(seconds=60)),
        client("read"),
        {"sign_in": SignInFacts(NOW - timedelta(seconds=61))},
    ),
    "acr_too_weak": (policed(acr_values=("mfa",)), client("read"), {}),
}
FAULTS = {
    "user_inactive": Fault.USER,
    "user_not_eligible": Fault.USER,
    "sign_in_too_old": Fault.SIGN_IN,
    "acr_too_weak": Fault.SIGN_IN,
}
ERRORS = {
    "client_disabled": "access_denied",
    "user_inactive": "access_denied",
    "user_not_eligible": "access_denied",
    "sign_in_too_old": "login_required",
    "acr_too_weak": "login_required",
}


@pytest.mark.parametrize("code", REFUSED)
def test_a_request_that_breaks_one_rule_is_refused_by_its_name(code):
    scope, who, facts = REFUSED[code]
    found = ask({"read"}, catalogue(scope), who, **facts)
    assert [(r.scope, r.reason.code, r.fault) for r in found.refused] == [
        ("read", code, FAULTS.get(code, Fault.CLIENT))
    ]
    assert found.granted == frozenset()
    assert found.error == ERRORS.get(code, "invalid_scope")
    assert found.description.startswith(f"read: {code}. ")
    assert [rule.outcome for rule in found.rules].count("refuse") == 1


def test_an_unknown_scope_refuses_the_request_and_no_further_rule_looks_at_it():
    found = ask({"x", "read"}, catalogue(policed()), client("read"))
    assert found.error == "invalid_scope"
    assert found.description == "x: unknown_scope. There is no scope x."
    assert {o.outcome for o in found.rules if o.scope == "x"} == {"pass", "refuse", "skip"}


def test_a_request_that_breaks_no_rule_is_granted():
    found = ask({"read"}, catalogue(policed()), client("read"))
    assert (found.granted, found.error, found.description) == ({"read"}, None, "")
    assert {outcome.outcome for outcome in found.rules} == {"pass"}


ADMISSION = [
    ("any", {}, "registered", None),
    ("any", {}, "requested", None),
    ("any", {}, "approved", None),
    ("any", {}, "refused", "approval_refused"),
    ("any", {}, "nonsense", "approval_missing"),
    ("listed", {}, "registered", None),
    ("listed", {}, "approved", None),
    ("listed", {}, "requested", "approval_missing"),
    ("verified", {}, "registered", "client_not_trusted"),
    ("verified", {"verified": True}, "registered", None),
    ("verified", {"first_party": True}, "registered", None),
    ("first_party", {"verified": True}, "registered", "client_not_trusted"),
    ("first_party", {"first_party": True}, "registered", None),
    ("approved", {"verified": True, "first_party": True}, "registered", "approval_missing"),
    ("approved", {}, "requested", "approval_missing"),
    ("approved", {}, "refused", "approval_refused"),
    ("approved", {}, "approved", None),
    ("nonsense", {"verified": True, "first_party": True}, "approved", "client_not_trusted"),
]


@pytest.mark.parametrize(("clients", "marks", "state", "code"), ADMISSION)
def test_a_policy_admits_clients(clients, marks, state, code):
    found = ask({"read"}, catalogue(policed(clients=clients)), client(row(state=state), **marks))
    assert [r.reason.code for r in found.refused] == ([code] if code else [])


@pytest.mark.parametrize(
    ("until", "granted"), [(TOMORROW, {"read"}), (NOW, set()), (None, {"read"})]
)
def test_an_approval_ends_by_itself(until, granted):
    who = client(row(state="approved", until=until))
    found = ask({"read"}, catalogue(policed(clients="approved")), who)
    assert found.granted == granted
    assert found.needs_approval == {"read"} - granted


def test_a_refused_approval_is_no_missing_one():
    found = ask({"read"}, catalogue(policed(clients="approved")), client(row(state="refused")))
    assert found.needs_approval == frozenset()


ELIGIBLE = [
    ({"groups": None}, {}, True),
    ({"groups": frozenset()}, {"groups": frozenset({"staff"})}, False),
    ({"groups": frozenset({"a", "b"})}, {"groups": frozenset({"b", "c"})}, True),
    ({"groups": frozenset({"a"})}, {"groups": frozenset({"c"})}, False),
    ({"permission": "app.read"}, {"permissions": frozenset({"app.read"})}, True),
    ({"permission": "app.read"}, {}, False),
    ({"user_check": "site.check"}, {"checks": {"site.check": True}}, True),
    ({"user_check": "site.check"}, {"checks": {"site.check": False}}, False),
    ({"user_check": "site.check"}, {}, False),
    ({"groups": frozenset({"a"}), "permission": "p"}, {"groups": frozenset({"a"})}, False),
]


@pytest.mark.parametrize(("rules", "facts", "may_give"), ELIGIBLE)
def test_who_may_give_a_scope(rules, facts, may_give):
    found = ask({"read"}, catalogue(policed(**rules)), client("read"), user=UserFacts(**facts))
    assert found.granted == ({"read"} if may_give else set())


def test_what_the_user_may_not_give_is_left_out_where_the_client_can_do_without():
    scopes = catalogue(policed(), policed("audit", groups=frozenset({"staff"})))
    who = client("read", row("audit", requirement="optional"))
    found = ask({"read", "audit"}, scopes, who)
    assert (found.granted, found.error, found.required_missing) == ({"read"}, None, set())
    assert found.refused[0].reason.message == "This account may not give the scope audit."


def test_a_required_scope_that_the_user_may_not_give_ends_in_access_denied():
    scopes = catalogue(policed(), policed("audit", groups=frozenset({"staff"})))
    found = ask({"read", "audit"}, scopes, client("read", "audit"))
    assert (found.granted, found.error) == (set(), "access_denied")
    assert found.required_missing == {"audit"}
    assert "audit: user_not_eligible" in found.description


def test_a_required_scope_that_is_not_asked_for_is_not_missing():
    scopes = catalogue(policed(), policed("audit", groups=frozenset({"staff"})))
    assert ask({"read"}, scopes, client("read", "audit")).granted == {"read"}


def test_when_the_user_may_give_nothing_of_it_nothing_is_an_error():
    who = client(row(requirement="optional"))
    found = ask({"read"}, catalogue(policed(groups=frozenset())), who)
    assert (found.granted, found.error) == (set(), "invalid_scope")
    assert "read: user_not_eligible" in found.description


def test_a_fault_of_the_client_comes_before_what_the_user_may_not_give():
    scopes = catalogue(policed("audit", groups=frozenset()))
    found = ask({"audit", "x"}, scopes, client("audit"))
    assert found.error == "invalid_scope"
    assert found.description.startswith("x: unknown_scope")


def test_without_a_user_the_rules_about_users_are_skipped():
    scopes = catalogue(policed(groups=frozenset({"staff"})))
    found = ask({"read"}, scopes, client("read"), user=None)
    assert found.granted == {"read"}
    skipped = {o.rule for o in found.rules if o.outcome == "skip"}
    assert skipped == {"user_active", "user_eligible"}


def test_without_a_sign_in_the_rules_about_it_are_skipped():
    scopes = catalogue(policed(max_authentication_age=timedelta(0), acr_values=("mfa",)))
    found = ask({"read"}, scopes, client("read"), sign_in=None)
    assert found.granted == {"read"}
    skipped = {o.rule for o in found.rules if o.outcome == "skip"}
    assert skipped == {"sign_in_age", "sign_in_strength"}


@pytest.mark.parametrize(
    ("sign_in", "error"),
    [
        (SignInFacts(NOW - timedelta(seconds=60)), None),
        (SignInFacts(NOW - timedelta(seconds=61)), "login_required"),
        (SignInFacts(NOW - timedelta(days=1), fresh=True), None),
        (SignInFacts(NOW + timedelta(seconds=5)), None),
    ],
    ids=["as old as allowed", "older", "made for this request", "by a clock that is ahead"],
)
def test_the_age_of_a_sign_in(sign_in, error):
    scopes = catalogue(policed(max_authentication_age=timedelta(seconds=60)), policed("mail"))
    found = ask({"read", "mail"}, scopes, client("read", "mail"), sign_in=sign_in)
    assert found.error == error
    assert found.needs_sign_in == ({"read"} if error else set())
    assert found.granted == (set() if error else {"read", "mail"})


def test_one_of_several_contexts_is_strong_enough():
    scopes = catalogue(policed(acr_values=("mfa", "hardware")))
    found = ask({"read"}, scopes, client("read"), sign_in=SignInFacts(NOW, "hardware"))
    assert found.granted == {"read"}


@pytest.mark.parametrize(
    ("unpoliced", "default", "registered", "code"),
    [
        ("deny", True, True, "client_not_trusted"),
        ("nonsense", True, True, "client_not_trusted"),
        ("defaults_only", False, True, "client_not_trusted"),
        ("defaults_only", True, False, None),
        ("pass_through", False, False, None),
        ("pass_through", False, True, None),
    ],
)
def test_a_scope_without_a_policy(unpoliced, default, registered, code):
    scopes = catalogue(Scope("read", default=default), unpoliced=unpoliced)
    found = ask({"read"}, scopes, client(*(["read"] if registered else [])))
    assert [r.reason.code for r in found.refused] == ([code] if code else [])


def test_a_client_that_was_refused_a_scope_does_not_get_it_for_want_of_a_policy():
    scopes = catalogue(Scope("read"), unpoliced="pass_through")
    found = ask({"read"}, scopes, client(row(state="refused")))
    assert [r.reason.code for r in found.refused] == ["approval_refused"]


def test_a_request_that_names_no_scope_gets_the_clients_defaults():
    scopes = catalogue(policed(), replace(policed("mail"), default=True))
    found = ask(None, scopes, client(row(default=True), "mail"))
    assert found.granted == found.asked == {"read"}


def test_a_client_without_defaults_gets_those_of_the_catalogue_that_it_holds():
    scopes = catalogue(
        replace(policed("held"), default=True),
        replace(policed("foreign"), default=True),
        Scope("legacy", default=True),
        Scope("retired", default=True, active=False),
        policed("other"),
        unpoliced="pass_through",
    )
    assert defaults(client("held", "other"), scopes) == {"held", "legacy"}
    denying = replace(scopes, unpoliced="deny")
    assert defaults(client("held", "other"), denying) == {"held"}


def test_a_default_that_the_client_may_not_have_is_left_out_because_it_did_not_name_it():
    scopes = catalogue(policed(), policed("mail"))
    found = ask(None, scopes, client(row(default=True), row("mail", default=True, until=NOW)))
    assert (found.granted, found.error) == ({"read"}, None)


@pytest.mark.parametrize("requested", [None, frozenset()])
def test_nothing_asked_is_an_error_and_never_everything(requested):
    found = ask(requested, catalogue(policed()), client("read"))
    assert (found.granted, found.error) == (set(), "invalid_scope")
    assert "names no scope" in found.description


def test_an_empty_request_does_not_mean_the_defaults():
    scopes = catalogue(replace(policed(), default=True))
    assert ask(frozenset(), scopes, client(row(default=True))).granted == set()


INCLUDED = [
    ({"groups": frozenset({"staff"})}, "user_not_eligible"),
    ({"grant_types": frozenset({"client_credentials"})}, "grant_type_not_allowed"),
    ({"clients": "first_party"}, "client_not_trusted"),
    ({"clients": "approved"}, "approval_missing"),
    ({"clients": "listed"}, "approval_missing"),
    ({"acr_values": ("mfa",)}, "acr_too_weak"),
]


@pytest.mark.parametrize(("rules", "code"), INCLUDED)
def test_a_policy_cannot_be_passed_by_asking_for_what_includes_its_scope(rules, code):
    wide = replace(policed("write"), implies=frozenset({"read"}))
    found = ask({"write"}, catalogue(wide, policed(**rules)), client("write"))
    assert [(r.scope, r.reason.code) for r in found.refused] == [("write", code)]


def test_what_is_included_need_not_be_registered_and_is_not_in_the_token():
    wide = replace(policed("write"), implies=frozenset({"read", "list"}))
    found = ask({"write"}, catalogue(wide, policed(), Scope("list")), client("write"))
    assert found.granted == {"write"}


def test_an_approval_of_the_included_scope_counts():
    wide = replace(policed("write"), implies=frozenset({"read"}))
    scopes = catalogue(wide, policed(clients="approved"))
    assert ask({"write"}, scopes, client("write", row(state="approved"))).granted == {"write"}


def test_lifetimes_are_those_of_what_passes_and_all_it_includes():
    wide = replace(policed("write"), implies=frozenset({"read"}))
    short = policed(access_token_lifetime=timedelta(seconds=60), refresh=False)
    found = ask({"write"}, catalogue(wide, short), client("write"))
    assert found.lifetimes.access == timedelta(seconds=60)
    assert not found.lifetimes.refreshable


def test_what_is_left_out_shortens_nothing():
    short = policed("audit", groups=frozenset(), access_token_lifetime=timedelta(seconds=1))
    who = client("read", row("audit", requirement="optional"))
    found = ask({"read", "audit"}, catalogue(policed(), short), who)
    assert found.lifetimes.access == SERVER.access


def test_a_description_names_the_first_few_faults_and_stays_within_the_wire_characters():
    found = ask({'q"', "é\\", "c" * 500, "d", "e"}, catalogue(), client())
    assert found.description.endswith("And 2 more.")
    assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]{1,1000}", found.description)


def test_a_description_for_the_client_tells_nothing_of_groups_and_permissions():
    scopes = catalogue(policed(groups=frozenset({"secret-club"}), permission="app.secret"))
    found = ask({"read"}, scopes, client("read"), user=STAFF)
    assert "secret" not in found.description
    saw = next(o.saw for o in found.rules if o.rule == "user_eligible")
    assert "secret-club" in saw
    assert "staff" in saw


def test_in_a_report_everything_asked_is_granted_and_the_refusals_are_told():
    scopes = catalogue(policed(acr_values=("mfa",), access_token_lifetime=timedelta(seconds=1)))
    found = as_report(ask({"read", "x"}, scopes, client("read")))
    assert (found.granted, found.error, found.description) == ({"read", "x"}, None, "")
    assert {r.reason.code for r in found.refused} == {"acr_too_weak", "unknown_scope"}
    assert (found.needs_sign_in, found.required_missing) == (set(), set())
    assert found.lifetimes.access == SERVER.access


def test_in_a_report_a_binding_refusal_refuses_the_request_and_names_its_scope():
    found = as_report(
        ask({"read", "x"}, catalogue(policed()), client("read")),
        binding=frozenset({"unknown_scope"}),
    )
    assert (found.granted, found.error) == (set(), "invalid_scope")
    assert found.description == "x: unknown_scope. There is no scope x."


def test_a_client_holds_its_own_scopes_and_those_that_pass_without_a_policy():
    scopes = catalogue(policed(), policed("write"), Scope("notes"), Scope("old", active=False))
    assert holdings(client("read"), scopes) == {"read"}
    passing = replace(scopes, unpoliced="pass_through")
    assert holdings(client("read"), passing) == {"read", "notes"}


@pytest.mark.parametrize("code", ["client_disabled", "user_inactive"])
def test_in_a_report_a_disabled_client_or_user_is_refused_all_the_same(code):
    scope, who, facts = REFUSED[code]
    found = as_report(ask({"read"}, catalogue(scope), who, **facts))
    assert (found.granted, found.error) == (set(), "access_denied")


def test_a_disabled_client_is_told_so_even_when_it_asks_for_nothing():
    found = ask(frozenset(), catalogue(), client(active=False))
    assert (found.error, found.granted) == ("access_denied", set())
    assert found.description == "The client has been disabled."


def test_fifty_of_two_thousand_scopes_are_resolved_in_less_than_a_millisecond():
    policies = [
        Policy(name=f"p{n}", groups=frozenset({"staff"}), max_authentication_age=timedelta(hours=1))
        for n in range(20)
    ]
    scopes = catalogue(
        *(
            Scope(
                f"s:{n}",
                policy=policies[n % 20],
                implies=frozenset({f"s:{n + 1}"} if n % 4 else ()),
            )
            for n in range(2000)
        )
    )
    who = client(*scopes.scopes)
    requested = frozenset(list(scopes.scopes)[::40])
    tracer = sys.gettrace()
    sys.settrace(None)  # what measures coverage must not be measured with it
    spent = []
    for _ in range(50):
        start = time.process_time()
        granted = ask(requested, scopes, who, user=STAFF).granted
        spent.append(time.process_time() - start)
    sys.settrace(tracer)
    assert granted == requested
    assert min(spent) < 0.001
