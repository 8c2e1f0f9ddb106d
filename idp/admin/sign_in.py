"""Sign-ins: who proved who they are, when and how, and what was let in on the strength of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.admin.base import RecordAdmin
from idp.admin.filter import UserFilter
from idp.admin.party import users_named
from idp.models import Authorization, LogoutDelivery, SignIn

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.utils.safestring import SafeString

SHOWN = 20
MOST_USERS = 200


class SignInAdmin(RecordAdmin):
    """One row an act of signing in; the session id is what clients know it by."""

    list_display = ("at", "user", "how", "acr", "ended_at")
    list_filter = (UserFilter, "at")
    list_select_related: ClassVar[Any] = ("user",)
    search_fields = ("sid",)
    search_help_text = _("The session id (sid), or the beginning of a user's sign-in name.")
    ordering = ("-at",)
    sortable_by = ()
    lead = _("Each time somebody signed in. Ending access does not sign anybody out here.")
    empty_text = _("When somebody signs in to use a client, it will appear here.")
    fieldsets = (
        (None, {"fields": ("user_link", "at", "ended_at")}),
        (_("How"), {"fields": ("how", "acr", "backend", "sid")}),
        (_("What was let in"), {"fields": ("authorization_table",)}),
        (_("Who is told of its end"), {"fields": ("delivery_table",)}),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the sign-in with a session id, or those of the users with a name."""
        term = search_term.strip().replace("\0", "")
        if not term:
            return queryset, False
        try:
            return queryset.filter(sid=SignIn._meta.get_field("sid").to_python(term)), False
        except ValidationError:
            users = list(users_named(term).values_list("pk", flat=True)[:MOST_USERS])
            return queryset.filter(user__in=users), False

    def neighbours(self, row: Any) -> dict[str, str]:
        """Return whose it is."""
        return {"user": row.user.get_username()}

    @admin.display(description=_("user"))
    def user_link(self, row: SignIn) -> SafeString | str:
        """Return the user with a link."""
        return display.user_link(row.user)

    @admin.display(description=_("methods"))
    def how(self, row: SignIn) -> SafeString | str:
        """Return the methods by their names in RFC 8176."""
        return display.codes(str(name) for name in row.amr)

    @admin.display(description=_("authorizations"))
    def authorization_table(self, row: SignIn) -> SafeString:
        """Return the newest acts of authorization under this sign-in."""
        newest = row.authorizations.select_related("application").order_by("-created_at")[:SHOWN]
        cells = (
            (
                display.object_link(act, act.pk.hex[:8]),
                display.client_link(act.application),
                display.moment(act.created_at),
                display.moment(act.ended_at, display.badge(_("Live"), "good")),
            )
            for act in newest
        )
        heads = (_("Id"), _("Client"), _("Since"), _("Ended"))
        return display.table(_("What was let in"), heads, cells)

    @admin.display(description=_("sign-out messages"))
    def delivery_table(self, row: SignIn) -> SafeString:
        """Return the sign-out messages of this session, to the clients that took part in it."""
        clients = Authorization.objects.filter(sign_in=row).values("application")
        found = LogoutDelivery.objects.filter(application__in=clients, sid=row.sid)
        cells = (
            (
                display.client_link(told.application),
                display.object_link(told, told.get_state_display()),
                display.moment(told.ended_at),
            )
            for told in found.select_related("application")[:SHOWN]
        )
        heads = (_("Client"), _("State"), _("Delivered or given up"))
        return display.table(_("Sign-out messages"), heads, cells)
