"""How secrets on the wire look."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.credential import (
    ACCESS,
    PREFIXES,
    REFRESH,
    SECRET,
    generate,
    is_well_formed,
    may_be,
)
from tests.requirement import requirement

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reference" / "tokens.md"


@requirement("RFC 6749 §10.10", "Credentials cannot be guessed, and scanners find them.")
@pytest.mark.parametrize("prefix", sorted(PREFIXES))
def test_each_kind_is_found_by_the_documented_expression(prefix: str) -> None:
    fence = re.search(r"```regex\n(.+)\n```", DOCUMENT.read_text())
    assert fence is not None
    found = re.search(fence[1], f'token = "{generate(prefix)}"')
    assert found is not None
    assert is_well_formed(found[0], prefix)
    assert may_be(found[0], prefix)


def test_a_kind_is_not_taken_for_another() -> None:
    assert not may_be(generate(REFRESH), ACCESS)
    assert may_be(generate(REFRESH), ACCESS, REFRESH)
    assert not may_be(generate(SECRET), ACCESS, REFRESH)


@given(st.integers(min_value=0, max_value=53), st.characters(codec="ascii"))
def test_one_wrong_character_is_noticed(place: int, other: str) -> None:
    token = generate(ACCESS)
    changed = token[:place] + other + token[place + 1 :]
    taken_for_ours = changed.startswith(f"{ACCESS}_")
    assert changed == token or not (taken_for_ours and may_be(changed, ACCESS))


@pytest.mark.parametrize(
    "text",
    ["", " ", "idpa_", "idpa_x", "a b", "a\x00b", "a\nb", "ä", "\ud800", "x" * 16_001, "idps"],
)
def test_what_no_token_looks_like_is_garbage(text: str) -> None:
    assert not may_be(text, ACCESS)


@pytest.mark.parametrize("text", ["SFMBjxsz6N9xC4eZ", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "a_b"])
def test_a_token_from_elsewhere_is_left_to_the_database(text: str) -> None:
    assert may_be(text, ACCESS)
