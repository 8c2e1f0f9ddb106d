"""How far long work has come."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One batch of long work.

    Attributes:
        position: where to go on; empty at the end. Any text is read, a strange one begins anew.
        looked: rows that were looked at.
        changed: rows of them that lost something or ended.
    """

    position: str
    looked: int
    changed: int


NOTHING_LEFT = Step(position="", looked=0, changed=0)
