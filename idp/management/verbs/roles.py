"""Make the four ready roles as groups of Django's, or bring them up to date."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management.base import OutputWrapper
from django.utils import timezone

from idp.management.printing import write_json
from idp.services.role import PermissionsMissing, role_changes, update_roles


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--dry-run", action="store_true", help="only say what would change")
    parser.add_argument("--json", action="store_true", help="print the changes as JSON")


def run(options: Mapping[str, Any], *, out: OutputWrapper, err: OutputWrapper) -> int:
    """Make or update the groups; return 1 where permissions are missing."""
    try:
        changes = role_changes() if options["dry_run"] else update_roles(now=timezone.now())
    except PermissionsMissing as missing:
        err.write(f"Run `migrate` first; these permissions do not exist: {missing}")
        return 1
    if options["json"]:
        applied = not options["dry_run"]
        write_json(out, {"applied": applied, "changes": [change.as_dict() for change in changes]})
    for change in changes:
        err.write(f"{change.group}: {change.action}")
        for sign, names in (("+", change.added), ("-", change.removed)):
            for name in names:
                err.write(f"  {sign} {name}")
    return 0
