"""The verification of the ledger as a badge: whether it holds, since when, and where it breaks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from idp.admin import display
from idp.models import LedgerCheck
from idp.services.ledger_check import interrupted_check, last_check

STALE = timedelta(days=7)
SHOWN = 10
"""How many broken chains are named; the command names all."""


def verification(now: datetime, admin_name: str) -> SafeString:
    """Return what the last verification found.

    Args:
        now: the time.
        admin_name: of the admin site that the links stay in.
    """
    check = last_check()
    if check is None:
        words = _("Run “manage.py idp ledger verify” to have it verified.")
        return _line(display.badge(_("Never verified"), "warn"), words)
    when = display.moment(check.started_at)
    found = ngettext("%(n)s event", "%(n)s events", check.events) % {"n": check.events}
    if check.broken:
        badge = display.badge(_("Broken"), "danger")
        return format_html("{}{}", _line(badge, found, when), _findings(check, admin_name))
    fresh = now - check.started_at <= STALE
    badge = display.badge(_("Intact"), "good" if fresh else "warn")
    late = "" if fresh else _("verified more than a week ago")
    return _line(badge, found, when, late, _("interrupted since") if interrupted_check() else "")


def _line(badge: SafeString, *words: Any) -> SafeString:
    said = format_html_join(" · ", "{}", ((word,) for word in words if word))
    return format_html('<p class="desk-verification">{} {}</p>', badge, said)


def _findings(check: LedgerCheck, admin_name: str) -> SafeString:
    """Return a list of the first broken events, each leading to its chain."""
    url = reverse(f"{admin_name}:idp_consentevent_changelist")
    rows = (
        (url, row["subject"], _reason(row["reason"]), row["sequence"], row["subject"][:8])
        for row in check.findings[:SHOWN]
    )
    items = format_html_join(
        "", '<li><a href="{}?user={}">{} {} <code class="desk-code">{}…</code></a></li>', rows
    )
    more = check.broken - min(SHOWN, len(check.findings))
    rest = format_html("<li>{}</li>", _("and %(n)s more") % {"n": more}) if more > 0 else ""
    return format_html("<ul>{}{}</ul>", items, rest)


def _reason(code: str) -> str:
    words = {
        "altered": _("Altered at event"),
        "removed": _("Removed from event"),
        "inserted": _("Inserted at event"),
        "reordered": _("Reordered at event"),
    }
    return words.get(code, code)
