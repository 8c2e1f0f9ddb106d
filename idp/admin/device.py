"""Devices that ask to be let in from elsewhere: what waits, what was decided, and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.admin.base import PartyAdmin
from idp.admin.filter import AddressFilter, ClientFilter, UserFilter
from idp.models import DeviceAuthorization

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.utils.safestring import SafeString

TONES = {
    "pending": "warn",
    "allowed": "good",
    "redeemed": "good",
    "denied": "danger",
    "closed": "danger",
}
SHOWN = 4
"""Characters of a user code that are shown: enough to tell which, too few to type it."""


class DeviceAuthorizationAdmin(PartyAdmin):
    """One row a device that asked (RFC 8628); its codes are on no page."""

    list_display = ("code", "client", "user", "state_badge", "created_at", "address", "expires")
    list_filter = ("state", ClientFilter, UserFilter, AddressFilter, "created_at")
    search_help_text = _(
        "The code on the device's screen, client name, client id, or the beginning of a sign-in "
        "name."
    )
    ordering = ("-created_at",)
    sortable_by = ("created_at",)
    lead = _("Televisions, tools and other devices that show a code, for a person to let them in.")
    empty_text = _("When a device asks for a code, it will appear here.")
    fieldsets = (
        (None, {"fields": ("code", "client", "user_link", "state_badge", "scope_codes")}),
        (
            _("Life"),
            {"fields": ("created_at", "polled_at", "decided_at", "redeemed_at", "expires")},
        ),
        (_("Where from"), {"fields": ("address", "user_agent", "authorization_link")}),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the device that shows a code, or the rows whose user or client answers."""
        typed = "".join(char for char in search_term.upper() if char.isalnum())
        known = [typed, f"{typed[:SHOWN]}-{typed[SHOWN:]}"]
        by_code = queryset.filter(user_code__in=known) if typed else queryset.none()
        if by_code.exists():
            return by_code, False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description=_("code"), ordering="created_at")
    def code(self, row: DeviceAuthorization) -> SafeString:
        """Return the beginning of the code that people type."""
        return format_html('<code class="desk-code">{}…</code>', row.user_code[:SHOWN])

    @admin.display(description=_("client"))
    def client(self, row: DeviceAuthorization) -> SafeString | str:
        """Return the client with a link."""
        return display.client_link(row.application)

    @admin.display(description=_("user"))
    def user_link(self, row: DeviceAuthorization) -> SafeString | str:
        """Return who decided, with a link."""
        return display.object_link(row.user)

    @admin.display(description=_("scopes"))
    def scope_codes(self, row: DeviceAuthorization) -> SafeString | str:
        """Return the scopes as asked."""
        return display.codes(row.scopes.split())

    @admin.display(description=_("authorization"))
    def authorization_link(self, row: DeviceAuthorization) -> SafeString | str:
        """Return the act of authorization that came of it."""
        return display.object_link(row.authorization)

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, row: DeviceAuthorization) -> SafeString:
        """Return the state as a badge; one that waited too long has expired."""
        waiting = row.state in {row.State.PENDING, row.State.ALLOWED}
        if waiting and row.expires_at <= timezone.now():
            return display.badge(_("Expired"))
        return display.badge(row.get_state_display(), TONES.get(row.state, "plain"))

    @admin.display(description=_("expires"))
    def expires(self, row: DeviceAuthorization) -> SafeString | str:
        """Return when the code ends."""
        return display.moment(row.expires_at)
