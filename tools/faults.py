"""Writes the table of errors: for each endpoint and each fault the status, the code, the headers.

The rows are those that ``tests.views.test_faults`` sends.
"""

from __future__ import annotations

from pathlib import Path

from tests.views.faults import FAULTS, NEVER, PAGE, Fault

ERRORS = Path(__file__).resolve().parents[1] / "docs" / "reference" / "errors.md"

OPENING = """# Errors

What each endpoint answers to each fault. This page is written by `make docs` from the rows that \
`tests/views/test_faults.py` sends.

An error is JSON with `error` and `error_description`, save where the table says otherwise: *in \
the redirect* means that the client is told at its redirect URI, with `state` and `iss`, by query \
or by form as it asked; *a page* is for the person at the browser, because nobody else is proven. \
Whoever guesses too often, or asks for too much at once, gets 429 with `Retry-After`.
"""


def table() -> str:
    """Return the page."""
    parts = [OPENING]
    for endpoint, faults in FAULTS.items():
        kept = "" if endpoint in NEVER else "Every answer has `Cache-Control: no-store`.\n\n"
        rows = "\n".join(_row(fault) for fault in faults)
        heading = f"## {endpoint[0].upper()}{endpoint[1:]}\n\n{kept}"
        parts.append(f"{heading}| Fault | Status | Error | Headers |\n|---|---|---|---|\n{rows}\n")
    return "\n".join(parts)


def _row(fault: Fault) -> str:
    error = fault.error if fault.error in {PAGE, ""} else f"`{fault.error}`"
    if fault.status == 302:
        error += " in the redirect"
    headers = ", ".join(f"`{name}: {value.strip()}`" for name, value in fault.headers.items())
    return f"| {fault.what} | {fault.status} | {error or '—'} | {headers or '—'} |"
