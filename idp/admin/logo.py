"""Logos of clients: fetched here by hand, and kept with those that earlier pages showed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.http import HttpResponseRedirect
from django.urls import NoReverseMatch, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.admin.base import RecordAdmin
from idp.admin.filter import ClientFilter
from idp.models import ClientLogo, ClientPolicy
from idp.services.logo import LogoError, clients_with_address, current_logos, fetch_logo

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern
    from django.utils.safestring import SafeString

MOST_SHOWN = 200


class ClientLogoAdmin(RecordAdmin):
    """Stored pictures, and the page that fetches them."""

    change_list_template = "admin/idp/client_logo_list.html"
    list_display = ("picture", "client", "size", "fetched_at", "source")
    list_filter = (ClientFilter,)
    list_select_related = ("application",)
    ordering = ("-fetched_at", "-id")
    sortable_by = ("fetched_at",)
    lead = _("What stands beside the names of verified clients, fetched once and served from here.")
    empty_text = _("Fetch the logos of clients that are verified and say where their logo is.")
    fieldsets = (
        (None, {"fields": ("picture", "client", "size", "content_type")}),
        (_("Origin"), {"fields": ("source", "fetched_at", "digest")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows without the pictures themselves."""
        return super().get_queryset(request).defer("content")

    def neighbours(self, row: Any) -> dict[str, str]:
        """Return whose it is."""
        return {"client": row.application.client_id}

    def get_urls(self) -> list[URLPattern]:
        """Return the pages, with the one that fetches."""
        view = self.admin_site.admin_view(self.fetch_view)
        return [path("fetch/", view, name="idp_clientlogo_fetch"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Return the list, with the button for whoever may fetch."""
        may = self.may(request, "change", ClientPolicy)
        return super().changelist_view(request, {"may_fetch": may, **(extra_context or {})})

    def fetch_view(self, request: HttpRequest) -> HttpResponse:
        """Show which clients could have a logo, and fetch that of one."""
        self.allow(permitted=self.may(request, "change", ClientPolicy))
        policies = list(clients_with_address()[:MOST_SHOWN])
        wanted = request.POST.get("client", "")
        for policy in policies:
            if request.method == "POST" and str(policy.application_id) == wanted:
                self._fetch(request, policy.application)
                return HttpResponseRedirect(request.path)
        logos = current_logos(policy.application for policy in policies)
        rows = [
            {
                "application": policy.application,
                "link": display.client_link(policy.application),
                "source": policy.logo_uri,
                "picture": _image(logos.get(policy.application_id, "")),
            }
            for policy in policies
        ]
        context = {"title": _("Fetch logos"), "rows": rows}
        return self.page(request, "admin/idp/client_logo_fetch.html", context)

    def _fetch(self, request: HttpRequest, application: Any) -> None:
        by = request.user.get_username()
        try:
            logo = fetch_logo(application, by=by, now=timezone.now())
        except LogoError as error:
            words = _("The logo of %(client)s was not fetched. %(why)s")
            why = display.sentence(error.reason)
            messages.error(request, words % {"client": application, "why": why})
            return
        self.log_addition(request, logo, f"Fetched from {logo.source}")
        messages.success(request, _("The logo of %(client)s is shown.") % {"client": application})

    @admin.display(description=_("picture"))
    def picture(self, logo: ClientLogo) -> SafeString | str:
        """Return the picture, as users see it, named by its client."""
        return _image(logo.digest, _("Logo of %(client)s") % {"client": logo.application})

    @admin.display(description=_("client"))
    def client(self, logo: ClientLogo) -> SafeString | str:
        """Return the client with a link to its page."""
        return display.client_link(logo.application)

    @admin.display(description=_("size"))
    def size(self, logo: ClientLogo) -> str:
        """Return width and height in pixels."""
        return f"{logo.width} × {logo.height}"


def _image(digest: str, words: str = "") -> SafeString | str:
    try:
        address = reverse("oauth2_provider:client-logo", args=(digest,)) if digest else ""
    except NoReverseMatch:
        address = ""
    if not address:
        return display.EMPTY
    return format_html(
        '<img class="desk-logo" src="{}" width="32" height="32" alt="{}">', address, words
    )
