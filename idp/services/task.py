"""Long work of operators, step by step: begun by one request, carried on by any that finds it.

What a task takes away is worthless from its first moment, because it begins by raising epochs. The
steps then write that down. Two that work at one task do no harm, since what is done is not found
again; a lease only keeps them from doing the same twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import F, Q, QuerySet

from idp.conf import application_model
from idp.models import BulkTask
from idp.services import chosen, consent_sweep, rule_sweep
from idp.services.chosen import Chosen
from idp.services.consent_change import Cause
from idp.services.consent_reach import Target
from idp.services.event import NOWHERE, Origin
from idp.services.rule_sweep import Range
from idp.services.step import Step

LEASE = timedelta(seconds=60)

Work = Target | Range | Chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a task is to do.

    Attributes:
        kind: a ``BulkTask.Kind``.
        work: what it works on: a ``Target``, a ``Range`` for a sweep, or what was ``Chosen``.
        label: in words, for the list of tasks.
        total: how many rows it is about.
        reason: why, in the operator's words.
    """

    kind: str
    work: Work
    label: str
    total: int
    reason: str = ""


def begin_task(order: Order, *, by: str = "", origin: Origin = NOWHERE, now: datetime) -> BulkTask:
    """Make what is taken away worthless, and return the task that does the rest.

    Args:
        order: what is to be done.
        by: name of the operator.
        origin: where the operator's request came from.
        now: the time.
    """
    task = BulkTask(
        kind=order.kind,
        target=_stored(order.work),
        label=order.label[:255],
        reason=order.reason[:100],
        by=by[:255],
        origin=asdict(origin),
        total=order.total,
        created_at=now,
    )
    task.position = _KINDS[order.kind].begin(task)
    task.save(force_insert=True)
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


def _move(task: BulkTask, step: Step, now: datetime) -> None:
    BulkTask.objects.filter(pk=task.pk).update(
        position=step.position,
        done=F("done") + step.looked,
        changed=F("changed") + step.changed,
        moved_at=now,
        finished_at=None if step.position else now,
    )
    task.refresh_from_db()


def _cause(task: BulkTask) -> Cause:
    """Return the cause of every change; its time is the one at which the task began."""
    origin = Origin(**task.origin) if task.origin else NOWHERE
    return Cause(
        actor="operator", at=task.created_at, by=task.by, reason=task.reason, origin=origin
    )


def _stored(work: Work) -> dict[str, Any]:
    if isinstance(work, Chosen):
        return {"what": work.what, "keys": [_plain(key) for key in work.keys]}
    if isinstance(work, Range):
        return {
            "scopes": sorted(work.scopes),
            "applications": [str(row.pk) for row in work.applications],
        }
    return {
        "user": str(work.user.pk) if work.user is not None else None,
        "application": str(work.application.pk) if work.application is not None else None,
        "scope": work.scope,
    }


def _plain(key: Any) -> Any:
    return key if isinstance(key, int) else str(key)


def target_of(task: BulkTask) -> Target | None:
    """Return what a task takes back; None where its user or client is gone with all it held."""
    found: dict[str, Any] = {}
    for name, model in (("user", get_user_model()), ("application", application_model())):
        key = task.target.get(name)
        if key is not None:
            found[name] = model._default_manager.filter(pk=key).first()
            if found[name] is None:
                return None
    return Target(scope=task.target.get("scope") or "", **found)


def _range_of(task: BulkTask) -> Range:
    keys = task.target["applications"]
    rows = application_model()._default_manager.filter(pk__in=keys)
    return Range(scopes=frozenset(task.target["scopes"]), applications=tuple(rows))


def _begin_taking_back(task: BulkTask) -> str:
    target = target_of(task)
    return consent_sweep.begin_taking_back(target, _cause(task)) if target else ""


def _begin_ending(task: BulkTask) -> str:
    target = target_of(task)
    return consent_sweep.begin_ending(target, _cause(task)) if target else ""


def _begin_sweep(task: BulkTask) -> str:
    cause = _cause(task)
    return rule_sweep.begin(_range_of(task), by=cause.by, origin=cause.origin, now=cause.at)


def _target_step(task: BulkTask, _now: datetime) -> Step:
    target = target_of(task)
    if target is None:
        return Step(position="", looked=0, changed=0)
    return consent_sweep.take_back_step(target, task.position, _cause(task))


def _sweep_step(task: BulkTask, now: datetime) -> Step:
    cause = _cause(task)
    place, by, origin = _range_of(task), cause.by, cause.origin
    return rule_sweep.sweep_step(place, task.position, by=by, origin=origin, now=now)


def _chosen_of(task: BulkTask) -> Chosen:
    return Chosen(what=task.target["what"], keys=tuple(task.target["keys"]))


def _begin_chosen(task: BulkTask) -> str:
    return chosen.begin_ending(_chosen_of(task), _cause(task))


def _chosen_step(task: BulkTask, _now: datetime) -> Step:
    return chosen.ending_step(_chosen_of(task), task.position, _cause(task))


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
    }
)
