"""The one JSON text of a value, so that a digest over it means the value (RFC 8785)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

# What every JSON reader holds exactly: RFC 8785 §3.2.2.3 numbers are IEEE 754 doubles.
LARGEST_INTEGER = 2**53 - 1
DEEPEST = 64

_PLAIN = frozenset({str, bool, type(None)})

_WRITER = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))
_SORTING = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, separators=(",", ":"), sort_keys=True
)


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
    # ASCII keys sort alike by code points and by UTF-16 code units: JSON itself orders them.
    text = _SORTING.encode(value) if _is_ascii(value, 0) else _WRITER.encode(_ordered(value))
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise NotCanonical("A text holds half of a surrogate pair.") from error


def _is_ascii(value: Any, depth: int) -> bool:
    """Return whether all keys are ASCII, after checking that all of the value has a form."""
    kind = type(value)
    if kind in _PLAIN or isinstance(value, str):
        return True
    if isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise NotCanonical("An integer is too large to be exact.")
        return kind is int
    if depth == DEEPEST:
        raise NotCanonical("The value is nested too deeply.")
    if isinstance(value, list):
        inner: Iterable[Any] = value
        ascii_keys = True
    elif isinstance(value, dict):
        inner, ascii_keys = value.values(), _are_ascii(value)
    else:
        raise NotCanonical(f"A value of type {kind.__name__} has no canonical form.")
    for item in inner:
        if type(item) not in _PLAIN and not _is_ascii(item, depth + 1):
            ascii_keys = False
    return ascii_keys


def _are_ascii(keys: Iterable[Any]) -> bool:
    try:
        return "".join(keys).isascii()
    except TypeError as error:
        raise NotCanonical("A key is not a text.") from error


def _ordered(value: Any) -> Any:
    """Return a value that has a form with its keys by their UTF-16 code units (RFC 8785 §3.2.3)."""
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return {name: _ordered(value[name]) for name in names}
    if isinstance(value, int) and type(value) is not bool:
        return int(value)
    return value
