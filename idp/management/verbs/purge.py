"""Remove expired requests, codes, tokens and old events in batches; decisions stay."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.core.management.base import OutputWrapper
from django.utils import timezone

from idp.management.printing import Progress, write_json
from idp.services.purge import due, purge


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("--dry-run", action="store_true", help="only count what would go")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")


def run(options: Mapping[str, Any], *, out: OutputWrapper, err: OutputWrapper) -> int:
    """Purge, or count; what was removed stays removed if the work is interrupted."""
    now = timezone.now()
    counts = due(now)
    if not options["dry_run"]:
        progress = Progress(err, sum(counts.values()), "rows")
        done: Counter[str] = Counter(dict.fromkeys(counts, 0))
        for name, count in purge(now):
            done[name] += count
            progress.step(count)
        progress.finish()
        counts = dict(done)
    if options["json"]:
        write_json(out, counts)
    for name, count in counts.items():
        err.write(f"{count} {name}")
    return 0
