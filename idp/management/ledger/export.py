"""Write every event as one line of JSON, as its digest covers it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.management.base import OutputWrapper

from idp.management.printing import Progress
from idp.models import ConsentEvent
from idp.services.ledger import content
from idp.services.ledger_verification import stored_events


def run(options: Mapping[str, Any], out: OutputWrapper, err: OutputWrapper) -> int:
    """Write the events in the order of their chains, whatever their number."""
    progress = Progress(err, ConsentEvent.objects.count(), "events")
    for event in stored_events():
        row = {**content(event), "previous_digest": event.previous_digest, "digest": event.digest}
        out.write(json.dumps(row, ensure_ascii=False))
        progress.step()
    progress.finish()
    return 0
