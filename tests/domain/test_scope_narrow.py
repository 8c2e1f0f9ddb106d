"""What of an earlier grant still holds (RFC 6749 §6): what changed is left out, not an error."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from idp.domain.scope import ClientScope, SignInFacts, UserFacts, narrow, reconsider
from tests.domain.scope_factory import NOW, SERVER, catalogue, client, policed

GRANTED = frozenset({"read", "audit"})
STAFF = UserFacts(groups=frozenset({"staff"}))
SCOPES = catalogue(policed(), policed("audit", groups=frozenset({"staff"})))
CLIENT = client("read", "audit")


def left(**changed):
    facts = {"client": CLIENT, "user": STAFF, "catalogue": SCOPES, "now": NOW, **changed}
    return narrow(GRANTED, **facts)


def test_everything_holds_while_nothing_changes():
    assert left() == GRANTED


@pytest.mark.parametrize(
    "changed",
    [
        {"user": UserFacts()},
        {"client": client("read")},
        {"client": client("read", ClientScope("audit", until=NOW))},
        {"client": client("read", ClientScope("audit", state="refused"))},
        {"catalogue": catalogue(policed(), policed("audit", clients="verified"))},
        {"catalogue": catalogue(policed(), replace(policed("audit"), active=False))},
        {"catalogue": catalogue(policed())},
    ],
    ids=[
        "the user left the group",
        "the client lost the scope",
        "the approval ended",
        "the approval was withdrawn",
        "the policy trusts the client no more",
        "the scope was retired",
        "the scope is unknown",
    ],
)
def test_one_scope_is_lost_when(changed):
    assert left(**changed) == {"read"}


@pytest.mark.parametrize(
    "changed", [{"user": UserFacts(active=False)}, {"client": client(*GRANTED, active=False)}]
)
def test_nothing_holds_for_a_disabled(changed):
    assert left(**changed) == frozenset()


def test_a_policy_without_refresh_lets_its_scope_go_at_the_first_refresh():
    scopes = catalogue(policed(), policed("audit", grant_types=frozenset({"authorization_code"})))
    assert left(catalogue=scopes) == {"read"}
    assert left(catalogue=scopes, grant_type="authorization_code") == GRANTED


def test_the_age_of_the_sign_in_counts_only_where_it_is_given():
    scopes = catalogue(policed(), policed("audit", max_authentication_age=timedelta(seconds=1)))
    facts = {"client": CLIENT, "user": STAFF, "catalogue": scopes, "now": NOW}
    assert reconsider(GRANTED, lifetimes=SERVER, **facts).granted == GRANTED
    old = SignInFacts(NOW - timedelta(hours=1))
    answer = reconsider(GRANTED, lifetimes=SERVER, sign_in=old, **facts)
    assert (answer.granted, answer.error) == ({"read"}, None)
    assert answer.needs_sign_in == {"audit"}


def test_when_nothing_is_left_the_answer_is_an_error_that_names_the_rules():
    facts = {"client": client(), "user": STAFF, "catalogue": SCOPES, "now": NOW}
    answer = reconsider(GRANTED, lifetimes=SERVER, **facts)
    assert answer.error == "invalid_scope"
    assert "audit: not_registered" in answer.description


def test_lifetimes_are_those_of_what_is_left():
    strict = policed("audit", groups=frozenset({"staff"}), refresh=False)
    facts = {"client": CLIENT, "catalogue": catalogue(policed(), strict), "now": NOW}
    assert not reconsider(GRANTED, user=STAFF, lifetimes=SERVER, **facts).lifetimes.refreshable
    assert reconsider(GRANTED, user=UserFacts(), lifetimes=SERVER, **facts).lifetimes.refreshable
