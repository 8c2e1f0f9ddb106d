"""What the answer to a consent page grants, for how long, and what became of the consent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.consent import (
    accept,
    choose_duration,
    difference,
    durations,
    expiry,
    may_decline,
)
from idp.domain.scope import ClientScope, Policy, Scope
from idp.domain.snapshot import ConsentDocument, ShownApi, ShownClient, ShownScope, Standing
from tests.domain.scope_factory import NOW, catalogue, client, policed

DAY = timedelta(days=1)
TOKEN = timedelta(minutes=10)
NAMES = "abcde"


def shown(name: str, **facts: Any) -> ShownScope:
    return ShownScope(name, f"Title of {name}", **facts)


def page(*scopes: ShownScope, offered: tuple[str, ...] = ()) -> ConsentDocument:
    apis = tuple(ShownApi(f"api-{scope.name}", "API", (scope,)) for scope in scopes)
    return ConsentDocument(ShownClient("app", "App"), "ann", "en", apis=apis, durations=offered)


PAGE = page(
    shown("read"),
    shown("mail", optional=True),
    shown("old", optional=True, standing=Standing.ALLOWED),
    shown("audit", standing=Standing.UNAVAILABLE),
)
SHOWN = st.builds(
    shown,
    st.sampled_from(NAMES),
    standing=st.sampled_from(Standing),
    optional=st.booleans(),
    implied_scopes=st.frozensets(st.sampled_from(NAMES)).map(tuple),
)
PAGES = st.lists(SHOWN, unique_by=lambda scope: scope.name).map(lambda shown: page(*shown))
WORDS = st.frozensets(st.sampled_from([*NAMES, "unknown"]))


@pytest.mark.parametrize(
    ("kept", "granted", "declined"),
    [
        (set(), {"read"}, {"mail", "old"}),
        ({"mail"}, {"read", "mail"}, {"old"}),
        ({"mail", "old"}, {"read", "mail", "old"}, set()),
        ({"audit", "foreign"}, {"read"}, {"mail", "old"}),
        ({"read"}, {"read"}, {"mail", "old"}),
    ],
    ids=["nothing kept", "one kept", "all kept", "never available", "required"],
)
def test_allow_grants_what_is_required_and_what_was_kept(kept, granted, declined):
    assert accept(PAGE, "allow", frozenset(kept)) == (granted, declined)


@pytest.mark.parametrize("decision", ["deny", "", "ALLOW", "allow "])
def test_every_other_word_grants_and_declines_nothing(decision):
    assert accept(PAGE, decision, frozenset({"mail"})) == (set(), set())


def test_what_a_kept_scope_includes_cannot_be_declined_beside_it():
    document = page(
        shown("write", optional=True, implied_scopes=("read", "hidden", "audit")),
        shown("read", optional=True),
        shown("audit", standing=Standing.UNAVAILABLE),
    )
    assert accept(document, "allow", frozenset({"write"})) == ({"write", "read"}, set())
    assert accept(document, "allow", frozenset({"read"})) == ({"read"}, {"write"})


def test_a_page_of_optional_scopes_can_be_allowed_without_any():
    document = page(shown("mail", optional=True))
    assert accept(document, "allow", frozenset()) == (set(), {"mail"})


@given(PAGES, WORDS)
def test_nothing_is_granted_that_the_page_did_not_show_as_available(document, kept):
    granted, declined = accept(document, "allow", kept)
    available = {s.name for s in document.scopes if s.standing is not Standing.UNAVAILABLE}
    assert granted | declined == available
    assert not granted & declined
    assert document.required() <= granted


@given(PAGES, WORDS, WORDS)
def test_keeping_more_never_grants_less(document, kept, more):
    assert accept(document, "allow", kept).granted <= accept(document, "allow", kept | more).granted


OPTIONAL, REQUIRED = ClientScope("a", requirement="optional"), ClientScope("a")


@pytest.mark.parametrize(
    ("row", "policy", "may"),
    [
        (OPTIONAL, None, True),
        (OPTIONAL, Policy(name="p"), True),
        (REQUIRED, Policy(name="p", optional=True), False),
        (REQUIRED, None, False),
        (None, Policy(name="p", optional=True), True),
        (None, Policy(name="p"), False),
        (None, None, False),
    ],
)
def test_what_the_user_may_decline(row, policy, may):
    assert may_decline("a", client(*([row] if row else [])), policy) is may


@pytest.mark.parametrize(
    ("policies", "offered"),
    [
        ([{}], ()),
        ([{"choose_duration": True}, {}], ("once", "30d", "until_revoked")),
        ([{"choose_duration": True}, {"consent_lifetime": 30 * DAY}], ("once", "until_revoked")),
        (
            [{"choose_duration": True, "consent_lifetime": 31 * DAY}],
            ("once", "30d", "until_revoked"),
        ),
    ],
)
def test_which_durations_are_offered(policies, offered):
    scopes = catalogue(*(policed(f"s{n}", **rules) for n, rules in enumerate(policies)))
    assert durations(frozenset(scopes.scopes), scopes) == offered


@pytest.mark.parametrize(
    ("offered", "posted", "chosen"),
    [
        ((), "once", "until_revoked"),
        (("once", "30d", "until_revoked"), "30d", "30d"),
        (("once", "until_revoked"), "30d", "once"),
        (("until_revoked", "30d"), "", "30d"),
        (("once",), "for ever", "once"),
    ],
)
def test_a_duration_that_was_not_offered_counts_as_the_shortest_that_was(offered, posted, chosen):
    assert choose_duration(page(offered=offered), posted) == chosen


@pytest.mark.parametrize(
    ("lifetimes", "client_lifetime", "duration", "expected"),
    [
        ([None], None, "until_revoked", None),
        ([None], None, "30d", 30 * DAY),
        ([None], None, "once", TOKEN),
        ([None], None, "nonsense", TOKEN),
        ([None, 90 * DAY], None, "until_revoked", 90 * DAY),
        ([90 * DAY], 7 * DAY, "30d", 7 * DAY),
        ([DAY, 2 * DAY], 7 * DAY, "until_revoked", DAY),
        ([timedelta.max], None, "until_revoked", None),
    ],
)
def test_a_consent_ends_with_the_first_that_ends_it(lifetimes, client_lifetime, duration, expected):
    scopes = catalogue(
        *(policed(f"s{n}", consent_lifetime=span) for n, span in enumerate(lifetimes))
    )
    ends = expiry(
        granted=frozenset(scopes.scopes),
        catalogue=scopes,
        duration=duration,
        access_token_lifetime=TOKEN,
        now=NOW,
        client_lifetime=client_lifetime,
    )
    assert ends == (None if expected is None else NOW + expected)


def test_a_policy_of_an_included_scope_ends_the_consent_too():
    scopes = catalogue(
        Scope("write", implies=frozenset({"read"})), policed("read", consent_lifetime=DAY)
    )
    ends = expiry(
        granted=frozenset({"write"}),
        catalogue=scopes,
        duration="until_revoked",
        access_token_lifetime=TOKEN,
        now=datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert ends == datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "after", "event"),
    [
        (None, "a", "granted"),
        ("", "a", "granted"),
        ("a", "ab", "extended"),
        ("ab", "bc", "extended"),
        ("ab", "a", "narrowed"),
        ("ab", "ab", "renewed"),
        ("ab", "", "declined"),
        (None, "", "declined"),
    ],
)
def test_which_event_leads_from_one_consent_to_the_next(before, after, event):
    known = None if before is None else frozenset(before)
    assert difference(known, frozenset(after)) == event
