"""The one decoding of ``application/x-www-form-urlencoded`` text, strict and done exactly once."""

from __future__ import annotations

import re
from enum import StrEnum

MAX_FIELDS = 100

_MALFORMED = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")


class FormFault(StrEnum):
    """What can be wrong with the text of a form."""

    MALFORMED_ESCAPE = "malformed_escape"
    NOT_UTF8 = "not_utf8"
    TOO_MANY_FIELDS = "too_many_fields"


class FormError(ValueError):
    """The text of a form cannot be decoded; ``invalid_request`` on the wire (RFC 6749 §5.2).

    Attributes:
        fault: what is wrong; the message never repeats any value.
    """

    def __init__(self, fault: FormFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


def strict_form_decode(raw: bytes, *, max_fields: int = MAX_FIELDS) -> list[tuple[str, str]]:
    """Return the fields of a form or query, decoded once, in their order, repetitions included.

    ``&`` alone separates; a field without ``=`` has an empty value; empty fields between two
    ``&`` are no fields. Nothing is trimmed, and NUL and other controls are left to the caller.

    Args:
        raw: the bytes of the query or body as received.
        max_fields: most fields that are accepted.

    Raises:
        FormError: an escape is malformed, the octets are not UTF-8, or there are too many fields.

    Source: RFC 6749 Appendix B; RFC 3986 §2.1; RFC 3629 §3; WHATWG URL §5.1.
    """
    if _MALFORMED.search(raw):
        raise FormError(FormFault.MALFORMED_ESCAPE)
    fields = [field for field in raw.split(b"&") if field]
    if len(fields) > max_fields:
        raise FormError(FormFault.TOO_MANY_FIELDS)
    pairs = (field.partition(b"=") for field in fields)
    return [(_decode(name), _decode(value)) for name, _, value in pairs]


def _decode(octets: bytes) -> str:
    plain = octets.replace(b"+", b" ")
    try:
        return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), plain).decode("utf-8")
    except UnicodeDecodeError:
        raise FormError(FormFault.NOT_UTF8) from None
