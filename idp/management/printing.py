"""How commands print: JSON for machines, and values of a plan for people."""

from __future__ import annotations

import json
from time import monotonic
from typing import Any

from django.core.management.base import OutputWrapper
from django.utils import timezone

from idp.models import BulkTask
from idp.services.task import work_on

SECONDS = 5.0
"""How long a task is worked on between two looks at how far it has come."""


def write_json(out: OutputWrapper, value: Any) -> None:
    """Print JSON-ready values, indented, with characters as they are."""
    out.write(json.dumps(value, indent=2, ensure_ascii=False))


def shown(value: Any) -> str:
    """Return a value of a plan on one line: what it would be in the file, or “nothing”."""
    if value is None or value == [] or value == "":
        return "nothing"
    return json.dumps(value, ensure_ascii=False)


class Progress:
    """How far long work has come: one line on a terminal, a closing line elsewhere.

    Attributes:
        done: how many steps were made.
    """

    def __init__(self, err: OutputWrapper, total: int, what: str) -> None:
        self.done = 0
        self._err = err
        self._total = total
        self._what = what
        self._shown_at = 0.0

    def step(self, count: int = 1) -> None:
        """Note that ``count`` more are done."""
        self.done += count
        # Ten times a second is enough for an eye, and does not slow the work down.
        if self._err.isatty() and monotonic() - self._shown_at >= 0.1:
            self._shown_at = monotonic()
            self._err.write(f"\r{self.done} of {self._total} {self._what}", ending="")

    def finish(self) -> None:
        """Say how many were done."""
        start = "\r" if self._err.isatty() else ""
        self._err.write(f"{start}{self.done} {self._what} done.")


def finish(task: BulkTask, err: OutputWrapper) -> bool:
    """Work on a task to its end, with progress; return False where another process works on it."""
    progress = Progress(err, max(task.total - task.done, 0), "rows")
    while task.finished_at is None:
        before = task.done
        if not work_on(task, seconds=SECONDS, now=timezone.now()) and task.finished_at is None:
            err.write("Somebody else works on it.")
            return False
        progress.step(task.done - before)
    progress.finish()
    return True
