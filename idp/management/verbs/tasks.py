"""Long work that operators began: what is unfinished, and carrying it to its end."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import OutputWrapper

from idp.management.printing import finish, write_json
from idp.models import BulkTask
from idp.services.task import unfinished_tasks


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("action", choices=("list", "run"), help="show what is left, or do it")
    parser.add_argument("--json", action="store_true", help="print what was left as JSON")


def run(options: Mapping[str, Any], *, out: OutputWrapper, err: OutputWrapper) -> int:
    """List what is unfinished, or finish it; returns 1 where another process holds some of it."""
    tasks = list(unfinished_tasks())
    if options["json"]:
        write_json(out, [_told(task) for task in tasks])
    for task in tasks:
        err.write(f"{task}: {task.done} of {task.total}, begun {task.created_at:%Y-%m-%d %H:%M}")
    if not tasks:
        err.write("Nothing is left to do.")
    if options["action"] == "list":
        return 0
    left = [task for task in tasks if not finish(task, err)]
    return int(bool(left))


def _told(task: BulkTask) -> dict[str, Any]:
    return {
        "id": str(task.pk),
        "kind": task.kind,
        "what": task.label,
        "done": task.done,
        "total": task.total,
        "begun": task.created_at.isoformat(),
    }
