"""The mode of the site: report what would be refused, or refuse it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from idp.admin import display, finding, would_refuse
from idp.admin.base import RecordAdmin
from idp.admin.confirm import Question, ask, given_reason, is_confirmed
from idp.models import SiteState
from idp.services import site

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern


class SiteStateAdmin(RecordAdmin):
    """The one row of the site; the list leads straight to the page that switches."""

    def get_urls(self) -> list[URLPattern]:
        """Return the pages, with the one that switches and the one of the doctor."""
        view = self.admin_site.admin_view(self.mode_view)
        findings = self.admin_site.admin_view(self.findings_view)
        return [
            path("mode/", view, name="idp_sitestate_mode"),
            path("findings/", findings, name="idp_sitestate_findings"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the page of the mode."""
        self.allow(permitted=self.has_view_permission(request))
        return HttpResponseRedirect(reverse(f"{self.admin_site.name}:idp_sitestate_mode"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Lead to the page of the mode: the row has no page of its own."""
        self.row_or_404(request, object_id)
        self.allow(permitted=self.has_view_permission(request) and request.method != "POST")
        return HttpResponseRedirect(reverse(f"{self.admin_site.name}:idp_sitestate_mode"))

    def findings_view(self, request: HttpRequest) -> HttpResponse:
        """Show what the doctor found, with what to do."""
        self.allow(permitted=self.has_view_permission(request))
        context = finding.context(timezone.now())
        return self.page(request, "admin/idp/findings.html", context)

    def mode_view(self, request: HttpRequest) -> HttpResponse:
        """Show the mode with what enforcing would refuse, and switch it after asking."""
        self.allow(permitted=self.has_view_permission(request))
        state = site.site_state()
        question = self._question(state)
        if request.method == "POST":
            self.allow(permitted=self.has(request, "switch_mode"))
            if is_confirmed(request, question):
                return self._switch(request, state)
            if request.POST.get("confirmed"):
                return ask(self, request, question)
        context = {
            "title": _("Report or enforce"),
            "state": state,
            "question": question,
            "changed_at": display.moment(state.mode_changed_at),
            "refusals": would_refuse.table(self.admin_site.name),
            "may_switch": self.has(request, "switch_mode"),
        }
        if request.GET.get("switch") and context["may_switch"]:
            return ask(self, request, question)
        return self.page(request, "admin/idp/site_mode.html", context)

    def _question(self, state: SiteState) -> Question:
        back = reverse(f"{self.admin_site.name}:idp_sitestate_mode")
        if state.mode == SiteState.Mode.REPORT:
            return Question(
                title=_("Enforce the rules?"),
                sentences=(
                    _(
                        "From the next request on, what breaks a rule is refused for every client "
                        "that follows the site."
                    ),
                    _("Below is what was recorded while the site reported, newest first."),
                ),
                button=_("Enforce"),
                counts=would_refuse.by_rule(),
                needs_reason=True,
                back=back,
            )
        return Question(
            title=_("Report only?"),
            sentences=(
                _(
                    "From the next request on, rules refuse nothing: what breaks one is recorded "
                    "and goes through."
                ),
                _("Clients with a setting of their own keep it."),
            ),
            button=_("Report only"),
            needs_reason=True,
            back=back,
        )

    def _switch(self, request: HttpRequest, state: SiteState) -> HttpResponse:
        modes = SiteState.Mode
        target = modes.ENFORCE if state.mode == modes.REPORT else modes.REPORT
        by, reason = request.user.get_username(), given_reason(request)
        site.set_mode(target, by=by, reason=reason, now=timezone.now())
        self.log_change(request, state, f"mode: {state.mode} → {target}; {reason}")
        messages.success(request, target.label)
        return HttpResponseRedirect(reverse(f"{self.admin_site.name}:idp_sitestate_mode"))
