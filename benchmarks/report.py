"""The numbers as a table, as JSON, and against what is promised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks import resolution
from benchmarks.race import Lane, Row

CHEAPER_CLIENT_CREDENTIALS = 100
"""How many times cheaper than the toolkit's slow hash a client in its own name must be."""

HEADINGS = ("", "CPU ms ours", "plain", "ratio", "req/s ours", "plain", "SQL ours", "plain")


def table(rows: Sequence[Row], micro_ms: float) -> str:
    """Return the table that is printed."""
    lines = [HEADINGS, *map(_cells, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    texts = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]
    return "\n".join(
        [
            *texts,
            "",
            "CPU: user and system time of server and PostgreSQL for one request, median of rounds.",
            f"Judging {resolution.REQUESTED} scopes of {resolution.SCOPES:,}: {micro_ms:.2f} ms.",
        ]
    )


def _cells(row: Row) -> tuple[str, ...]:
    ours, plain = row.ours, row.plain
    return (
        row.endpoint.title,
        f"{ours.cpu:.2f}",
        f"{plain.cpu:.2f}",
        f"{row.ratio:.2f}",
        f"{ours.rate:,.0f}",
        f"{plain.rate:,.0f}",
        str(ours.statements),
        str(plain.statements),
    )


def as_json(rows: Sequence[Row], micro_ms: float) -> dict[str, Any]:
    """Return the same for machines."""
    return {
        "endpoints": {
            row.endpoint.key: {
                "ours": _numbers(row.ours),
                "plain": _numbers(row.plain),
                "ratio": round(row.ratio, 2),
            }
            for row in rows
        },
        "resolve_50_of_2000_ms": round(micro_ms, 3),
    }


def _numbers(lane: Lane) -> dict[str, float]:
    return {
        "cpu_ms": round(lane.cpu, 3),
        "requests_per_second": round(lane.rate, 1),
        "statements": lane.statements,
        "rounds": len(lane.cpu_ms),
    }


def broken_promises(rows: Sequence[Row], micro_ms: float) -> list[str]:
    """Return what the run shows to be worse than promised, as sentences."""
    broken = [
        f"{row.endpoint.title} is dearer than the plain toolkit's: {row.ratio:.2f}"
        for row in rows
        if row.ratio < 1
    ]
    own = next(row for row in rows if row.endpoint.key == "client_credentials")
    if own.ratio < CHEAPER_CLIENT_CREDENTIALS:
        broken.append(f"client credentials are only {own.ratio:.0f} times cheaper")
    if micro_ms >= resolution.LIMIT_MS:
        broken.append(f"judging scopes takes {micro_ms:.2f} ms")
    return broken
