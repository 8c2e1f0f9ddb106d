"""Everything that the doctor found, with what it means and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.services.attention import Need, needs
from idp.services.doctor_finding import TEXTS

if TYPE_CHECKING:
    from datetime import datetime

TONES = {"error": "danger", "warning": "warn", "info": "plain"}
SEVERITIES = {"error": _("Error"), "warning": _("Warning"), "info": _("Info")}


def context(now: datetime) -> dict[str, Any]:
    """Return what the page shows."""
    return {"title": _("Findings"), "findings": [_shown(need) for need in needs(now)]}


def _shown(need: Need) -> dict[str, Any]:
    words = TEXTS[need.code]
    known = need.first or (("…", "…"),)
    messages = [gettext(words.message).format(subject=s, detail=d) for s, d in known]
    remedies = {gettext(words.remedy).format(subject=s, detail=d) for s, d in known}
    severity = str(words.severity)
    return {
        "code": str(need.code),
        "title": words.title,
        "badge": display.badge(SEVERITIES[severity], TONES[severity]),
        "messages": messages if need.first else [],
        "more": max(need.count - len(need.first), 0) if need.first else 0,
        "count": need.count,
        "remedies": sorted(remedies),
        "reference": words.reference,
        "at": display.moment(need.at, gettext("just now")),
    }
