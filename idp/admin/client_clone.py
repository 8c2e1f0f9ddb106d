"""A development client's way to production: what changes, what stays behind, and its new secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin import helpers
from django.http import Http404, HttpResponseRedirect
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from idp.admin import client_secret, display, owner, scope_request
from idp.admin.client_form import ClientForm
from idp.admin.service_form import change_message
from idp.models import ClientPolicy
from idp.services.change import Refused
from idp.services.client import policy_of
from idp.services.client_clone import Dropped, changes_of, clone_client, plan_production

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString

    from idp.admin.base import DeskAdmin
    from idp.services.change import FieldChange
    from idp.services.client_spec import ClientSpec


def may_clone(desk: DeskAdmin, request: HttpRequest, policy: ClientPolicy) -> bool:
    """Return whether the operator may take this client to production."""
    develops = policy.environment == ClientPolicy.Environment.DEVELOPMENT
    return develops and desk.has_add_permission(request) and owner.may_operate(desk, request)


def view(desk: DeskAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """Show what changes and what stays behind; then register the production client.

    Raises:
        Http404: the client is in production already.
    """
    desk.allow(permitted=desk.has_add_permission(request) and owner.may_operate(desk, request))
    application = desk.row_or_404(request, object_id)
    if policy_of(application).environment != ClientPolicy.Environment.DEVELOPMENT:
        raise Http404
    plan = plan_production(application, now=timezone.now())
    form = _form(desk, request, plan.spec)
    if request.method == "POST" and form.is_valid():
        try:
            made, plain = clone_client(
                application, form.described, by=request.user, now=timezone.now()
            )
        except Refused as refused:
            form.refuse(refused.errors)
        else:
            return _registered(desk, request, application, form.described, made, plain)
    described = form.described if form.is_bound and form.is_valid() else plan.spec
    return _page(desk, request, application, form, plan.dropped, described)


def _form(desk: DeskAdmin, request: HttpRequest, spec: ClientSpec) -> ClientForm:
    form = ClientForm(
        request.POST or None,
        spec=spec,
        operator=True,
        hints=display.admin_url(desk.model, "inspect_uris"),
    )
    form.fields["environment"].disabled = True
    return form


def _registered(
    desk: DeskAdmin,
    request: HttpRequest,
    application: Any,
    spec: ClientSpec,
    made: Any,
    plain: str | None,
) -> HttpResponse:
    said = change_message(changes_of(application, spec))
    desk.log_addition(request, made, f"Taken to production. {said}")
    desk.log_change(request, application, f"Taken to production as {made.client_id}.")
    scope_request.remind(desk, request, made)
    if plain is None:
        words = _("The client “%(name)s” is registered for production.") % {"name": made}
        messages.success(request, words)
        return HttpResponseRedirect(display.object_url(made, "overview"))
    return client_secret.shown(desk, request, made, plain, first=True)


def _page(
    desk: DeskAdmin,
    request: HttpRequest,
    application: Any,
    form: ClientForm,
    dropped: Iterable[Dropped],
    spec: ClientSpec,
) -> HttpResponse:
    plain: Any = form  # Django's frame for fieldsets takes any form, whatever its annotation says
    context = {
        "title": _("Take to production"),
        "form": form,
        "adminform": helpers.AdminForm(plain, form.fieldsets(), {}, model_admin=desk),
        "media": desk.media + form.media,
        "differences": _differences(changes_of(application, spec)),
        "dropped": _dropped(dropped),
        "back": display.object_url(application, "overview"),
        "crumbs": [(display.object_url(application, "overview"), str(application))],
    }
    response = desk.page(request, "admin/idp/client_clone.html", context)
    add_never_cache_headers(response)
    return response


def _differences(changes: Iterable[FieldChange]) -> SafeString:
    rows = (
        (display.codes([change.field]), _value(change.old), _value(change.new))
        for change in changes
    )
    heads = (_("Field"), _("In development"), _("In production"))
    return display.table(_("What changes"), heads, rows)


def _dropped(dropped: Iterable[Dropped]) -> SafeString:
    rows = (
        (
            display.codes([entry.key]),
            format_html('<code class="desk-code">{}</code>', entry.value),
            display.sentences(entry.reasons),
        )
        for entry in dropped
    )
    heads = (_("Field"), _("Value"), _("Why"))
    return display.table(
        _("What stays behind"), heads, rows, gettext("Nothing: production allows all of it.")
    )


def _value(value: object) -> Any:
    if isinstance(value, tuple | list | set | frozenset):
        return display.codes(sorted(str(item) for item in value))
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return display.EMPTY if value in (None, "") else str(value)
