"""What every page of the desk shares: bounded lists, one look, and records that are only read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db import DataError
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from idp.admin import neighbour
from idp.admin.display import EMPTY
from idp.admin.paginator import COUNT_LIMIT, BoundedPaginator
from idp.admin.party import search_parties

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet
    from django.http import HttpRequest, HttpResponse


class DeskChangeList(ChangeList):
    """A list that is sorted by its sortable columns alone: others would sort a table of millions.

    Django leaves out the links of the other columns, but does what an address asks.
    """

    def get_ordering_field(self, field_name: Any) -> Any:
        """Return what a column is sorted by; None for one that is not offered."""
        offered = field_name in (self.sortable_by or ())
        return super().get_ordering_field(field_name) if offered else None


class DeskAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list that stays fast whatever its size, in the look of the desk.

    Attributes:
        empty_text: what would appear in the list, and how to begin.
        lead: one sentence above the list.
    """

    change_list_template = "admin/idp/change_list.html"
    change_form_template = "admin/idp/change_form.html"
    object_history_template = "admin/idp/object_history.html"
    empty_value_display = EMPTY
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 200
    empty_text: ClassVar[Any] = ""
    lead: ClassVar[Any] = ""

    class Media:
        """What the pages load."""

        css = {"all": ("idp/admin/desk.css", "idp/admin/form.css", "idp/admin/list.css")}
        js = ("idp/admin/desk.js",)

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> Any:
        """Return the actions, without deleting many at once: each has its own consequences.

        Args:
            request: of the operator.
            action_location: where they are offered; Django before 6.1 knows the list alone.
        """
        place = () if action_location is None else (action_location,)
        actions = super().get_actions(request, *place)
        actions.pop("delete_selected", None)
        return actions

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that sorts by what is offered."""
        return DeskChangeList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Return the list, with what the templates of the desk need."""
        context = {
            "title": capfirst(self.opts.verbose_name_plural),
            "empty_text": self.empty_text,
            "lead": self.lead,
            "count_limit": COUNT_LIMIT,
            **(extra_context or {}),
        }
        try:
            return super().changelist_view(request, context)
        except (OverflowError, DataError):
            # A filter in the address that no column can hold; Django's word for it is "e".
            return HttpResponseRedirect(f"{request.path}?e=1")

    def neighbours(self, row: Any) -> dict[str, str]:
        """Return what the lists of what belongs to a row are filtered by; nothing for no lists."""
        return {}

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Return the page of a row, with the ways to what belongs to it."""
        row = kwargs.get("obj")
        named = self.neighbours(row) if row is not None else {}
        if named:
            parts = [*context.get("parts", ()), neighbour.part(self, request, **named)]
            context = {**context, "parts": parts}
        return super().render_change_form(request, context, *args, **kwargs)

    def page(
        self, request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
    ) -> TemplateResponse:
        """Return a page of the desk inside the admin."""
        request.current_app = self.admin_site.name
        return TemplateResponse(
            request,
            template,
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "media": self.media,
                **context,
            },
            status=status,
        )

    def row_or_404(self, request: HttpRequest, object_id: str) -> Any:
        """Return a row by the text in its address.

        Raises:
            Http404: there is no such row.
        """
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        return row

    def allow(self, *, permitted: bool) -> None:
        """Refuse what is not permitted.

        Raises:
            PermissionDenied: it is not.
        """
        if not permitted:
            raise PermissionDenied

    def may(self, request: HttpRequest, action: str, model: type[Model] | None = None) -> bool:
        """Return whether the operator has Django's permission for an action on a model."""
        opts = (model or self.model)._meta
        user: Any = request.user
        return bool(user.has_perm(f"{opts.app_label}.{action}_{opts.model_name}"))

    def has(self, request: HttpRequest, permission: str) -> bool:
        """Return whether the operator has a permission of our own, by its codename."""
        user: Any = request.user
        return bool(user.has_perm(f"idp.{permission}"))


class RecordAdmin(DeskAdmin):
    """Rows that the provider writes and people read."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return every field of the page: none is edited."""
        return flatten_fieldsets(self.get_fieldsets(request, obj))

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Return False: nobody writes these rows by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: nobody edits these rows by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False on pages of these rows: they go with their client or user, or when purged.

        Deleting a client or a user asks this of every row that hangs on it, and must not fail here.
        """
        match = request.resolver_match
        own = f"{self.opts.app_label}_{self.opts.model_name}_"
        return match is not None and not (match.url_name or "").startswith(own)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the operator may read, by the permission to view or to change."""
        return self.may(request, "view") or self.may(request, "change")


class PartyAdmin(RecordAdmin):
    """Records of a user and a client, searched by either."""

    list_select_related: ClassVar[Any] = ("user", "application")
    search_fields = ("application__client_id",)
    search_help_text: ClassVar[Any] = _(
        "Client name, client id, or the beginning of a user's sign-in name."
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the rows whose user or client answers to the search."""
        return search_parties(queryset, search_term), False

    def neighbours(self, row: Any) -> dict[str, str]:
        """Return the client and the user that it is of, where they are known."""
        client, user = row.application, row.user
        return {
            **({"client": client.client_id} if client is not None else {}),
            **({"user": user.get_username()} if user is not None else {}),
        }
