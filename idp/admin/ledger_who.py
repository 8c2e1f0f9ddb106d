"""Who had access to what on one day, asked of the ledger."""

from __future__ import annotations

from datetime import UTC
from itertools import islice
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin.widgets import AdminDateWidget
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from idp.admin import display
from idp.admin.party import user_named
from idp.services.ledger_query import Access, who_had_access_on

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

SHOWN = 200


class WhoForm(forms.Form):
    """The question."""

    on = forms.DateField(
        label=gettext_lazy("Day"),
        widget=AdminDateWidget,
        help_text=gettext_lazy("In UTC; access at any time of it counts."),
    )
    client = forms.CharField(
        label=gettext_lazy("Client id"),
        required=False,
        max_length=255,
        help_text=gettext_lazy("Exactly; empty for all clients."),
    )
    user = forms.CharField(
        label=gettext_lazy("User"),
        required=False,
        max_length=255,
        help_text=gettext_lazy("Sign-in name, address, id or subject key; empty for everyone."),
    )


def who_context(asked: Any, admin_name: str) -> dict[str, Any]:
    """Return what the page shows for the parameters of a request.

    Args:
        asked: the query; an empty one shows the form alone.
        admin_name: of the admin site that the links stay in.
    """
    form = WhoForm(asked or None, initial={"on": timezone.now().astimezone(UTC).date()})
    if not form.is_bound or not form.is_valid():
        return {"form": form, "answer": ""}
    limits: dict[str, Any] = {"client_id": form.cleaned_data["client"]}
    if name := form.cleaned_data["user"]:
        user = user_named(name)
        limits.update({"user": user} if user is not None else {"subject": name})
    found = who_had_access_on(form.cleaned_data["on"], **limits)
    rows = [_row(access, admin_name) for access in islice(found, SHOWN + 1)]
    return {
        "form": form,
        "answer": _table(rows[:SHOWN]),
        "limit": SHOWN if len(rows) > SHOWN else None,
    }


def _table(rows: list[tuple[object, ...]]) -> SafeString:
    return display.table(
        _("Who had access"),
        (_("User"), _("Client"), _("Scopes"), _("Since"), _("Until")),
        rows,
        _("Nobody had given access."),
    )


def _row(access: Access, admin_name: str) -> tuple[object, ...]:
    url = reverse(f"{admin_name}:idp_consentevent_changelist")
    person = format_html(
        '<a href="{}?user={}">{}</a>', url, access.subject, access.user or _("Somebody forgotten")
    )
    client = format_html(
        '{} <code class="desk-code">{}</code>', access.client_name, access.client_id
    )
    since, until = display.moment(access.since), display.moment(access.expires_at)
    return person, client, display.codes(sorted(access.scopes)), since, until
