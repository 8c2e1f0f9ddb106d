"""One thing that is wrong with a site, in the words of the tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from idp.services import (
    doctor_words_client,
    doctor_words_policy,
    doctor_words_record,
    doctor_words_site,
)
from idp.services.doctor_code import Code, Words

TEXTS: Mapping[Code, Words] = MappingProxyType(
    {
        **doctor_words_site.WORDS,
        **doctor_words_client.WORDS,
        **doctor_words_policy.WORDS,
        **doctor_words_record.WORDS,
    }
)
"""Everything that the doctor can say."""

PAGE = "docs/reference/findings.md"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with this site.

    Attributes:
        code: a ``Code``.
        severity: ``error``, ``warning`` or ``info``.
        message: what it means.
        remedy: what to do.
        reference: where that is written, or empty.
        subject: what it is about: a setting, a client id, a scope; may be empty.
        detail: what else the message names; may be empty.
        page: where the documentation explains it.
    """

    code: str
    severity: str
    message: str
    remedy: str
    reference: str
    subject: str = ""
    detail: str = ""
    page: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as JSON-ready values."""
        return asdict(self)


def finding(code: Code, subject: str = "", detail: str = "") -> Finding:
    """Return a finding in the words of the table."""
    words = TEXTS[code]
    return Finding(
        code=str(code),
        severity=str(words.severity),
        message=words.message.format(subject=subject, detail=detail),
        remedy=words.remedy.format(subject=subject, detail=detail),
        reference=words.reference,
        subject=subject,
        detail=detail,
        page=f"{PAGE}#{code}",
    )
