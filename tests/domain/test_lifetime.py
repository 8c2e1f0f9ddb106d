"""The strictest of server, client and scopes decides."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.catalogue import Policy
from idp.domain.lifetime import Lifetimes, ServerLifetimes, strictest
from tests.domain.scope_factory import SERVER, client

HOUR = timedelta(hours=1)
SPANS = st.timedeltas(timedelta(0), timedelta(days=400))
OPINIONS = st.none() | SPANS
POLICIES = st.lists(
    st.builds(
        Policy,
        name=st.just("p"),
        access_token_lifetime=OPINIONS,
        refresh_token_lifetime=OPINIONS,
        refresh_token_idle_lifetime=OPINIONS,
        refresh=st.booleans(),
    ),
    max_size=4,
)


def test_without_other_opinions_the_server_decides():
    assert strictest(server=SERVER, client=client()) == Lifetimes(
        SERVER.access, SERVER.refresh, SERVER.refresh_idle, refreshable=True
    )


def test_a_client_can_shorten_each_of_them():
    shorter = client(
        access_token_lifetime=timedelta(seconds=60),
        refresh_token_lifetime=timedelta(days=2),
        refresh_token_idle_lifetime=HOUR,
    )
    expected = Lifetimes(timedelta(seconds=60), timedelta(days=2), HOUR)
    assert strictest(server=SERVER, client=shorter) == expected


def test_a_client_cannot_lengthen_any_of_them():
    longer = client(
        access_token_lifetime=HOUR,
        refresh_token_lifetime=timedelta(days=1000),
        refresh_token_idle_lifetime=timedelta(days=1000),
    )
    assert strictest(server=SERVER, client=longer) == strictest(server=SERVER, client=client())


def test_a_pause_is_never_longer_than_the_whole():
    policy = Policy(name="p", refresh_token_lifetime=HOUR)
    assert strictest(server=SERVER, client=client(), policies=[policy]).refresh_idle == HOUR


def test_a_server_without_limits_issues_refresh_tokens_without_limits():
    endless = strictest(server=ServerLifetimes(HOUR), client=client())
    assert endless == Lifetimes(HOUR, None, None, refreshable=True)


@pytest.mark.parametrize(
    ("policies", "grant_type", "grants"),
    [
        ([Policy(name="p"), Policy(name="q", refresh=False)], "authorization_code", None),
        ([], "client_credentials", None),
        ([], "authorization_code", frozenset({"authorization_code"})),
    ],
    ids=["a policy forbids it", "no user stands behind it", "the client may not use it"],
)
def test_no_refresh_token_where(policies, grant_type, grants):
    who = client() if grants is None else client(grant_types=grants)
    found = strictest(server=SERVER, client=who, policies=policies, grant_type=grant_type)
    assert found == Lifetimes(SERVER.access, None, None, refreshable=False)


@given(POLICIES, OPINIONS, OPINIONS)
def test_no_lifetime_exceeds_what_anybody_names(policies, access, refresh):
    who = client(access_token_lifetime=access, refresh_token_lifetime=refresh)
    found = strictest(server=SERVER, client=who, policies=policies)
    limits = [SERVER.access, access, *(p.access_token_lifetime for p in policies)]
    assert found.access == min(span for span in limits if span is not None)
    assert found.refreshable == all(p.refresh for p in policies)
    if found.refreshable:
        limits = [SERVER.refresh, refresh, *(p.refresh_token_lifetime for p in policies)]
        assert found.refresh == min(span for span in limits if span is not None)
        assert found.refresh_idle <= found.refresh


@given(POLICIES, POLICIES)
def test_one_more_scope_never_lengthens_anything(policies, more):
    before = strictest(server=SERVER, client=client(), policies=policies)
    after = strictest(server=SERVER, client=client(), policies=[*policies, *more])
    assert after.access <= before.access
    assert before.refreshable or not after.refreshable
    if after.refreshable:
        assert after.refresh <= before.refresh
        assert after.refresh_idle <= before.refresh_idle
