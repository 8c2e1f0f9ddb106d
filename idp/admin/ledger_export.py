"""The ledger as a file, streamed row by row so that its size does not matter."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

from django.http import StreamingHttpResponse
from django.utils import timezone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.db.models import QuerySet

FIELDS = (
    "event_id",
    "subject_key",
    "sequence",
    "kind",
    "at",
    "actor",
    "actor_name",
    "client_id",
    "client_name",
    "scopes_before",
    "scopes_after",
    "declined",
    "duration",
    "expires_at",
    "reason",
    "authorization",
    "request_id",
    "snapshot_digest",
    "evidence_commitment",
    "extra",
    "previous_digest",
    "digest",
)
CHUNK = 1_000
FORMATS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def export(events: QuerySet[Any], kind: str) -> StreamingHttpResponse:
    """Return events as a download.

    Args:
        events: which.
        kind: a key of ``FORMATS``.
    """
    rows = events.values(*FIELDS).iterator(chunk_size=CHUNK)
    write = _csv if kind == "csv" else _json
    response = StreamingHttpResponse(write(rows), content_type=FORMATS[kind])
    name = f"consent-ledger-{timezone.now():%Y%m%d-%H%M%S}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


class _Line:
    """What ``csv`` writes to: hands each line straight on."""

    def write(self, line: str) -> str:
        """Return the line."""
        return line


def _csv(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(FIELDS)
    for row in rows:
        yield writer.writerow([_cell(row[name]) for name in FIELDS])


def _json(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield "["
    for number, row in enumerate(rows):
        yield (",\n" if number else "\n") + json.dumps(
            {name: _value(row[name]) for name in FIELDS}, ensure_ascii=False
        )
    yield "\n]\n"


def _value(value: Any) -> Any:
    if value is None or isinstance(value, str | int | dict | list):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _cell(value: Any) -> str:
    """Return a value for a cell; a leading sign that a spreadsheet would run is disarmed."""
    plain = _value(value)
    if isinstance(plain, dict | list):
        plain = json.dumps(plain, ensure_ascii=False) if plain else ""
    text = "" if plain is None else str(plain)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
