"""The text form of scopes (RFC 6749 §3.3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain import scope

TOKEN = [chr(n) for n in (0x21, *range(0x23, 0x5C), *range(0x5D, 0x7F))]
NAMES = st.text(st.sampled_from(TOKEN), min_size=1, max_size=8)


def test_names_are_separated_by_one_space():
    assert scope.parse("b a b") == {"a", "b"}


def test_an_empty_text_holds_no_scope():
    assert scope.parse("") == frozenset()


def test_text_is_sorted():
    assert scope.to_text({"b", "a:x", "a"}) == "a a:x b"


@given(st.frozensets(NAMES))
def test_what_is_written_is_read_again(names):
    assert scope.parse(scope.to_text(names)) == names


@given(NAMES)
def test_every_token_of_allowed_characters_is_a_name(name):
    scope.check_name(name)


@given(NAMES, st.characters().filter(lambda c: c not in TOKEN), st.integers(0, 8))
def test_a_name_with_any_other_character_is_refused_and_the_character_named(name, bad, place):
    broken = name[:place] + bad + name[place:]
    with pytest.raises(scope.InvalidScope) as caught:
        scope.check_name(broken)
    position = min(place, len(name)) + 1
    assert f"U+{ord(bad):04X}" in str(caught.value)
    assert f"position {position} " in str(caught.value)
    assert caught.value.reason.is_error


@pytest.mark.parametrize(
    ("text", "character", "position"),
    [
        (" a", "U+0020 SPACE", 1),
        ("a ", "U+0020 SPACE", 3),
        ("a  b", "U+0020 SPACE", 3),
        (" ", "U+0020 SPACE", 1),
        ("a\tb", "U+0009", 2),
        ("a b\x00", "U+0000", 4),
        ('a "b"', "U+0022 QUOTATION MARK", 3),
        ("a\\", "U+005C REVERSE SOLIDUS", 2),
        ("a\x7f", "U+007F", 2),
        ("größe", "U+00F6 LATIN SMALL LETTER O WITH DIAERESIS", 3),
        ("a\ud800", "U+D800", 2),
    ],
)
def test_a_broken_text_says_which_character_stands_where(text, character, position):
    with pytest.raises(scope.InvalidScope) as caught:
        scope.parse(text)
    message = str(caught.value)
    assert message == (f"The character {character} at position {position} has no place in a scope.")
    assert message.isascii()


def test_an_empty_name_is_refused():
    with pytest.raises(ValueError, match="at least one character"):
        scope.check_name("")


def test_a_name_is_not_a_list_of_names():
    with pytest.raises(scope.InvalidScope, match=r"U\+0020"):
        scope.check_name("a b")
