"""The one JSON text of a value, so that a digest over it means the value (RFC 8785)."""

from __future__ import annotations

import json
from typing import Any

# What every JSON reader holds exactly: RFC 8785 §3.2.2.3 numbers are IEEE 754 doubles.
LARGEST_INTEGER = 2**53 - 1
DEEPEST = 64


class NotCanonical(ValueError):
    """A value that has no canonical form here."""


def canonical(value: Any) -> bytes:
    """Return the canonical JSON text of a value in UTF-8.

    Args:
        value: str, int, bool, None, and lists and dicts of them with str keys. Fractions are left
            out on purpose: nothing that the ledger keeps needs them.

    Raises:
        NotCanonical: another type, an integer beyond ±(2**53 - 1), a lone surrogate, or more than
            64 levels.

    Source: RFC 8785 §3.2.
    """
    ordered = _ordered(value, 0)
    try:
        return json.dumps(ordered, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("A text holds half of a surrogate pair.") from error


def _ordered(value: Any, depth: int) -> Any:
    """Return a value with its keys in order, after checking that all of it has a form."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise NotCanonical("An integer is too large to be exact.")
        return int(value)
    if depth == DEEPEST:
        raise NotCanonical("The value is nested too deeply.")
    if isinstance(value, list):
        return [_ordered(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {key: _ordered(value[key], depth + 1) for key in sorted(value, key=_code_units)}
    raise NotCanonical(f"A value of type {type(value).__name__} has no canonical form.")


def _code_units(key: Any) -> bytes:
    """Return what RFC 8785 §3.2.3 sorts keys by: their UTF-16 code units."""
    if not isinstance(key, str):
        raise NotCanonical("A key is not a text.")
    return key.encode("utf-16-be", "surrogatepass")
