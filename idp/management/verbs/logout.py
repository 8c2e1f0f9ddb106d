"""Tell clients that a session ended: once, or as they come until stopped."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from django.core.management.base import OutputWrapper
from django.db import InterfaceError, OperationalError, connections
from django.utils import timezone

from idp.management.printing import write_json
from idp.models import LogoutDelivery
from idp.services.logout import logout_state
from idp.services.logout_delivery import deliver_due

PAUSE_SECONDS = 2.0


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("action", choices=("deliver", "status"))
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--once", action="store_true", help="what is due now; the default")
    how.add_argument("--watch", action="store_true", help="go on until SIGTERM or Ctrl-C")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")


def run(options: Mapping[str, Any], *, out: OutputWrapper, err: OutputWrapper) -> int:
    """Deliver, or say how delivery stands; return 1 where messages are late or were given up."""
    if options["action"] == "status":
        return _status(options, out, err)
    with _until_told() as told:
        counts: Counter[str] = Counter({str(state): 0 for state in LogoutDelivery.State})
        while True:
            counts.update(_watch(told, err) if options["watch"] else _deliver(told, err))
            if not options["watch"] or told.wait(PAUSE_SECONDS):
                break
    if options["json"]:
        write_json(out, dict(counts))
    err.write(", ".join(f"{count} {state}" for state, count in counts.items()))
    return 0


def _deliver(told: threading.Event, err: OutputWrapper) -> Iterator[str]:
    for row in deliver_due(told.is_set):
        why = f" ({row.answer})" if row.answer else ""
        err.write(f"{row.application.client_id}: {row.state}{why}")
        yield str(row.state)


def _watch(told: threading.Event, err: OutputWrapper) -> Iterator[str]:
    """Send what is due; a database that is away for a while is waited for."""
    try:
        yield from _deliver(told, err)
    except (OperationalError, InterfaceError) as error:
        connections.close_all()
        err.write(f"The database does not answer ({type(error).__name__}).")


def _status(options: Mapping[str, Any], out: OutputWrapper, err: OutputWrapper) -> int:
    state = logout_state(timezone.now())
    if options["json"]:
        oldest = None if state.oldest is None else state.oldest.isoformat()
        write_json(out, {**asdict(state), "oldest": oldest})
    err.write(
        f"{state.waiting} waiting, of which {state.late} late and {state.retried} to be tried "
        f"again; {state.failed} given up in 30 days."
    )
    return 1 if state.late or state.failed else 0


@contextmanager
def _until_told() -> Iterator[threading.Event]:
    """Yield an event that SIGTERM or Ctrl-C sets, so that the message at hand is finished first."""
    told = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield told
        return
    before = {
        number: signal.signal(number, lambda *_: told.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
