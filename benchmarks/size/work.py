"""Long work on what the site holds: verify the ledger, purge, take one scope and then all back."""

from __future__ import annotations

import os
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone

from idp.models import BulkTask
from idp.services.consent_reach import Target, reach
from idp.services.event import Origin
from idp.services.ledger_check import begin_check, run_check
from idp.services.purge import due, purge
from idp.services.task import Order, begin_task, work_on

SHOWN = 12
"""How many of the slowest statements of each work are shown."""
WIDTH = 300


@dataclass(frozen=True, slots=True)
class Work:
    """What one kind of work took.

    Attributes:
        name: what it is.
        rows: how many rows it was.
        seconds: by the clock.
        cpu_seconds: of this process and of the server's for it, where it can be seen.
    """

    name: str
    rows: int
    seconds: float
    cpu_seconds: float

    def __str__(self) -> str:
        million = 1_000_000 / max(self.rows, 1)
        return (
            f"{self.name}: {self.rows} rows in {self.seconds:.1f} s, {self.cpu_seconds:.1f} s of "
            f"two processes; for a million {million * self.seconds:.0f} s and "
            f"{million * self.cpu_seconds:.0f} s"
        )


def measure_work() -> list[dict[str, Any]]:
    """Do it all, in an order in which one leaves something to the next."""
    now = timezone.now()
    check = begin_check(now=now)
    found = [_timed("verify the ledger", lambda: [run_check(check).events])]
    found.append(_timed("purge", lambda: (count for _kind, count in purge(now))))
    _vacuum()
    expect(not any(due(now).values()), "nothing left to purge")
    for name, target in (
        ("take one scope from everyone", Target(scope="photos:read")),
        ("take everything from everyone", Target()),
    ):
        tokens = reach(target, now).tokens
        found.append(_timed(name, lambda chosen=target: _by_task(chosen, now), tokens))
        left = reach(target, now)
        expect(not (left.consents or left.authorizations), f"nothing left: {left}")
        _vacuum()
    expect(run_check(begin_check(now=now)).broken == 0, "a ledger that still verifies")
    return [asdict(work) for work in found]


def _by_task(target: Target, now: datetime) -> Iterator[int]:
    """Take back as the desk does: by a task that an operator's browser began."""
    order = Order(kind=BulkTask.Kind.TAKE_BACK, work=target, label="all", total=0, reason="test")
    origin = Origin("192.0.2.7", "Browser", "")
    task = begin_task(order, by="operator", origin=origin, now=now)
    while task.finished_at is None:
        done = task.done
        work_on(task, seconds=1, now=now)
        yield task.done - done


def expect(held: bool, what: str) -> None:  # noqa: FBT001
    """Stop unless something holds."""
    if not held:
        raise SystemExit(f"expected {what}")


def _timed(name: str, steps: Any, rows: int | None = None) -> Work:
    clock, cpu, done = time.perf_counter(), _cpu(), 0
    statements = Statements()
    with connection.execute_wrapper(statements):
        counts: Iterable[int] = steps()
        for count in counts:
            done += count
            sys.stderr.write(f"\r{name}: {done}")
    work = Work(name, rows or done, time.perf_counter() - clock, _cpu() - cpu)
    sys.stderr.write(f"\r{work}\n{statements}")
    return work


class Statements:
    """What the statements of some work took by the clock, those of one text together."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = defaultdict(float)
        self._times: Counter[str] = Counter()

    def __call__(self, execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        """Run a statement, and remember how long that took."""
        start = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self._seconds[sql] += time.perf_counter() - start
            self._times[sql] += 1

    def __str__(self) -> str:
        slowest = sorted(self._seconds, key=lambda sql: -self._seconds[sql])[:SHOWN]
        lines = (f"  {self._seconds[x]:6.1f} s {self._times[x]:6d} × {_short(x)}" for x in slowest)
        return "\n".join(lines) + "\n"


def _short(sql: str) -> str:
    """Return a statement without the columns that it reads, so that one line tells which it is."""
    return re.sub(r"^SELECT .*? FROM ", "SELECT … FROM ", sql.replace('"', ""))[:WIDTH]


def _cpu() -> float:
    """Return the seconds of a processor that this process and the server's have used."""
    used = time.process_time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        stat = Path(f"/proc/{cursor.fetchone()[0]}/stat")
    if stat.exists():
        fields = stat.read_text(encoding="ascii").rpartition(")")[2].split()
        used += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return used


def _vacuum() -> None:
    """Do what the server would do by itself meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
