"""Values that every decision of the provider is made of: reasons, and how bad they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Severity(StrEnum):
    """How bad a finding is; an error refuses, a warning can be accepted, an info only tells."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a decision, in the same words wherever it is read.

    Attributes:
        code: stable snake_case name that machines compare.
        severity: whether the reason refuses, warns or informs.
        text: English sentence with named ``%(name)s`` placeholders; also the message id for
            translation.
        params: values for the placeholders of ``text``.
        reference: the clause that the reason rests on, such as ``RFC 9700 §2.1``.
        suggestion: the corrected value where one can be guessed, else None.
    """

    code: str
    severity: Severity
    text: str
    reference: str = ""
    params: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    suggestion: str | None = None

    @property
    def message(self) -> str:
        """Return the English sentence with its values filled in."""
        return self.text % self.params if self.params else self.text

    @property
    def is_error(self) -> bool:
        """Return whether the reason refuses."""
        return self.severity is Severity.ERROR


def errors(reasons: Iterable[Reason]) -> list[Reason]:
    """Return the reasons that refuse, in their order."""
    return [reason for reason in reasons if reason.is_error]
