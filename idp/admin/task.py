"""Long work: what was begun, how far it has come, and carrying it on step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from idp.admin import display, take_back
from idp.admin.base import RecordAdmin
from idp.admin.task_object import ClientFilter, ScopeFilter, UserFilter, about
from idp.admin.task_step import carry_on
from idp.models import BulkTask, Consent
from idp.services.task_cause import cause_of
from idp.services.task_work import target_of

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern
    from django.utils.safestring import SafeString

PERMISSIONS = {
    BulkTask.Kind.TAKE_BACK: "revoke_consent",
    BulkTask.Kind.END_TOKENS: "end_authorization",
    BulkTask.Kind.SWEEP: "narrow_consent",
    BulkTask.Kind.REVOKE: "revoke_consent",
    BulkTask.Kind.END: "end_authorization",
    BulkTask.Kind.UNUSED: "narrow_consent",
    BulkTask.Kind.DISABLE: "disable_client",
}
"""Of whoever may begin such work, carry it on and look at it."""


class BulkTaskAdmin(RecordAdmin):
    """Work that is too long for one request."""

    change_list_template = "admin/idp/task_list.html"
    list_display = ("what", "by", "created_at", "state", "done", "changed")
    list_filter = ("kind", ClientFilter, UserFilter, ScopeFilter)
    ordering = ("-created_at", "-id")
    sortable_by = ()
    lead = _(
        "What takes too long for one request. Access that is taken back is worthless since the "
        "work began; other work takes effect row by row. It can be interrupted and carried on."
    )
    empty_text = _("When access is taken back from many at once, the work will appear here.")
    fieldsets = (
        (None, {"fields": ("kind", "label", "about", "state", "progress")}),
        (_("Who and why"), {"fields": ("by", "reason", "created_at", "moved_at", "finished_at")}),
        (_("Who lost access"), {"fields": ("recorded",)}),
    )

    def get_urls(self) -> list[URLPattern]:
        """Return the pages, with those that begin work and carry it on."""
        wrap = self.admin_site.admin_view
        return [
            path("take-back/", wrap(self.take_back_view), name="idp_take_back"),
            path("<path:object_id>/work/", wrap(self.work_view), name="idp_bulktask_work"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[BulkTask]:
        """Return the tasks without what they work on, which may be thousands of keys each."""
        rows: QuerySet[BulkTask] = super().get_queryset(request)
        return rows.defer("target", "origin")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Return the list, with the way to begin for whoever may."""
        context = {"may_take_back": self.may(request, "revoke", Consent), **(extra_context or {})}
        return super().changelist_view(request, context)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the operator may read tasks: whoever may begin one sees them."""
        return super().has_view_permission(request, obj) or any(
            self.has(request, permission) for permission in PERMISSIONS.values()
        )

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return whether the list is among those of the start page."""
        return self.has_view_permission(request)

    def take_back_view(self, request: HttpRequest) -> HttpResponse:
        """Take access back from a user, a client, a scope or everyone."""
        self.allow(permitted=self.may(request, "revoke", Consent))
        return take_back.view(self, request)

    def work_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show how far a task has come; a POST works a while."""
        task: BulkTask = self.row_or_404(request, object_id)
        self.allow(permitted=self.has(request, PERMISSIONS[BulkTask.Kind(task.kind)]))
        if request.method == "POST" and task.finished_at is None:
            return carry_on(self, request, task)
        context = {"title": str(task), "task": task, "begun": task.moved_at is not None}
        return self.page(request, "admin/idp/task_work.html", context)

    @admin.display(description=_("about"))
    def about(self, task: BulkTask) -> SafeString | str:
        """Return the client, user and scopes that it works on, each with a link."""
        return about(task)

    @admin.display(description=_("what"))
    def what(self, task: BulkTask) -> str:
        """Return the task in words."""
        return str(task)

    @admin.display(description=_("state"))
    def state(self, task: BulkTask) -> SafeString | str:
        """Return how the work stands, leading to its page while something is left."""
        if task.finished_at is not None:
            return display.badge(_("Finished"), "good")
        url = reverse(f"{self.admin_site.name}:idp_bulktask_work", args=(task.pk,))
        return display.link(url, _("Unfinished: carry it on"))

    @admin.display(description=_("recorded"))
    def recorded(self, task: BulkTask) -> SafeString:
        """Return where it is told who lost what: the events of the task, and the ledger."""
        site = self.admin_site.name
        events = reverse(f"{site}:idp_securityevent_changelist")
        ledger = reverse(f"{site}:idp_consentevent_changelist")
        ways = (
            (_("Events of this task, by user"), events, {"q": cause_of(task).origin.request_id}),
            (_("What operators changed in the ledger"), ledger, _in_ledger(task)),
        )
        return format_html_join(
            " · ",
            "{}",
            ((display.link(f"{url}?{urlencode(asked)}", words),) for words, url, asked in ways),
        )

    @admin.display(description=_("progress"))
    def progress(self, task: BulkTask) -> SafeString:
        """Return how far the work has come."""
        words = _("%(done)d of %(total)d rows, %(changed)d of them changed")
        return format_html(
            "{}", words % {"done": task.done, "total": task.total, "changed": task.changed}
        )


def _in_ledger(task: BulkTask) -> dict[str, str]:
    """Return the filters of the ledger that come nearest to a task."""
    asked = {"actor__exact": "operator", "at__gte": task.created_at.isoformat()}
    target = target_of(task)
    if target is not None and target.application is not None:
        asked["client"] = target.application.client_id
    if target is not None and target.user is not None:
        asked["user"] = target.user.get_username()
    return asked
