"""Asking for the approval of a scope: with a reason, and anew after a refusal or an end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from idp.admin import display, owner
from idp.admin.confirm import Question
from idp.models import ClientScope
from idp.services.change import Refused
from idp.services.client_scope import needs_approval, request_scope

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from idp.admin.base import DeskAdmin


class RequestForm(forms.Form):
    """Why the client needs the scope."""

    justification = forms.CharField(
        label=_("Why the client needs it"),
        max_length=2000,
        widget=forms.Textarea({"rows": 4, "class": "vLargeTextField"}),
        help_text=_("What the client needs it for; whoever decides reads it."),
    )


def view(desk: DeskAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """Ask for the approval, which then waits in the queue."""
    row = desk.row_or_404(request, object_id)
    desk.allow(permitted=may_ask(desk, request, row))
    back = _back(desk, request, row)
    form = RequestForm(request.POST or None, initial={"justification": row.justification})
    if request.method == "POST" and form.is_valid():
        try:
            request_scope(
                row.application,
                row.scope,
                justification=form.cleaned_data["justification"],
                by=request.user,
            )
        except Refused as refused:
            for key, reason in refused.errors:
                form.add_error(key if key in form.fields else None, display.sentence(reason))
        else:
            said = f"Asked for the approval: {form.cleaned_data['justification']}"
            desk.log_change(request, row, said)
            messages.success(request, _("Asked. It waits for somebody who may approve it."))
            return HttpResponseRedirect(back)
    names = {"scope": row.scope.name, "client": row.application}
    question = Question(
        title=_("Ask for “%(scope)s” for “%(client)s”") % names,
        sentences=(_("Whoever decides reads this. An earlier approval ends with the question."),),
        button=_("Ask"),
        fields=[form["justification"]],
        danger=False,
        back=back,
    )
    context = {
        "title": question.title,
        "question": question,
        "errors": form.non_field_errors(),
        "back": question.back,
        "crumbs": [(back, str(row))],
    }
    return desk.page(request, "admin/idp/confirm.html", context)


def may_ask(desk: DeskAdmin, request: HttpRequest, row: ClientScope) -> bool:
    """Return whether the operator may ask for an approval, by permission or as an owner."""
    return desk.may(request, "add", ClientScope) or owner.owns(request, row.application)


def _back(desk: DeskAdmin, request: HttpRequest, row: ClientScope) -> str:
    """Return where the answer leads: to the request, or for an owner to the client."""
    if desk.has_view_permission(request, row):
        return "../change/"
    return display.object_url(row.application, "overview")


def is_askable(row: ClientScope) -> bool:
    """Return whether an approval would change something: none waits with its reason, none holds."""
    states = ClientScope.State
    ended = row.until is not None and row.until <= timezone.now()
    if row.state == states.REFUSED or ended:
        return True
    if row.state == states.REQUESTED:
        return not row.justification
    return row.state == states.REGISTERED and needs_approval(row.scope, "admin")


def remind(desk: DeskAdmin, request: HttpRequest, application: Any) -> None:
    """Say which scopes of a client wait for an approval without a reason, and where to give one."""
    rows = ClientScope.objects.filter(
        application=application, state=ClientScope.State.REQUESTED, justification=""
    ).select_related("scope")
    for row in rows[:10]:
        url = reverse(f"{desk.admin_site.name}:idp_clientscope_ask", args=[row.pk])
        words = gettext("“%(scope)s” waits for an approval.") % {"scope": row.scope.name}
        link = display.link(url, gettext("Say why the client needs it"))
        messages.warning(request, format_html("{} {}", words, link))
