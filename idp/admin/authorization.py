"""Acts of authorization: the whole life of each, and its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.http import HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from idp.admin import display, find_token
from idp.admin.authorization_life import life_of, token_table
from idp.admin.base import PartyAdmin
from idp.admin.chosen import challenge, end_many
from idp.admin.confirm import Question, ask, is_confirmed, operator_cause
from idp.admin.filter import AddressFilter, ClientFilter, TextFilter, UserFilter
from idp.models import Authorization
from idp.models.expression import holding_word
from idp.services.token_revocation import end_in_batches

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern
    from django.utils.safestring import SafeString

GRANT_TYPES = (
    "authorization_code",
    "urn:ietf:params:oauth:grant-type:device_code",
)


class StateFilter(admin.SimpleListFilter):
    """Authorizations that are live, or ended."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the two states."""
        return [("live", _("Live")), ("ended", _("Ended"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows in this state."""
        if self.value() == "live":
            return queryset.filter(ended_at=None).exclude(expires_at__lte=timezone.now())
        return queryset.exclude(ended_at=None) if self.value() == "ended" else queryset


class ScopeFilter(TextFilter):
    """Authorizations that hold one scope."""

    title = _("scope")
    parameter_name = "scope"
    hint = _("full name of a scope")

    def apply(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Return the rows with this scope as one word."""
        return queryset.filter(holding_word(text, "scopes"))


class GrantTypeFilter(admin.SimpleListFilter):
    """Authorizations by how they came about; the ways are known, so no row is asked for them."""

    title = _("grant type")
    parameter_name = "grant_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the grants that leave an authorization."""
        return [(name, name) for name in GRANT_TYPES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of this grant."""
        return queryset.filter(grant_type=self.value()) if self.value() else queryset


class AuthorizationAdmin(PartyAdmin):
    """One row an act of authorization; its tokens come and go under it."""

    change_list_template = "admin/idp/authorization_list.html"
    change_form_template = "admin/idp/authorization_detail.html"
    list_display = (
        "short_id",
        "user",
        "client",
        "scope_codes",
        "created_at",
        "last_used_at",
        "state",
    )
    list_filter = (
        StateFilter,
        ClientFilter,
        UserFilter,
        ScopeFilter,
        AddressFilter,
        GrantTypeFilter,
        "created_at",
    )
    ordering = ("-created_at",)
    sortable_by = ("created_at",)
    actions = ("end_selected",)
    lead = _(
        "Each time a user let a client in. Ending one ends every token that came of it, at once."
    )
    empty_text = _("When a client redeems its first code, its authorization will appear here.")
    fieldsets = (
        (None, {"fields": ("id", "user_link", "client", "state", "scope_links")}),
        (
            _("How"),
            {
                "fields": (
                    "grant_type",
                    "redirect_uri",
                    "resource",
                    "consent_link",
                    "address",
                    "user_agent",
                )
            },
        ),
        (_("Sign-in"), {"fields": ("sign_in_link", "auth_time", "acr", "amr")}),
        (_("Life"), {"fields": ("life",)}),
        (_("Tokens"), {"fields": ("token_table",)}),
    )

    def get_urls(self) -> list[URLPattern]:
        """Return the pages, with those that find a token and end an authorization."""
        wrap = self.admin_site.admin_view
        return [
            path("find-token/", wrap(self.find_token_view), name="idp_find_token"),
            path("<path:object_id>/end/", wrap(self.end_view), name="idp_authorization_end"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Return the page of one authorization, with the button for whoever may end it."""
        context = {"may_end": self.may(request, "end"), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def find_token_view(self, request: HttpRequest) -> HttpResponse:
        """Find what a pasted token is."""
        self.allow(permitted=self.has_view_permission(request))
        return find_token.view(self, request)

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Return whether the operator may end authorizations."""
        return self.may(request, "end")

    @admin.action(description=_("End selected authorizations …"), permissions=("end",))
    def end_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """End the chosen authorizations, after saying what ends."""
        question = self.question(
            queryset, reverse(f"{self.admin_site.name}:idp_authorization_changelist")
        )
        if not is_confirmed(request, question):
            return ask(self, request, question)
        if answer := end_many(self, request, queryset.filter(ended_at=None), "authorization"):
            return answer
        self.end(request, queryset)
        return None

    def end_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End one authorization, after saying what ends."""
        self.allow(permitted=self.may(request, "end"))
        row = self.row_or_404(request, object_id)
        chosen = Authorization.objects.filter(pk=row.pk)
        question = self.question(chosen, "../change/")
        if not is_confirmed(request, question):
            return ask(self, request, question)
        self.end(request, chosen)
        return HttpResponseRedirect("../change/")

    def end(self, request: HttpRequest, queryset: QuerySet[Any]) -> int:
        """End authorizations for a reason, with an event for each user and a line of history."""
        cause = operator_cause(request)
        live = queryset.filter(ended_at=None).order_by()
        clients = dict(live.values_list("application__client_id", "pk"))
        count = end_in_batches(Authorization.objects.filter(pk__in=live.values("pk")), cause)
        for pk in clients.values():
            row = Authorization.objects.get(pk=pk)
            self.log_change(request, row, f"Ended {count}: {cause.reason}")
        words = ngettext("%(n)d authorization ended.", "%(n)d authorizations ended.", count)
        messages.success(request, words % {"n": count})
        return count

    def question(self, queryset: QuerySet[Any], back: str) -> Question:
        """Return what ending these authorizations takes with it."""
        live = queryset.filter(ended_at=None).order_by()
        number = live.count()
        return Question(
            title=ngettext("End this authorization?", "End these authorizations?", number),
            sentences=(
                _(
                    "Their access tokens stop working at the next request, their refresh tokens "
                    "at once."
                ),
                _(
                    "Consent stays: the user is not asked again. To end that as well, revoke the "
                    "consent."
                ),
                _("This cannot be undone."),
            ),
            button=_("End"),
            counts=(
                (_("Live authorizations"), number),
                (_("Users"), live.values("user").distinct().count()),
                (_("Clients"), live.values("application").distinct().count()),
            ),
            examples=tuple(
                format_html(
                    "{} · {} · {}", row.application, row.user, display.moment(row.created_at)
                )
                for row in live.select_related("user", "application")[:5]
            ),
            needs_reason=True,
            challenge=challenge(live, number),
            nothing="" if number else _("Nothing of this is live: there is nothing to end."),
            back=back,
        )

    @admin.display(description=_("id"), ordering="created_at")
    def short_id(self, row: Authorization) -> SafeString:
        """Return the beginning of the id."""
        return format_html('<code class="desk-code">{}</code>', row.pk.hex[:8])

    @admin.display(description=_("client"))
    def client(self, row: Authorization) -> SafeString | str:
        """Return the client with a link."""
        return display.client_link(row.application)

    @admin.display(description=_("user"))
    def user_link(self, row: Authorization) -> SafeString | str:
        """Return the user with a link."""
        return display.user_link(row.user)

    @admin.display(description=_("scopes"))
    def scope_codes(self, row: Authorization) -> SafeString | str:
        """Return the scopes as granted."""
        return display.codes(row.scopes.split())

    @admin.display(description=_("scopes"))
    def scope_links(self, row: Authorization) -> SafeString | str:
        """Return the scopes as granted, each leading to its page."""
        return display.scope_links(row.scopes.split())

    @admin.display(description=_("consent"))
    def consent_link(self, row: Authorization) -> SafeString | str:
        """Return the consent that it rests on."""
        return display.object_link(row.consent)

    @admin.display(description=_("sign-in"))
    def sign_in_link(self, row: Authorization) -> SafeString | str:
        """Return the sign-in under which it happened."""
        at = display.moment(row.sign_in.at) if row.sign_in is not None else None
        return display.object_link(row.sign_in, at)

    @admin.display(description=_("state"))
    def state(self, row: Authorization) -> SafeString:
        """Return whether it is live, as a badge."""
        if row.ended_at is not None:
            return display.badge(_("Ended"), "danger")
        if row.expires_at is not None and row.expires_at <= timezone.now():
            return display.badge(_("Expired"))
        return display.badge(_("Live"), "good")

    @admin.display(description=_("life"))
    def life(self, row: Authorization) -> SafeString:
        """Return everything that happened to it, in order."""
        return life_of(row)

    @admin.display(description=_("tokens"))
    def token_table(self, row: Authorization) -> SafeString:
        """Return the tokens that came of it; never their values."""
        return token_table(row)
