"""Long work of operators, step by step: begun by one request, carried on by any that finds it.

What a task takes back is worthless from its first moment: it begins by raising epochs, and until it
is finished the rules know it as a withdrawal, which covers what has no epoch. What was chosen row
by row is marked as ended, see ``chosen``, which also says what waits for its turn. The steps then
write that down. Changed rules and unused scopes take effect step by step.

Two that work at one task do no harm, since what is done is not found again; a lease only keeps them
from doing the same twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from idp.models import BulkTask
from idp.services import chosen, consent_sweep, rule_sweep, scope_sweep
from idp.services.catalogue import bump_catalogue
from idp.services.event import NOWHERE, Origin
from idp.services.step import NOTHING_LEFT, Step
from idp.services.task_cause import cause_of
from idp.services.task_work import Work, chosen_of, range_of, stored, target_of, unused_of

LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a task is to do.

    Attributes:
        kind: a ``BulkTask.Kind``.
        work: what it works on: a ``Target``, a ``Range`` for a sweep, what was ``Chosen``, or what
            is ``Unused``.
        label: in words, for the list of tasks.
        total: how many rows it is about.
        reason: why, in the operator's words.
    """

    kind: str
    work: Work
    label: str
    total: int
    reason: str = ""


@transaction.atomic
def begin_task(
    order: Order, *, by: str = "", origin: Origin = NOWHERE, now: datetime | None = None
) -> BulkTask:
    """Make what is taken away worthless, and return the task that does the rest.

    The moment of the decision is the last before the task is stored: what was given while the
    operator read and counted, or while this waited for others, is taken back with the rest.

    Args:
        order: what is to be done.
        by: name of the operator.
        origin: where the operator's request came from.
        now: the time; defaults to the clock.
    """
    task = BulkTask(
        kind=order.kind,
        target=stored(order.work),
        label=order.label[:255],
        reason=order.reason[:100],
        by=by[:255],
        origin=asdict(origin),
        total=order.total,
        created_at=now or timezone.now(),
    )
    task.position = _KINDS[order.kind].begin(task)
    task.created_at = now or timezone.now()
    task.save(force_insert=True)
    bump_catalogue()
    return task


def unfinished_tasks() -> QuerySet[BulkTask]:
    """Return the tasks with work left, the oldest first."""
    return BulkTask.objects.filter(finished_at=None).order_by("created_at", "id")


def work_on(task: BulkTask, *, seconds: float, now: datetime) -> bool:
    """Work on a task for a while, and store how far it has come after each step.

    Args:
        task: which; what it says afterwards is how far it has come.
        seconds: after how many to stop; one step is done in any case.
        now: the time.

    Returns:
        False when somebody else works on it at this moment, or nothing is left.
    """
    free = Q(leased_until=None) | Q(leased_until__lte=now)
    mine = BulkTask.objects.filter(free, pk=task.pk, finished_at=None)
    if not mine.update(leased_until=now + LEASE):
        task.refresh_from_db()
        return False
    until = time.monotonic() + seconds
    task.refresh_from_db()
    while True:
        step = _KINDS[task.kind].step(task, now)
        _move(task, step, now)
        if not step.position or time.monotonic() >= until:
            break
    BulkTask.objects.filter(pk=task.pk).update(leased_until=None)
    return True


@transaction.atomic
def _move(task: BulkTask, step: Step, now: datetime) -> None:
    """Store how far a task has come; what a finished one took back stands in the rows by then."""
    BulkTask.objects.filter(pk=task.pk).update(
        position=step.position,
        done=F("done") + step.looked,
        changed=F("changed") + step.changed,
        moved_at=now,
        finished_at=None if step.position else now,
    )
    if not step.position:
        bump_catalogue()
    task.refresh_from_db()


def _begin_taking_back(task: BulkTask) -> str:
    target = target_of(task)
    return consent_sweep.begin_taking_back(target, cause_of(task), task.total) if target else ""


def _begin_ending(task: BulkTask) -> str:
    target = target_of(task)
    return consent_sweep.begin_ending(target, cause_of(task), task.total) if target else ""


def _begin_sweep(task: BulkTask) -> str:
    cause = cause_of(task)
    return rule_sweep.begin(range_of(task), by=cause.by, origin=cause.origin, now=cause.at)


def _target_step(task: BulkTask, _now: datetime) -> Step:
    target = target_of(task)
    if target is None:
        return NOTHING_LEFT
    return consent_sweep.take_back_step(target, task.position, cause_of(task))


def _sweep_step(task: BulkTask, now: datetime) -> Step:
    cause = cause_of(task)
    place, by, origin = range_of(task), cause.by, cause.origin
    return rule_sweep.sweep_step(place, task.position, by=by, origin=origin, now=now)


def _begin_chosen(task: BulkTask) -> str:
    return chosen.begin_ending(chosen_of(task), cause_of(task))


def _chosen_step(task: BulkTask, _now: datetime) -> Step:
    return chosen.ending_step(chosen_of(task), task.position, cause_of(task))


def _begin_unused(task: BulkTask) -> str:
    work = unused_of(task)
    return scope_sweep.begin(work, cause_of(task), task.total) if work else ""


def _unused_step(task: BulkTask, _now: datetime) -> Step:
    work = unused_of(task)
    if work is None:
        return NOTHING_LEFT
    return scope_sweep.step(work, task.position, cause_of(task))


@dataclass(frozen=True, slots=True)
class _Kind:
    begin: Callable[[BulkTask], str]
    step: Callable[[BulkTask, datetime], Step]


_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        BulkTask.Kind.TAKE_BACK: _Kind(_begin_taking_back, _target_step),
        BulkTask.Kind.END_TOKENS: _Kind(_begin_ending, _target_step),
        BulkTask.Kind.SWEEP: _Kind(_begin_sweep, _sweep_step),
        BulkTask.Kind.REVOKE: _Kind(_begin_chosen, _chosen_step),
        BulkTask.Kind.END: _Kind(_begin_chosen, _chosen_step),
        BulkTask.Kind.UNUSED: _Kind(_begin_unused, _unused_step),
        BulkTask.Kind.DISABLE: _Kind(_begin_chosen, _chosen_step),
    }
)
