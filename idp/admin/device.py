"""Devices that ask to be let in from elsewhere: what waits, what was decided, and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from idp.admin import display
from idp.admin.base import PartyAdmin
from idp.admin.confirm import MAX_SELECTED, Question, ask, given_reason, is_confirmed
from idp.admin.filter import AddressFilter, ClientFilter, UserFilter
from idp.models import Authorization, DeviceAuthorization
from idp.services.device import close_device
from idp.services.event import record_event
from idp.services.origin import origin_of

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
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
    actions = ("close_selected",)
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

    def has_close_permission(self, request: HttpRequest) -> bool:
        """Return whether the operator may end what a device asked for or got."""
        return self.may(request, "end", Authorization)

    @admin.action(description=_("Close selected devices …"), permissions=("close",))
    def close_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """End the requests of devices with every token that they got, after asking."""
        rows = list(queryset.select_related("application")[:MAX_SELECTED])
        question = Question(
            title=ngettext("Close this device?", "Close these devices?", len(rows)),
            sentences=(
                _("What waits is refused, and every token that a device got stops working."),
                _("The person can let the device in again with a new code."),
            ),
            button=_("Close"),
            counts=((_("Devices"), len(rows)),),
            needs_reason=True,
            back=reverse(f"{self.admin_site.name}:idp_deviceauthorization_changelist"),
        )
        if not is_confirmed(request, question):
            return ask(self, request, question)
        closed = sum(self._close(request, row) for row in rows)
        words = ngettext("%(n)d device closed.", "%(n)d devices closed.", closed)
        messages.success(request, words % {"n": closed})
        return None

    def _close(self, request: HttpRequest, row: DeviceAuthorization) -> bool:
        reason, now = given_reason(request), timezone.now()
        if not close_device(row, reason=reason, now=now):
            return False
        record_event(
            "device.closed",
            severity="info",
            client_id=row.application.client_id,
            user=request.user,
            origin=origin_of(request),
            detail={"reason": reason, "device": str(row.pk)},
            distinct=str(row.pk),
            now=now,
        )
        self.log_change(request, row, f"Closed: {reason}")
        return True

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
        return display.user_link(row.user)

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
