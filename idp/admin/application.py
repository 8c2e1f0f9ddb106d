"""Clients; given to the toolkit by its setting, imported by nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import Http404, HttpResponseRedirect
from django.urls import path
from django.utils.translation import gettext_lazy as _

from idp.admin import (
    client_action,
    client_clone,
    client_edit,
    client_export,
    client_page,
    client_secret,
    client_unused,
    client_uri,
    display,
    owner,
    try_it,
)
from idp.admin.base import DeskAdmin
from idp.admin.client_list import (
    ClientChangeList,
    EnvironmentFilter,
    FindingFilter,
    KindFilter,
    OwnerFilter,
    SourceFilter,
    StatusFilter,
    TrustFilter,
    search_clients,
    with_counts,
)
from idp.models import ClientPolicy
from idp.services.client import policy_of
from idp.services.client_owner import owned_clients

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern
    from django.utils.safestring import SafeString

OWNERS = ("idp_policy__owner_users", "idp_policy__owner_groups")
STATUS_TONES = {"active": "good", "disabled": "danger"}


class ApplicationAdmin(DeskAdmin):
    """Clients: registered, watched, switched off and removed here."""

    list_display = (
        "client_name",
        "status",
        "kind",
        "last_used",
        "users",
        "findings",
        "environment",
        "trust",
        "owners",
    )
    list_filter = (
        KindFilter,
        EnvironmentFilter,
        SourceFilter,
        StatusFilter,
        TrustFilter,
        FindingFilter,
        OwnerFilter,
    )
    search_fields = ("name", "client_id")
    search_help_text = _(
        "Name, client id, host of a redirect URI, or the sign-in name of an owner."
    )
    ordering = ("-pk",)
    sortable_by = ("client_name", "last_used")
    actions = ("disable_selected", "remove_unused_addresses")
    lead = _("Whatever asks this site for tokens: apps, services, devices, agents.")
    empty_text = _("No client yet. Add one: the first question is what it is.")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ClientChangeList]:
        """Return a list that leads to the pages of the clients."""
        return ClientChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the clients with policy and owner; with counts on the list alone."""
        rows = super().get_queryset(request).select_related("idp_policy", "user")
        if not super().has_view_permission(request):
            rows = rows.filter(pk__in=owned_clients(request.user).values("pk"))
        match = request.resolver_match
        is_list = match is not None and str(match.url_name).endswith("_changelist")
        return with_counts(rows).prefetch_related(*OWNERS) if is_list else rows

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Return the list under the name that people use."""
        named = {"title": _("Clients"), "module_name": _("clients")}
        return super().changelist_view(request, {**named, **(extra_context or {})})

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the clients that answer to the search."""
        everyone = super().has_view_permission(request)
        return search_clients(queryset, search_term, by_owner=everyone), False

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return whether the operator may see any client, by permission or as an owner."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the operator may see clients; an owner sees those that are theirs."""
        return super().has_view_permission(request, obj) or owner.owns(request, obj)

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Return the filters; whoever sees only clients of their own asks for no other owner."""
        if super().has_view_permission(request):
            return self.list_filter
        return [each for each in self.list_filter if each is not OwnerFilter]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the operator may change clients; an owner changes those that are theirs.

        What an owner may change of them, the form decides.
        """
        return super().has_change_permission(request, obj) or owner.owns(request, obj)

    def get_urls(self) -> list[URLPattern]:
        """Return the pages of the list and of one client."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap = self.admin_site.admin_view
        pages: tuple[tuple[str, Any, str], ...] = (
            ("by-client-id/", self.by_client_id_view, "by_client_id"),
            ("inspect-redirect-uris/", client_uri.inspect_view, "inspect_uris"),
            ("<path:object_id>/overview/", client_page.view, "overview"),
            ("<path:object_id>/secrets/", client_secret.view, "secrets"),
            (
                "<path:object_id>/secrets/<int:secret>/revoke/",
                client_secret.revoke_view,
                "secret_revoke",
            ),
            ("<path:object_id>/owners/", owner.view, "owners"),
            ("<path:object_id>/try/", try_it.view, "try"),
            ("<path:object_id>/clone/", client_clone.view, "clone"),
            ("<path:object_id>/export/", client_export.view, "export"),
            ("<path:object_id>/disable/", client_action.disable_view, "disable"),
            ("<path:object_id>/enable/", client_action.enable_view, "enable"),
            ("<path:object_id>/take-unused/", client_unused.take_view, "take_unused"),
            ("<path:object_id>/end-tokens/", client_action.end_tokens_view, "end_tokens"),
            (
                "<path:object_id>/redirect-uris/<int:uri>/accept/",
                client_uri.accept_view,
                "uri_accept",
            ),
            (
                "<path:object_id>/redirect-uris/<int:uri>/remove/",
                client_uri.remove_view,
                "uri_remove",
            ),
        )
        own = [
            path(route, wrap(self._bound(view)), name=f"{name}_{page}")
            for route, view, page in pages
        ]
        return [*own, *super().get_urls()]

    def _bound(self, view: Any) -> Any:
        if getattr(view, "__self__", None) is self:
            return view

        def bound(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            response: HttpResponse = view(self, request, **kwargs)
            return response

        return bound

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Ask what the client is, then only what is left."""
        return client_edit.add_view(self, request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Change what the client is."""
        return client_edit.change_view(self, request, object_id)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Delete the client, after saying what goes with it."""
        return client_action.delete_view(self, request, object_id)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Return what happened to the client; nothing to whoever does not see it."""
        application = self.row_or_404(request, object_id)
        tabs = client_page.tabs(self, request, application, "history")
        return super().history_view(request, object_id, {"tabs": tabs, **(extra_context or {})})

    def by_client_id_view(self, request: HttpRequest) -> HttpResponse:
        """Lead from a client id to the page of the client."""
        self.allow(permitted=self.has_view_or_change_permission(request))
        client_id = request.GET.get("client_id", "").replace("\0", "")
        row = self.get_queryset(request).filter(client_id=client_id).first()
        if row is None:
            raise Http404(_("No client has this id, or it was deleted."))
        return HttpResponseRedirect(display.object_url(row, "overview"))

    def has_disable_permission(self, request: HttpRequest) -> bool:
        """Return whether the operator may switch clients off."""
        return self.has(request, "disable_client")

    @admin.action(description=_("Disable selected clients …"), permissions=("disable",))
    def disable_selected(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """Switch the chosen clients off, after saying what stops."""
        return client_action.disable_many(self, request, queryset)

    @admin.action(
        description=_("Remove addresses that are unused for 90 days …"), permissions=("change",)
    )
    def remove_unused_addresses(
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """Take unused addresses from the chosen clients, after naming them."""
        return client_uri.remove_unused(self, request, queryset)

    @admin.display(description=_("client"), ordering="name")
    def client_name(self, row: Any) -> str:
        """Return the name, or the client id where there is none."""
        return str(row.name or row.client_id)

    @admin.display(description=_("status"))
    def status(self, row: Any) -> SafeString:
        """Return whether it is switched on, as a badge."""
        policy = policy_of(row)
        return display.badge(policy.get_status_display(), STATUS_TONES.get(policy.status, "plain"))

    @admin.display(description=_("kind"))
    def kind(self, row: Any) -> str:
        """Return what it is."""
        return str(policy_of(row).get_kind_display())

    @admin.display(description=_("environment"))
    def environment(self, row: Any) -> SafeString | str:
        """Return where it runs."""
        policy = policy_of(row)
        if policy.environment == ClientPolicy.Environment.DEVELOPMENT:
            return display.badge(policy.get_environment_display(), "warn")
        return str(policy.get_environment_display())

    @admin.display(description=_("trust"))
    def trust(self, row: Any) -> SafeString | str:
        """Return how far the site trusts it."""
        return client_page.trust_badge(policy_of(row))

    @admin.display(description=_("owners"))
    def owners(self, row: Any) -> str:
        """Return who owns it: people and groups, the first three of them."""
        return display.some_names(owner.names_of(row))

    @admin.display(description=_("last used"), ordering="idp_policy__last_used_at")
    def last_used(self, row: Any) -> SafeString | str:
        """Return when it last asked for anything."""
        return display.moment(policy_of(row).last_used_at, str(_("never")))

    @admin.display(description=_("users"))
    def users(self, row: Any) -> int:
        """Return how many users let it in."""
        return int(row.idp_users)

    @admin.display(description=_("findings"))
    def findings(self, row: Any) -> SafeString | str:
        """Return how many of its addresses have findings nobody accepted."""
        return display.badge(row.idp_findings, "warn") if row.idp_findings else display.EMPTY
