"""Verify every chain, against a signed checkpoint if there is one, and keep the next one."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import OutputWrapper
from django.utils import timezone

from idp.domain.ledger import Head
from idp.management.printing import Progress, write_json
from idp.models import ConsentEvent, LedgerCheck
from idp.services.ledger_check import begin_check, finding_words, interrupted_check, run_check
from idp.services.ledger_checkpoint import (
    BadCheckpoint,
    check_checkpoint,
    checkpoint_heads,
    write_checkpoint,
)


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the action's arguments."""
    group = parser.add_argument_group("verify")
    group.add_argument(
        "--checkpoint",
        metavar="FILE",
        help="hold the ledger against this file where it exists; write the present ends of all "
        "chains to it, signed, if nothing is broken; keep it where the database cannot reach",
    )
    group.add_argument(
        "--resume", action="store_true", help="go on where the last verification was interrupted"
    )


def run(options: Mapping[str, Any], out: OutputWrapper, err: OutputWrapper) -> int:
    """Verify; return 1 for a broken chain or checkpoint, 2 for a file that cannot be used."""
    name = options["checkpoint"]
    try:
        with _kept(name) as (written, heads):
            check = (interrupted_check() if options["resume"] else None) or begin_check(
                now=timezone.now(), checkpoint=written
            )
            _walk(check, heads, err)
    except BadCheckpoint as error:
        err.write(f"{name}: {error}")
        return 1
    except OSError as error:
        err.write(f"{name}: {error.strerror or error}")
        return 2
    _tell(check, options, out, err)
    if name and not check.broken:
        return _keep(Path(name), err)
    return 1 if check.broken else 0


@contextmanager
def _kept(name: str | None) -> Iterator[tuple[str, Iterator[Head]]]:
    """Yield when a checkpoint was written and what it holds, after checking its signature."""
    if not name or not Path(name).exists():
        yield "", iter(())
        return
    with Path(name).open(encoding="utf-8", errors="surrogateescape") as file:
        written = check_checkpoint(file).at
        file.seek(0)
        yield written, checkpoint_heads(file)


def _walk(check: LedgerCheck, heads: Iterator[Head], err: OutputWrapper) -> None:
    progress = Progress(err, ConsentEvent.objects.count(), "events")
    progress.step(check.events)
    run_check(check, checkpoint=heads, tell=lambda count: progress.step(count - progress.done))
    progress.step(check.events - progress.done)
    progress.finish()


def _tell(
    check: LedgerCheck, options: Mapping[str, Any], out: OutputWrapper, err: OutputWrapper
) -> None:
    if options["json"]:
        result = {"events": check.events, "chains": check.chains, "broken": check.findings}
        write_json(out, result)
    for finding in check.findings:
        err.write(f"broken: {finding_words(finding)}")
    if check.checkpoint:
        err.write(f"Held against the checkpoint of {check.checkpoint}.")
    intact = f"{check.broken} broken" if check.broken else "intact"
    err.write(f"{check.events} events in {check.chains} chains: {intact}.")


def _keep(target: Path, err: OutputWrapper) -> int:
    """Write a checkpoint beside the one before, and put it in its place at once."""
    draft = target.with_name(f"{target.name}.new")
    try:
        with draft.open("w", encoding="ascii") as file:
            written = write_checkpoint(file, now=timezone.now())
        draft.replace(target)
    except OSError as error:
        err.write(f"{target}: {error.strerror or error}")
        return 2
    err.write(f"Wrote the ends of {written.chains} chains to {target}.")
    return 0
