"""The field for addresses: one a line, each judged on its own, all findings at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext, ngettext

from idp.admin import display
from idp.admin.field import LinesField

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idp.domain.decision import Reason
    from idp.services.redirect_uri import UriFindings


class UriLinesWidget(forms.Textarea):
    """A textarea with the findings below."""

    template_name = "admin/idp/uri_lines.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            {
                "rows": 4,
                "class": "vLargeTextField desk-uris__text",
                "spellcheck": "false",
                **(attrs or {}),
            }
        )
        self.judged: list[dict[str, Any]] = []
        self.hints = ""
        self.purpose = ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Return what the template needs."""
        context = super().get_context(name, value, attrs)
        return {**context, "judged": self.judged, "hints": self.hints, "purpose": self.purpose}


class UriLinesField(LinesField):
    """Addresses, one a line, exactly as entered: a space too many is found, not taken away."""

    def __init__(self, *, purpose: str, **kwargs: Any) -> None:
        widget = UriLinesWidget()
        widget.purpose = purpose
        super().__init__(widget=widget, strip=False, **kwargs)


def judged(findings: Iterable[UriFindings]) -> list[dict[str, Any]]:
    """Return findings as the template and the script draw them: one entry an address."""
    return [
        {
            "uri": found.uri,
            "verdict": _verdict(found),
            "words": _words(found),
            "findings": [_finding(reason) for reason in found.findings],
        }
        for found in findings
    ]


def summary(entries: Iterable[dict[str, Any]]) -> str:
    """Return how many lines break a rule, as the error of the field; empty for none."""
    number = sum(entry["verdict"] == "error" for entry in entries)
    if not number:
        return ""
    words = ngettext(
        "%(n)d line breaks a rule; below it says why and what to write instead.",
        "%(n)d lines break a rule; below each it says why and what to write instead.",
        number,
    )
    return words % {"n": number}


def _verdict(found: UriFindings) -> str:
    if found.is_error:
        return "error"
    return (
        "warning" if any(str(reason.severity) == "warning" for reason in found.findings) else "fine"
    )


def _words(found: UriFindings) -> str:
    return {"error": gettext("Error"), "warning": gettext("Warning"), "fine": gettext("Fine")}[
        _verdict(found)
    ]


def _finding(reason: Reason) -> dict[str, str]:
    return {
        "severity": str(reason.severity),
        "message": display.sentence(reason),
        "reference": reason.reference,
        "suggestion": reason.suggestion or "",
    }
