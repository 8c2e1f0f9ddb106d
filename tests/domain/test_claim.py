"""The ``claims`` parameter: what it may look like, and what it asks for."""

from __future__ import annotations

import pytest

from idp.domain.claim import (
    Member,
    Wish,
    carriers,
    keep,
    kept_carriers,
    parse_claims,
    wanted_acr,
    wanted_subjects,
    wishes,
)

SCOPE_OF = {"sub": "openid", "name": "profile", "email": "email"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        '{"userinfo": []}',
        '{"userinfo": ""}',
        '{"id_token": 0}',
        '{"id_token": {"name": true}}',
        '{"id_token": {"name": {"essential": "yes"}}}',
        '{"id_token": {"name": {"values": "a"}}}',
        '{"id_token": {"name": {"value": "\\u0000"}}}',
        '{"id_token": {"name": {"value": "\\ud800"}}}',
        '{"id_token": {"name": {"value": 1e999}}}',
        '{"a":' * 100_000,
    ],
)
def test_what_is_malformed_is_refused(text) -> None:
    assert parse_claims(text) is None


def test_what_means_nothing_to_us_is_left_out() -> None:
    assert parse_claims('{"scopes": ["admin"], "other": 1, "userinfo": null}') == {}
    assert parse_claims('{"userinfo": {"name": {"purpose": "x"}}}') == {
        "userinfo": {"name": {"purpose": "x"}}
    }


def test_a_wish_may_be_plain_essential_or_for_values() -> None:
    claims = parse_claims(
        '{"id_token": {"a": null, "b": {"essential": true}, "c": {"value": 1},'
        ' "d": {"values": [1, 2]}}}'
    )
    found = wishes(claims, Member.ID_TOKEN)
    assert found == {
        "a": Wish(),
        "b": Wish(essential=True),
        "c": Wish(values=(1,)),
        "d": Wish(values=(1, 2)),
    }
    assert [found["d"].accepts(value) for value in (1, 3)] == [True, False]
    assert found["a"].accepts("anything")
    assert wishes(claims, Member.USERINFO) == wishes(None, Member.USERINFO) == {}


def test_a_claim_is_asked_as_the_scope_that_carries_it() -> None:
    claims = parse_claims('{"userinfo": {"name": null, "sub": null}, "id_token": {"other": null}}')
    assert carriers(claims, SCOPE_OF) == {"profile"}


def test_a_client_cannot_put_words_into_what_is_kept() -> None:
    claims = parse_claims('{"scopes": ["email"], "userinfo": {"name": null}}')
    assert kept_carriers(keep(claims, frozenset({"profile"}))) == {"profile"}
    assert kept_carriers(keep(claims, frozenset())) == kept_carriers(None) == frozenset()
    assert keep({}, frozenset({"profile"})) == {}


def test_a_subject_may_be_asked_for_in_both_members() -> None:
    both = {"userinfo": {"sub": {"value": "1"}}, "id_token": {"sub": {"values": ["1", "2"]}}}
    assert wanted_subjects(both) == {"1"}
    assert wanted_subjects({"id_token": {"sub": {"essential": True}}}) is None
    assert wanted_subjects({}) is None


def test_a_context_is_essential_only_with_values() -> None:
    def ask(**acr):
        return wanted_acr({"id_token": {"acr": acr}})

    assert ask(essential=True, values=["mfa", 7]) == (("mfa",), True)
    assert ask(value="mfa") == (("mfa",), False)
    assert ask(essential=True) == ((), False)
    assert wanted_acr({}) == ((), False)
