"""What is wrong in a file: always named by entry, key and rule, and all at once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from idp.domain.decision import Reason


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the file something stands.

    Attributes:
        entry: ``clients[3]``, counted from 0; empty for the file as a whole.
        id: name, identifier or client id of the entry, as far as it can be read.
    """

    entry: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, or that an operator should know."""

    entry: str
    id: str
    key: str
    code: str
    message: str
    reference: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the problem as JSON-ready values."""
        return asdict(self)

    def __str__(self) -> str:
        where = " ".join(part for part in (self.entry, f"({self.id})" if self.id else "") if part)
        key = f"{self.key}: " if self.key else ""
        rule = f" [{self.reference}]" if self.reference else ""
        return f"{where + ': ' if where else ''}{key}{self.message}{rule}"


def problem(place: Place, key: str, reason: Reason) -> Problem:
    """Return a reason of the rules as a problem of a place in the file."""
    return Problem(place.entry, place.id, key, reason.code, reason.message, reason.reference)
