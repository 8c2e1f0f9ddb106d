"""The canonical form of what the ledger digests (RFC 8785)."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.ledger import NotCanonical, canonical, commitment

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/ledger_canonical.json").read_text())
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)
SALT = bytes(range(16))


class Word(StrEnum):
    GRANTED = "granted"


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_a_value_has_the_form_of_the_specification(case):
    assert canonical(case["value"]) == case["canonical"].encode()
    assert rfc8785.dumps(case["value"]) == case["canonical"].encode()


@given(VALUES)
def test_the_form_is_the_one_that_an_independent_implementation_gives(value):
    assert canonical(value) == rfc8785.dumps(value)


@given(VALUES)
def test_the_form_is_json_of_the_same_value(value):
    assert json.loads(canonical(value)) == value


@given(VALUES, VALUES)
def test_different_values_have_different_forms(one, other):
    assert (canonical(one) == canonical(other)) == (repr_of(one) == repr_of(other))


def repr_of(value):
    """Return a text that tells True from 1 and ignores the order of keys."""
    return json.dumps(value, sort_keys=True)


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        2**53,
        -(2**53),
        b"bytes",
        ("a",),
        {"a"},
        {1: "a"},
        {None: "a", "b": 1},
        "half \ud800",
        {"half \ud800": 1},
        {"a": [{"b": 0.5}]},
        pytest.param(object(), id="an object"),
    ],
    ids=repr,
)
def test_what_has_no_exact_form_is_refused(value):
    with pytest.raises(NotCanonical):
        canonical(value)


def nested(levels: int) -> list:
    value: list = []
    for _ in range(levels - 1):
        value = [value]
    return value


def test_depth_is_bounded_so_that_no_value_exhausts_the_stack():
    assert canonical(nested(64)) == b"[" * 64 + b"]" * 64
    with pytest.raises(NotCanonical):
        canonical(nested(65))
    with pytest.raises(NotCanonical):
        canonical(nested(100_000))


def test_words_of_an_enumeration_are_texts():
    assert canonical({"kind": Word.GRANTED}) == b'{"kind":"granted"}'


def test_a_commitment_binds_the_evidence():
    evidence = {"ip_address": "192.0.2.1", "user_agent": "x"}
    bound = commitment(evidence, SALT)
    assert len(bound) == 64
    assert bound == commitment(dict(reversed(evidence.items())), SALT)
    assert bound != commitment({**evidence, "ip_address": "192.0.2.2"}, SALT)


def test_without_the_salt_the_same_evidence_looks_different_each_time():
    assert commitment({"a": 1}, SALT) != commitment({"a": 1}, SALT[::-1])


def test_a_commitment_is_an_hmac_that_anybody_with_the_salt_can_repeat():
    # HMAC-SHA256 with key 000102…0f over {"ip_address":"192.0.2.1"}, computed with openssl.
    assert commitment({"ip_address": "192.0.2.1"}, SALT) == (
        "ffdcb4f34f47e9182b60fc395fdd6001f54684ee04f8eda402bcd74fba3ee7e2"
    )


@pytest.mark.parametrize("salt", [b"", b"short", SALT[:-1]])
def test_a_salt_that_could_be_guessed_is_refused(salt):
    with pytest.raises(ValueError, match="too short"):
        commitment({}, salt)
