"""Make APIs, policies, scopes and clients what a TOML file says: everything or nothing."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import OutputWrapper
from django.utils import timezone

from idp.management.manifest.apply import Outcome, apply_manifest
from idp.management.manifest.parse import MAX_BYTES
from idp.management.manifest.work import Change
from idp.management.printing import Progress, shown, write_json
from idp.services.impact import Impact
from idp.services.rule_sweep import sweep, total

SIGNS = {"create": "+", "update": "~", "retire": "-", "delete": "-"}
BY = "manage.py idp apply"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("file", help="the file; - for standard input")
    parser.add_argument("--dry-run", action="store_true", help="only say what would change")
    parser.add_argument(
        "--prune",
        action="store_true",
        help="remove what the file does not name, in the sections that it has",
    )
    parser.add_argument(
        "--existing",
        action="store_true",
        help="also take what the rules no longer give from consents and tokens that exist",
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def run(options: Mapping[str, Any], *, out: OutputWrapper, err: OutputWrapper) -> int:
    """Apply the file; return 1 if anything in it is wrong, 2 if it cannot be read."""
    name = options["file"]
    try:
        data = _read(name)
    except OSError as error:
        err.write(f"{name}: {error.strerror or error}")
        return 2
    outcome = apply_manifest(
        data,
        environ=os.environ,
        now=timezone.now(),
        dry_run=options["dry_run"],
        prune=options["prune"],
        by=BY,
    )
    if options["json"]:
        write_json(out, outcome.as_dict())
    _tell(name, outcome, options, err)
    if outcome.applied and options["existing"]:
        _take_away(outcome, err)
    return 1 if outcome.errors else 0


def _take_away(outcome: Outcome, err: OutputWrapper) -> None:
    now = timezone.now()
    progress = Progress(err, total(outcome.concerned, now), "consents and tokens looked at")
    narrowed = 0
    for step in sweep(outcome.concerned, by=BY, now=now):
        progress.step(step.looked)
        narrowed += step.changed
    progress.finish()
    err.write(f"{narrowed} lost what they no longer may.")


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    with Path(name).open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _tell(name: str, outcome: Outcome, options: Mapping[str, Any], err: OutputWrapper) -> None:
    for warning in outcome.warnings:
        err.write(f"warning: {name}: {warning}")
    for error in outcome.errors:
        err.write(f"error: {name}: {error}")
    if outcome.errors:
        count = len(outcome.errors)
        err.write(f"{count} error{'s' if count > 1 else ''}; nothing was changed.")
        return
    for change in outcome.changes:
        err.write(_plan(change))
    count = len(outcome.changes)
    done = "to be changed" if options["dry_run"] else "changed"
    entries = "entry" if count == 1 else "entries"
    err.write(f"{count} {entries} {done}." if count else "No changes.")
    if outcome.impact is not None and outcome.impact.narrows:
        err.write(_consequence(outcome.impact))


def _consequence(impact: Impact) -> str:
    """Return what a change takes away, in the words of the desk."""
    least = "" if impact.exact else "at least "
    lines = ["This would take something away:"]
    lines += [f"    {words}: {least}{number}" for words, number in impact.numbers if number]
    lines += [f"    - {example}" for example in impact.examples]
    return "\n".join(lines)


def _plan(change: Change) -> str:
    lines = [f"{SIGNS[change.action]} {change.action} {change.entry} {change.id}"]
    for key, (old, new) in change.fields.items():
        if change.action == "create":
            lines.append(f"    {key}: {shown(new)}")
        else:
            lines.append(f"    {key}: {shown(old)} → {shown(new)}")
    return "\n".join(lines)
