"""Codes of devices, and what a device is told."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.device import (
    ALPHABET,
    LENGTH,
    Answer,
    Standing,
    State,
    answer,
    draw_user_code,
    is_theft,
    normalise,
    shown,
)
from tests.requirement import defect, requirement

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
codes = st.text(ALPHABET, min_size=LENGTH, max_size=LENGTH)


def standing(
    state: str = State.PENDING, *, asked: float | None = None, interval: int = 5
) -> Standing:
    polled = None if asked is None else NOW - timedelta(seconds=asked)
    return Standing(state, LATER, timedelta(seconds=interval), polled)


@defect(6)
@requirement("RFC 8628 §6.1", "A user code has enough entropy.")
def test_a_user_code_has_enough_entropy() -> None:
    assert math.log2(len(set(ALPHABET)) ** LENGTH) > 34


@given(codes)
def test_what_is_shown_is_understood_when_typed(code: str) -> None:
    assert normalise(shown(code)) == code


@given(codes, st.lists(st.sampled_from(" -–—_."), min_size=8, max_size=8))
def test_case_and_what_stands_between_do_not_matter(code: str, between: list[str]) -> None:
    typed = "".join(char + gap for char, gap in zip(code.lower(), between, strict=True))
    assert normalise(f" {typed} ") == code


@given(st.text())
def test_anything_typed_is_a_code_or_nothing(typed: str) -> None:
    code = normalise(typed)
    assert code == "" or (len(code) == LENGTH and set(code) <= set(ALPHABET))


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("5822-6GIL", "SBZZGGLL"),
        ("UUUU VVVV", "VVVVVVVV"),
        ("ＢＣＤＦ－ＧＨＪＫ", "BCDFGHJK"),
        ("BCDF-GHJ", ""),
        ("BCDF-GHJK-L", ""),
        ("AEOY-AEOY", ""),
        ("B" * 65, ""),
        ("\x00BCDFGHJK", ""),
        ("", ""),
    ],
)
def test_look_alikes_are_forgiven_and_nothing_else(typed: str, code: str) -> None:
    assert normalise(typed) == code


def test_a_user_code_is_drawn_letter_by_letter() -> None:
    assert draw_user_code(lambda letters: letters[-1]) == "Z" * LENGTH


@pytest.mark.parametrize(
    ("given_standing", "told"),
    [
        (standing(), Answer.PENDING),
        (standing(asked=5), Answer.PENDING),
        (standing(asked=4), Answer.PENDING),
        (standing(asked=3.9), Answer.SLOW_DOWN),
        (standing(asked=0), Answer.SLOW_DOWN),
        (standing(asked=8, interval=10), Answer.SLOW_DOWN),
        (standing(State.ALLOWED, asked=0), Answer.TOKENS),
        (standing(State.DENIED, asked=0), Answer.DENIED),
        (standing(State.REDEEMED), Answer.SPENT),
        (standing(State.CLOSED), Answer.EXPIRED),
    ],
)
def test_what_a_device_is_told(given_standing: Standing, told: Answer) -> None:
    assert answer(given_standing, NOW) is told


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (State.PENDING, Answer.EXPIRED),
        (State.ALLOWED, Answer.EXPIRED),
        (State.DENIED, Answer.EXPIRED),
        (State.REDEEMED, Answer.SPENT),
    ],
)
def test_what_a_device_is_told_once_its_codes_are_over(state: State, told: Answer) -> None:
    assert answer(standing(state), LATER) is told


def test_a_code_that_comes_again_is_theft_only_after_a_moment() -> None:
    assert not is_theft(None, NOW)
    assert not is_theft(NOW - timedelta(seconds=5), NOW)
    assert is_theft(NOW - timedelta(seconds=6), NOW)
