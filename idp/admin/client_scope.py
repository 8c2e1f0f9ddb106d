"""Requests for scopes that need an approval: who asks, why, and the decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.http import HttpResponseRedirect
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from idp.admin import display, scope_request
from idp.admin import impact as impact_page
from idp.admin.base import RecordAdmin
from idp.admin.filter import ClientFilter, TextFilter
from idp.models import ClientScope
from idp.services.change import Refused
from idp.services.client_scope import approve_scope, may_decide, refuse_scope
from idp.services.impact import impact_of, rehearse

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern
    from django.utils.safestring import SafeString

DATE_ATTRS: dict[str, Any] = {"type": "date", "aria-label": _("Date")}
TIME_ATTRS: dict[str, Any] = {"type": "time", "aria-label": _("Time")}
TONES = {"registered": "plain", "requested": "warn", "approved": "good", "refused": "danger"}


class DecisionForm(forms.Form):
    """The answer to a request."""

    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=(("approve", _("Approve")), ("refuse", _("Refuse"))),
        widget=forms.RadioSelect,
        help_text=_("Approved, the client may ask users for the scope from its next request on."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=1000,
        widget=forms.Textarea({"rows": 3, "class": "vLargeTextField"}),
        help_text=_("Needed for a refusal; the client's owners read it."),
    )
    until = forms.SplitDateTimeField(
        label=_("Until"),
        required=False,
        widget=forms.SplitDateTimeWidget(
            date_format="%Y-%m-%d",
            time_format="%H:%M",
            date_attrs=DATE_ATTRS,
            time_attrs=TIME_ATTRS,
        ),
        help_text=_("The approval ends by itself then; empty for no end."),
    )


class ScopeFilter(TextFilter):
    """Rows of one scope."""

    title = _("scope")
    parameter_name = "scope"
    hint = _("full name of a scope")
    lookup = "scope__name"


class PolicyFilter(TextFilter):
    """Rows of the scopes that follow one policy."""

    title = _("policy")
    parameter_name = "policy"
    hint = _("full name of a policy")
    lookup = "scope__policy__name"


class ClientScopeAdmin(RecordAdmin):
    """The queue, and everything that was decided."""

    change_form_template = "admin/idp/client_scope_detail.html"
    list_display = (
        "scope",
        "client",
        "state_badge",
        "requested_by",
        "requested_at",
        "why",
        "decided_by",
        "until",
    )
    list_filter = (
        "state",
        ClientFilter,
        ScopeFilter,
        PolicyFilter,
        "requirement",
        "requested_at",
    )
    list_select_related = ("application", "scope__policy")
    search_fields = ("application__client_id", "scope__name")
    ordering = ("-requested_at", "-pk")
    sortable_by = ("requested_at", "until")
    lead = _(
        "Which client may ask for which scope. Those that wait for an approval are under “Waiting "
        "for approval”."
    )
    empty_text = _(
        "When a client is registered for a scope, it appears here; one that needs an approval "
        "waits here."
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "client",
                    "scope_link",
                    "policy_link",
                    "state_badge",
                    "requirement",
                    "default",
                )
            },
        ),
        (_("Request"), {"fields": ("requested_by", "requested_at", "justification")}),
        (_("Decision"), {"fields": ("decided_by", "decided_at", "decision_reason", "until")}),
    )

    def get_urls(self) -> list[URLPattern]:
        """Return the pages, with the one that decides."""
        view = self.admin_site.admin_view(self.decide_view)
        asking = self.admin_site.admin_view(self.ask_view)
        return [
            path("<path:object_id>/decide/", view, name="idp_clientscope_decide"),
            path("<path:object_id>/ask/", asking, name="idp_clientscope_ask"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Return the page of one request, with the buttons for whoever may ask or decide."""
        row = self.get_object(request, unquote(object_id))
        context = {
            "may_decide": self.may(request, "decide"),
            "may_ask": row is not None
            and scope_request.may_ask(self, request, row)
            and scope_request.is_askable(row),
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, context)

    def neighbours(self, row: Any) -> dict[str, str]:
        """Return whose it is."""
        return {"client": row.application.client_id}

    def ask_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the approval, with a reason."""
        return scope_request.view(self, request, object_id)

    def decide_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Approve or refuse, with a reason and an end."""
        self.allow(permitted=self.may(request, "decide"))
        row = self.row_or_404(request, object_id)
        form = DecisionForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            question = self._impact(request, row, form)
            if question is not None:
                return question
            if self._decide(request, row, form):
                following = HttpResponseRedirect("../../?state__exact=requested")
                target = urlencode({"client": row.application_id})
                return impact_page.go_on(self, request, following, target)
        context = {
            "title": _("Approve or refuse"),
            "row": row,
            "form": form,
            "media": self.media + form.media,
            "facts": self._facts(row),
            "may_decide": may_decide(row, request.user),
            "crumbs": [("../change/", str(row))],
        }
        return self.page(request, "admin/idp/client_scope_decide.html", context)

    def _impact(
        self, request: HttpRequest, row: ClientScope, form: DecisionForm
    ) -> HttpResponse | None:
        """Return the page that says what a refusal takes away, if it does and nobody saw it yet."""
        if form.cleaned_data["decision"] != "refuse" or impact_page.is_seen(request):
            return None
        reason = form.cleaned_data["reason"]
        try:
            future = rehearse(
                lambda: refuse_scope(row, by=request.user, reason=reason),
                applications=[row.application],
            )
        except Refused:
            return None  # said at its field in a moment
        impact = impact_of(future, now=timezone.now())
        return impact_page.ask(self, request, future, impact) if impact.narrows else None

    def _decide(self, request: HttpRequest, row: ClientScope, form: DecisionForm) -> bool:
        data, before = form.cleaned_data, row.state
        try:
            if data["decision"] == "approve":
                approve_scope(row, by=request.user, reason=data["reason"], until=data["until"])
            else:
                refuse_scope(row, by=request.user, reason=data["reason"])
        except Refused as refused:
            for key, reason in refused.errors:
                form.add_error(key if key in form.fields else None, display.sentence(reason))
            return False
        self.log_change(request, row, _decision_message(before, row.state, data))
        messages.success(request, _("Decided: %(row)s.") % {"row": row})
        return True

    def _facts(self, row: ClientScope) -> SafeString:
        return display.facts(
            (
                (_("Client"), display.client_link(row.application)),
                (_("Scope"), display.object_link(row.scope)),
                (_("State"), self.state_badge(row)),
                (_("Asked by"), row.requested_by or display.EMPTY),
                (_("Asked"), display.moment(row.requested_at)),
                (_("Why"), row.justification or display.EMPTY),
            )
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows with client, scope and policy."""
        return super().get_queryset(request).select_related("application", "scope__policy")

    @admin.display(description=_("client"), ordering="application")
    def client(self, row: ClientScope) -> SafeString | str:
        """Return the client with a link."""
        return display.client_link(row.application)

    @admin.display(description=_("scope"))
    def scope_link(self, row: ClientScope) -> SafeString | str:
        """Return the scope with a link."""
        return display.object_link(row.scope)

    @admin.display(description=_("policy"))
    def policy_link(self, row: ClientScope) -> SafeString | str:
        """Return the policy with a link."""
        return display.object_link(row.scope.policy)

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, row: ClientScope) -> SafeString:
        """Return the state as a badge."""
        return display.badge(row.get_state_display(), TONES.get(row.state, "plain"))

    @admin.display(description=_("why"))
    def why(self, row: ClientScope) -> SafeString | str:
        """Return the beginning of the justification."""
        text = row.justification
        return (
            format_html("<span>{}</span>", f"{text[:60]}…" if len(text) > 60 else text)
            if text
            else display.EMPTY
        )


def _decision_message(before: str, after: str, data: dict[str, Any]) -> str:
    """Return what the history says of a decision."""
    until = f" until {data['until']:%Y-%m-%d %H:%M}" if data["until"] else ""
    why = f"; {data['reason']}" if data["reason"] else ""
    return f"state: {before} → {after}{until}{why}"
