"""What holds of every resolution, whatever the catalogue, the client and the user."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from idp.domain.catalogue import Admission, Unpoliced
from idp.domain.scope import (
    ClientFacts,
    ClientScope,
    Policy,
    Scope,
    SignInFacts,
    UserFacts,
    as_report,
    defaults,
    narrow,
    reconsider,
)
from tests.domain.scope_factory import GRANTS, NOW, SERVER, ask, catalogue

NAMES = "abc"
NAME = st.sampled_from(NAMES)
GROUPS = st.frozensets(st.sampled_from(["staff", "ops"]))
GRANT = st.sampled_from(sorted(GRANTS))
SECONDS = st.integers(-60, 60).map(lambda n: timedelta(seconds=n))


POLICIES = [
    Policy(name="plain"),
    Policy(name="listed", clients="listed", permission="p"),
    Policy(name="approved", clients="approved", refresh=False),
    Policy(name="strict", clients="verified", groups=frozenset({"staff"}), acr_values=("mfa",)),
]


def scopes(name):
    policy = st.builds(
        Policy,
        name=st.just(f"policy-{name}"),
        clients=st.sampled_from(Admission),
        groups=st.none() | GROUPS,
        permission=st.sampled_from(["", "p"]),
        grant_types=st.none() | st.frozensets(GRANT),
        max_authentication_age=st.none() | SECONDS,
        acr_values=st.sampled_from([(), ("mfa",)]),
        refresh=st.booleans(),
    )
    return st.builds(
        Scope,
        st.just(name),
        policy=st.sampled_from([None, *POLICIES]) | policy,
        active=st.sampled_from([True, True, True, False]),
        default=st.booleans(),
        implies=NAME.map(lambda child: frozenset({child})) | st.just(frozenset()),
    )


CATALOGUES = st.builds(
    lambda found, unpoliced: catalogue(*found, unpoliced=unpoliced),
    st.tuples(*(scopes(name) for name in NAMES)),
    st.sampled_from(Unpoliced),
)
ROWS = st.builds(
    ClientScope,
    NAME,
    requirement=st.sampled_from(["required", "optional"]),
    default=st.booleans(),
    state=st.sampled_from(["registered", "requested", "approved", "refused"]),
    until=st.none() | SECONDS.map(lambda span: NOW + span),
)
CLIENTS = st.builds(
    lambda rows, **facts: ClientFacts(
        client_id="app", scopes={row.name: row for row in rows}, **facts
    ),
    st.lists(ROWS, max_size=6),
    active=st.sampled_from([True, True, True, False]),
    verified=st.booleans(),
    first_party=st.booleans(),
    grant_types=st.sampled_from([GRANTS, GRANTS, frozenset({"refresh_token"})]),
)
PEOPLE = st.builds(
    UserFacts,
    active=st.sampled_from([True, True, True, False]),
    groups=GROUPS,
    permissions=st.frozensets(st.just("p")),
)
USERS = st.none() | PEOPLE
SIGN_INS = st.none() | st.builds(
    SignInFacts, at=SECONDS.map(lambda span: NOW - span), acr=st.sampled_from(["", "mfa"])
)
REQUESTS = st.frozensets(st.sampled_from([*NAMES, "unknown"]))


@given(CATALOGUES, CLIENTS, USERS, SIGN_INS, st.none() | REQUESTS, GRANT)
def test_it_never_widens(found, client, user, sign_in, requested, grant_type):
    answer = ask(requested, found, client, user=user, sign_in=sign_in, grant_type=grant_type)
    assert answer.asked == (defaults(client, found) if requested is None else requested)
    assert answer.granted <= answer.asked
    assert answer.granted.isdisjoint(r.scope for r in answer.refused)
    assert bool(answer.error) == (not answer.granted) == bool(answer.description)


@given(CATALOGUES, CLIENTS, USERS, SIGN_INS, REQUESTS, GRANT)
def test_every_scope_is_granted_refused_or_lost_with_the_whole_request(
    found, client, user, sign_in, requested, grant_type
):
    answer = ask(requested, found, client, user=user, sign_in=sign_in, grant_type=grant_type)
    refused = {r.scope for r in answer.refused}
    if answer.error is None:
        assert answer.granted | refused == requested
    assert refused == {o.scope for o in answer.rules if o.outcome == "refuse"}
    assert as_report(answer).granted in {answer.granted, requested}


def taken(client: ClientFacts) -> list[ClientFacts]:
    """Return the client after losing each single right that it has."""
    live = [
        row.name
        for row in client.scopes.values()
        if row.state != "refused" and (row.until is None or row.until > NOW)
    ]
    fewer = [
        {name: row for name, row in client.scopes.items() if name != lost} for lost in sorted(live)
    ]
    return [
        replace(client, active=False),
        replace(client, verified=False),
        replace(client, first_party=False),
        *(replace(client, grant_types=client.grant_types - {grant}) for grant in GRANTS),
        *(replace(client, scopes=rows) for rows in fewer),
    ]


@given(CATALOGUES, CLIENTS, USERS, REQUESTS)
def test_a_client_that_loses_a_right_never_gains_a_scope(found, client, user, requested):
    found = replace(found, unpoliced="deny")
    before = ask(requested, found, client, user=user).granted
    for less in taken(client):
        assert ask(requested, found, less, user=user).granted <= before


@given(CATALOGUES, CLIENTS, PEOPLE, REQUESTS)
def test_a_user_who_leaves_a_group_never_gives_more(found, client, user, requested):
    before = ask(requested, found, client, user=user).granted
    for less in (
        replace(user, groups=frozenset()),
        replace(user, permissions=frozenset()),
        replace(user, active=False),
    ):
        assert ask(requested, found, client, user=less).granted <= before


@given(CATALOGUES, CLIENTS, USERS, SIGN_INS, REQUESTS, GRANT)
def test_what_was_granted_holds_while_nothing_changes(
    found, client, user, sign_in, requested, grant_type
):
    facts = {"user": user, "grant_type": grant_type}
    granted = ask(requested, found, client, sign_in=sign_in, **facts).granted
    assert narrow(granted, client=client, catalogue=found, now=NOW, **facts) == granted


@given(CATALOGUES, CLIENTS, USERS, REQUESTS, GRANT)
def test_what_still_holds_is_part_of_what_was_granted(found, client, user, granted, grant_type):
    facts = {"client": client, "user": user, "catalogue": found, "now": NOW}
    answer = reconsider(granted, lifetimes=SERVER, grant_type=grant_type, **facts)
    left = narrow(granted, grant_type=grant_type, **facts)
    assert left <= granted
    assert answer.granted == left
    assert answer.error in ({None} if left else {"invalid_scope", "access_denied"})
    assert answer.required_missing == set()
