"""Access while the user is away is granted or passed over, and never spoils a request."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from idp.domain.client import DEVICE_CODE
from idp.domain.consent import ConsentDecision, ConsentKind, Remembered, RememberedScope, decide
from idp.domain.offline_access import OFFLINE_ACCESS
from idp.domain.scope import Catalogue, ClientScope, UserFacts, as_report
from tests.domain.scope_factory import GRANTS, NOW, ask, catalogue, client, policed

BOTH = frozenset({"openid", OFFLINE_ACCESS})
SCOPES = catalogue(policed("openid"), policed(OFFLINE_ACCESS))
SAME = RememberedScope(policy_revision=1, words_version=1)
UNKNOWN = frozenset({"unknown_scope"})


def offered(**rules: Any) -> Catalogue:
    return catalogue(policed("openid"), policed(OFFLINE_ACCESS, **rules))


@pytest.mark.parametrize(
    ("scopes", "who", "facts"),
    [
        (catalogue(policed("openid")), client("openid"), {}),
        (SCOPES, client("openid"), {}),
        (SCOPES, client("openid", ClientScope(OFFLINE_ACCESS, state="refused")), {}),
        (offered(clients="verified"), client(*BOTH), {}),
        (offered(groups=frozenset({"staff"})), client(*BOTH), {"user": UserFacts()}),
        (SCOPES, client(*BOTH, grant_types=frozenset({"authorization_code"})), {}),
    ],
    ids=["unknown", "not registered", "refused", "not trusted", "not eligible", "no refresh"],
)
def test_where_it_cannot_be_granted_the_rest_is(
    scopes: Catalogue, who: Any, facts: dict[str, Any]
) -> None:
    found = ask(BOTH, scopes, who, **facts)
    assert (found.error, found.granted) == (None, {"openid"})
    assert [refusal.scope for refusal in found.refused] == [OFFLINE_ACCESS]


def test_alone_it_is_refused_as_any_scope_is() -> None:
    found = ask({OFFLINE_ACCESS}, SCOPES, client("openid"))
    assert (found.error, found.granted) == ("invalid_scope", frozenset())
    assert as_report(ask({OFFLINE_ACCESS}, catalogue(), client()), binding=UNKNOWN).error


def test_it_spoils_no_request_beside_another_fault_that_does() -> None:
    found = ask({*BOTH, "unknown"}, SCOPES, client("openid"))
    assert found.error == "invalid_scope"
    assert "unknown" in found.description
    assert OFFLINE_ACCESS not in found.description


def test_where_rules_only_report_an_unknown_one_is_passed_over() -> None:
    found = as_report(ask(BOTH, catalogue(policed("openid")), client("openid")), binding=UNKNOWN)
    assert (found.error, found.granted) == (None, {"openid"})


@pytest.mark.parametrize(
    ("grant_type", "granted"),
    [("authorization_code", True), (DEVICE_CODE, True), ("client_credentials", False)],
)
def test_it_needs_a_user_who_can_be_away(grant_type: str, granted: bool) -> None:  # noqa: FBT001
    who = client(*BOTH, grant_types=GRANTS | {grant_type})
    found = ask(BOTH, SCOPES, who, grant_type=grant_type, user=None, sign_in=None)
    assert (OFFLINE_ACCESS in found.granted) is granted


def judge(remembered: Remembered | None, *prompt: str, **facts: Any) -> ConsentDecision:
    question = {
        "asked": BOTH,
        "client": client(*BOTH),
        "catalogue": SCOPES,
        "words": dict.fromkeys(BOTH, 1),
        "on_device": False,
        "now": NOW,
        **facts,
    }
    return decide(remembered=remembered, prompt=frozenset(prompt), **question)


def test_it_stands_on_a_page_that_is_shown_anyway() -> None:
    found = judge(None)
    assert (found.kind, found.new) == (ConsentKind.NEW, BOTH)


@pytest.mark.parametrize("prompt", [(), ("none",)])
def test_alone_it_is_no_cause_to_ask(prompt: tuple[str, ...]) -> None:
    found = judge(Remembered({"openid": SAME}), *prompt)
    assert (found.kind, found.allowed) == (ConsentKind.NOTHING, {"openid"})


def test_who_wants_to_ask_for_it_says_so() -> None:
    found = judge(Remembered({"openid": SAME}), "consent")
    assert (found.kind, found.new) == (ConsentKind.EVERYTHING, {OFFLINE_ACCESS})


@pytest.mark.parametrize("prompt", [(), ("none",)])
def test_what_was_allowed_before_holds(prompt: tuple[str, ...]) -> None:
    found = judge(Remembered(dict.fromkeys(BOTH, SAME)), *prompt)
    assert (found.kind, found.allowed) == (ConsentKind.NOTHING, BOTH)


@pytest.mark.parametrize("mode", ["", "implicit"])
def test_the_sites_own_clients_get_it_from_nobody_but_the_user(mode: str) -> None:
    implicit = catalogue(
        policed("openid", consent="implicit_first_party"),
        policed(OFFLINE_ACCESS, consent="implicit_first_party"),
    )
    own = replace(client(*BOTH), first_party=True)
    asked = {"client": own, "catalogue": implicit, "client_consent_mode": mode}
    assert judge(None, **asked).allowed == {"openid"}
    assert judge(None, "consent", **asked).new == BOTH


def test_a_request_for_nothing_else_is_asked_about() -> None:
    found = judge(None, asked=frozenset({OFFLINE_ACCESS}))
    assert (found.kind, found.new) == (ConsentKind.NEW, {OFFLINE_ACCESS})
