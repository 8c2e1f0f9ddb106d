"""The one JSON text of a value, so that a digest over it means the value (RFC 8785)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

# What every JSON reader holds exactly: RFC 8785 §3.2.2.3 numbers are IEEE 754 doubles.
LARGEST_INTEGER = 2**53 - 1
DEEPEST = 64

_WRITER = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))


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
        return _WRITER.encode(ordered).encode()
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
        return {key: _ordered(value[key], depth + 1) for key in _sorted(value)}
    raise NotCanonical(f"A value of type {type(value).__name__} has no canonical form.")


def _sorted(keys: Iterable[Any]) -> list[str]:
    """Return keys in the order of their UTF-16 code units (RFC 8785 §3.2.3)."""
    names = list(keys)
    if not all(isinstance(name, str) for name in names):
        raise NotCanonical("A key is not a text.")
    if all(name.isascii() for name in names):
        return sorted(names)
    return sorted(names, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
