"""Where the database is not what the applied file says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from idp.management.manifest.apply import apply_manifest
from idp.management.manifest.parse import MAX_BYTES
from idp.services.doctor_code import Code
from idp.services.doctor_finding import Finding, finding


def drift(name: str, now: datetime) -> Iterator[Finding]:
    """Yield each entry that applying a file would change; nothing is changed.

    Args:
        name: path of the file.
        now: the time.
    """
    try:
        with Path(name).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        yield finding(Code.FILE_UNREADABLE, name, str(error.strerror or error))
        return
    outcome = apply_manifest(data, environ=os.environ, now=now, dry_run=True)
    for problem in outcome.errors:
        yield finding(Code.FILE_UNREADABLE, name, str(problem))
    for change in outcome.changes:
        fields = ", ".join(sorted(change.fields))
        yield finding(Code.FILE_DRIFT, f"{change.entry} {change.id}", fields or change.action)
