"""Verify the consent ledger, or export it line by line."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.management.base import OutputWrapper

from idp.domain.ledger import Broken, Verification
from idp.management.printing import Progress, write_json
from idp.models import ConsentEvent
from idp.services.ledger import content
from idp.services.ledger_verification import verify_ledger

CHUNK = 1000


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("action", choices=("verify", "export"))
    parser.add_argument("--json", action="store_true", help="print the verification as JSON")


def run(options: Mapping[str, Any], *, out: OutputWrapper, err: OutputWrapper) -> int:
    """Verify every chain, or write every event as one line of JSON."""
    if options["action"] == "export":
        return _export(out, err)
    progress = Progress(err, ConsentEvent.objects.count(), "events")
    verification = verify_ledger()
    broken = list(verification)
    progress.step(verification.count)
    progress.finish()
    if options["json"]:
        write_json(out, _outcome(verification, broken))
    for each in broken:
        err.write(f"broken: subject {each.subject}, event {each.sequence}: {each.reason}")
    intact = "intact" if not broken else f"{len(broken)} broken"
    err.write(f"{verification.count} events in {verification.chains} chains: {intact}.")
    return 1 if broken else 0


def _export(out: OutputWrapper, err: OutputWrapper) -> int:
    progress = Progress(err, ConsentEvent.objects.count(), "events")
    for event in _events():
        row = {**content(event), "previous_digest": event.previous_digest, "digest": event.digest}
        out.write(json.dumps(row, ensure_ascii=False))
        progress.step()
    progress.finish()
    return 0


def _outcome(verification: Verification, broken: list[Broken]) -> dict[str, Any]:
    return {
        "events": verification.count,
        "chains": verification.chains,
        "broken": [
            {"subject": each.subject, "sequence": each.sequence, "reason": str(each.reason)}
            for each in broken
        ],
    }


def _events() -> Iterator[ConsentEvent]:
    rows = ConsentEvent.objects.order_by("subject_key", "sequence")
    return iter(rows.iterator(chunk_size=CHUNK))
