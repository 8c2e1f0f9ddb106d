"""How much is tried: what fits into the minutes of ``make test``, or everything.

Where every value meets every place, ``make test`` takes a share of the pairs, dealt evenly. ``make
matrix``, and ``make pictures`` for the browser, set ``IDP_TEST_THOROUGH``, and try all of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")
THOROUGH = bool(os.environ.get("IDP_TEST_THOROUGH"))


def share(things: Iterable[T], *, of: int, turn: int = 0) -> list[T]:
    """Return one of several equal shares of some things; all of them in a thorough run.

    Args:
        things: in an order that stays.
        of: into how many shares they are dealt.
        turn: which share is asked for; taken modulo ``of``.
    """
    every = list(things)
    return every if THOROUGH else every[turn % of :: of]


def examples(number: int) -> int:
    """Return how many examples a property is tried with: all, or a third."""
    return number if THOROUGH else number // 3
