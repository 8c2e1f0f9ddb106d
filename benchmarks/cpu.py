"""CPU time of a process with all its descendants, from ``/proc``."""

from __future__ import annotations

import os
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def seconds(root: int) -> float:
    """Return the user and system time of a tree of processes, ended children included."""
    rows = _rows()
    return sum(rows[pid][1] for pid in _tree(root, rows)) / TICKS_PER_SECOND


def descendants(root: int) -> list[int]:
    """Return the processes below another one."""
    return _tree(root, _rows())[1:]


def _tree(root: int, rows: dict[int, tuple[int, int]]) -> list[int]:
    found = [root] if root in rows else []
    for pid in found:  # grows while it is read
        found += [child for child, (parent, _ticks) in rows.items() if parent == pid]
    return found


def _rows() -> dict[int, tuple[int, int]]:
    """Return pid to parent and ticks, of every process."""
    rows = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            text = (entry / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # it ended meanwhile
        # The name, in parentheses, may hold anything; what follows it is numbers.
        fields = text.rpartition(")")[2].split()
        rows[int(entry.name)] = (int(fields[1]), sum(int(field) for field in fields[11:15]))
    return rows
