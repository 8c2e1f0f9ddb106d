"""Why an authorization ended is told in words."""

from __future__ import annotations

import uuid

import pytest

from idp.admin.authorization_life import ENDINGS, ending
from idp.services.authorization import begun_by


def test_what_a_task_has_begun_to_end_was_taken_back_by_an_operator() -> None:
    assert ending(begun_by(str(uuid.uuid4()))) == ENDINGS["taken_back"]


@pytest.mark.parametrize(
    "words", ["task force", "task ", "task 4228a00a-03d2-48fc-91e9-c3289ef03362 was wrong"]
)
def test_the_words_of_an_operator_stay_as_they_are(words: str) -> None:
    assert ending(words) == words
