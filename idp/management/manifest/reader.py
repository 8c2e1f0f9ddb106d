"""Reading one table of a file key by key; each wrong key and type is noted, none ends it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from idp.management.manifest.problem import Place, Problem

# Controls, surrogates, and what turns the direction of the text that follows.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
LONGEST = timedelta(days=36_500)


class WrongType(ValueError):
    """A value of another type than the key wants; the text says which."""


Read = Callable[[Any], Any]


def text(value: Any) -> str:
    """Return a text of printable characters."""
    if not isinstance(value, str):
        raise WrongType("a text")
    if _CONTROL.search(value):
        raise WrongType("a text without control characters")
    return value


def flag(value: Any) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise WrongType("true or false")
    return value


def seconds(value: Any) -> timedelta:
    """Return a span of time given as a whole number of seconds."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise WrongType("a whole number of seconds")
    if not 0 < value <= LONGEST.total_seconds():
        raise WrongType("a number of seconds from 1 up to a hundred years")
    return timedelta(seconds=value)


def whole(value: Any) -> int:
    """Return a whole number, zero included."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise WrongType("a whole number from 0 up to 2147483647")
    return value


def texts(value: Any) -> tuple[str, ...]:
    """Return a list of texts."""
    if not isinstance(value, list):
        raise WrongType("a list of texts")
    try:
        return tuple(text(item) for item in value)
    except WrongType as error:
        raise WrongType(f"a list in which each item is {error}") from error


def table(value: Any) -> dict[str, Any]:
    """Return a table."""
    if not isinstance(value, dict):
        raise WrongType("a table")
    return value


def tables(value: Any) -> list[dict[str, Any]]:
    """Return a list of tables."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise WrongType("a list of tables")
    return value


class Reader:
    """One table of the file, read key by key.

    Attributes:
        place: where the table stands.
        problems: what was wrong so far; shared by all readers of a file.
    """

    def __init__(
        self, data: Mapping[str, Any], place: Place, problems: list[Problem], prefix: str = ""
    ) -> None:
        self.place = place
        self.problems = problems
        self._data = data
        self._prefix = prefix
        self._asked: set[str] = set()

    def get(self, key: str, read: Read, default: Any = None) -> Any:
        """Return the value of a key, or the default where it is absent or wrong."""
        self._asked.add(key)
        if key not in self._data:
            return default
        try:
            return read(self._data[key])
        except WrongType as error:
            found = type(self._data[key]).__name__
            self.note(
                key, "wrong_type", f"The value must be {error}; it is {_WORDS.get(found, found)}."
            )
            return default

    def need(self, key: str, read: Read, default: Any = None) -> Any:
        """Return the value of a key that has to be there."""
        if key not in self._data:
            self._asked.add(key)
            self.note(key, "missing_key", "This key is missing.")
        return self.get(key, read, default)

    def sub(self, key: str) -> Reader:
        """Return a reader of the table under a key; of an empty one where it is absent or wrong."""
        data = self.get(key, table, {})
        return Reader(data, self.place, self.problems, f"{self._prefix}{key}.")

    def names(self) -> list[str]:
        """Return all keys of the table, which all count as known."""
        self._asked |= set(self._data)
        return list(self._data)

    def has(self, key: str) -> bool:
        """Return whether a key is there."""
        return key in self._data

    def refuse(self, key: str, message: str) -> None:
        """Note that a known key is not supported, if it is there."""
        self._asked.add(key)
        if key in self._data:
            self.note(key, "not_supported", message)

    def note(self, key: str, code: str, message: str, reference: str = "") -> None:
        """Note a problem of a key."""
        name = f"{self._prefix}{key}"
        self.problems.append(
            Problem(self.place.entry, self.place.id, name, code, message, reference)
        )

    def finish(self) -> None:
        """Note every key that nobody asked for."""
        for key in self._data:
            if key not in self._asked:
                known = ", ".join(sorted(self._asked))
                self.note(key, "unknown_key", f"There is no such key here. Known keys: {known}.")


_WORDS = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "dict": "a table",
}
