"""Protected resources that tokens are meant for, with their scopes and resource servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import Count
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.admin.service_form import ServiceAdmin
from idp.conf import application_model
from idp.models import Scope
from idp.services.api import remove_api, save_api

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.db.models import Model, QuerySet
    from django.http import HttpRequest, HttpResponse

    from idp.models import Api
    from idp.services.change import FieldChange

SHOWN = 50


HELP = {
    "name": _(
        "Heading over its permissions on the consent page, so that users know whose they are."
    ),
    "identifier": _(
        "Absolute URI without fragment; clients name it in “resource” and it becomes the audience "
        "of tokens, so that an API that expects another one refuses them (RFC 8707 §2)."
    ),
    "resource_servers": _(
        "Clients that may introspect tokens meant for this API; to all others every token is "
        "inactive (RFC 7662 §2.1)."
    ),
    "access_token_format": _(
        "A JWT can be read by the API itself, and is taken there until it expires, also after it "
        "was revoked here (RFC 9068)."
    ),
}


class ApiAdmin(ServiceAdmin):
    """Protected resources that tokens are meant for."""

    list_display = ("name", "identifier", "scope_count")
    search_fields = ("name", "identifier")
    autocomplete_fields = ("resource_servers",)
    fields = ("name", "identifier", "resource_servers", "access_token_format")
    empty_text = _("Add the API that your scopes belong to.")

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: Any = None,
        **kwargs: Any,
    ) -> Any:
        """Return the form, with what each field does and what happens if it is wrong."""
        kwargs.setdefault("help_texts", HELP)
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields; which clients are resource servers is for those who see clients."""
        fields = super().get_fields(request, obj)
        if self.may(request, "view", application_model()):
            return fields
        return [name for name in fields if name != "resource_servers"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the APIs with the number of their scopes."""
        rows: QuerySet[Any] = super().get_queryset(request)
        rows = rows.annotate(scopes_number=Count("scopes"))
        return rows

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Return the form with the scopes of the API and its resource servers below."""
        api = self.get_object(request, unquote(object_id))
        parts = [part(api) for model, part in _PARTS if api and self.may(request, "view", model())]
        return super().change_view(
            request, object_id, form_url, {"parts": parts, **(extra_context or {})}
        )

    def store(
        self, request: HttpRequest, obj: Any, form: Any, formsets: Any
    ) -> Iterable[FieldChange]:
        """Store the API."""
        return save_api(
            obj, resource_servers=form.cleaned_data.get("resource_servers"), by=request.user
        )

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete an API without scopes."""
        remove_api(obj, by=request.user)

    @admin.display(description=_("scopes"), ordering="scopes_number")
    def scope_count(self, api: Any) -> int:
        """Return how many scopes it has."""
        return int(api.scopes_number)


def _scopes_part(api: Api) -> dict[str, Any]:
    rows = api.scopes.select_related("policy").order_by("name")[:SHOWN]
    cells = (
        (display.object_link(row), display.object_link(row.policy), _standing(row)) for row in rows
    )
    heads = (_("Scope"), _("Policy"), _("Standing"))
    table = display.table(_("Scopes of the API"), heads, cells, gettext("It has no scope yet."))
    url = f"{display.admin_url(Scope, 'changelist')}?{urlencode({'api__id__exact': api.pk})}"
    more = display.link(url, _("All scopes of the API"))
    body = format_html("{}<p>{}</p>", table, more)
    return {"title": _("Scopes"), "anchor": "scopes", "body": body}


def _servers_part(api: Api) -> dict[str, Any]:
    rows = api.resource_servers.select_related("application")[:SHOWN]
    cells = (
        (display.client_link(row.application), display.codes([row.application.client_id]))
        for row in rows
    )
    empty = gettext("No client may ask about its tokens yet.")
    caption = _("Clients that may ask about its tokens")
    body = display.table(caption, (_("Client"), _("Client id")), cells, empty)
    return {"title": _("Resource servers"), "anchor": "servers", "body": body}


_PARTS: tuple[tuple[Callable[[], type[Model]], Callable[[Any], dict[str, Any]]], ...] = (
    (lambda: Scope, _scopes_part),
    (application_model, _servers_part),
)
"""What stands below the form, each for those who may see its rows."""


def _standing(scope: Scope) -> Any:
    return display.badge(_("Active"), "good") if scope.active else display.badge(_("Retired"))
