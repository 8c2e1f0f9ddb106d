"""Registering and changing a client: what is it, then only what is left to say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin import helpers
from django.http import HttpResponseRedirect
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext_lazy as _

from idp.admin import client_page, client_secret, display, owner, scope_request
from idp.admin import impact as impact_page
from idp.admin.client_form import ClientForm, new_spec
from idp.admin.client_layout import KIND_WORDS
from idp.admin.service_form import change_message
from idp.domain.client import Kind
from idp.models import ClientPolicy
from idp.services.change import Refused
from idp.services.client_judgement import judge_client
from idp.services.client_owner import SOURCE, set_owners
from idp.services.client_registration import register_client, spec_of, update_client
from idp.services.client_spec import ClientSpec, differences
from idp.services.impact import impact_of, rehearse

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from idp.admin.base import DeskAdmin


def add_view(desk: DeskAdmin, request: HttpRequest) -> HttpResponse:
    """Ask what the client is, then register it; its secret is shown in the answer, once."""
    desk.allow(permitted=desk.has_add_permission(request))
    kind = request.POST.get("kind") or request.GET.get("kind") or ""
    if kind not in tuple(Kind):
        return _choose_kind(desk, request, "")
    form = _form(desk, request, new_spec(kind))
    if request.method == "POST" and form.is_valid():
        try:
            application, plain = register_client(
                form.described, by=request.user, source=_source(desk, request)
            )
        except Refused as refused:
            form.refuse(refused.errors)
        else:
            if form.described.owner is not None:
                set_owners(application, users=[form.described.owner], groups=(), by=request.user)
            said = change_message(differences(ClientSpec(kind=kind), form.described))
            desk.log_addition(request, application, f"Registered as {kind}. {said}")
            _tell_warnings(request, form.described)
            scope_request.remind(desk, request, application)
            if plain is None:
                messages.success(
                    request, _("The client “%(name)s” is registered.") % {"name": application}
                )
                return HttpResponseRedirect(display.object_url(application, "overview"))
            return client_secret.shown(desk, request, application, plain, first=True)
    context = {
        "title": _("Add a client"),
        "kind_words": _kind_words(kind),
    }
    return _page(desk, request, form, context)


def change_view(desk: DeskAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """Change what a client is; who may only look sees its page."""
    application = desk.row_or_404(request, object_id)
    if not desk.has_change_permission(request, application):
        may_look = desk.has_view_permission(request, application)
        desk.allow(permitted=may_look and request.method != "POST")
        return HttpResponseRedirect("../overview/")
    spec = spec_of(application)
    kind = _changed_kind(desk, request, spec)
    form = _form(desk, request, spec if kind == spec.kind else _as_kind(spec, kind), application)
    if request.method == "POST" and form.is_valid():
        try:
            question = _impact_question(desk, request, application, form.described)
            if question is not None:
                return question
            changes = update_client(
                application, form.described, by=request.user, source=_source(desk, request)
            )
        except Refused as refused:
            form.refuse(refused.errors)
        else:
            desk.log_change(request, application, change_message(changes) or "Nothing changed.")
            _tell_warnings(request, form.described)
            scope_request.remind(desk, request, application)
            messages.success(request, _("Saved.") if changes else _("Nothing changed."))
            following = HttpResponseRedirect("../overview/")
            target = urlencode({"client": application.pk})
            return impact_page.go_on(desk, request, following, target)
    if request.GET.get("kind") == "?" and owner.may_operate(desk, request):
        return _choose_kind(desk, request, spec.kind)
    context = {
        "title": _("Settings"),
        "application": application,
        "tabs": client_page.tabs(desk, request, application, "change"),
        "kind_words": _kind_words(kind),
        "crumbs": [("../overview/", str(application))],
    }
    return _page(desk, request, form, context)


def _impact_question(
    desk: DeskAdmin, request: HttpRequest, application: Any, spec: ClientSpec
) -> HttpResponse | None:
    """Return the page that says what the change takes away, if it does and nobody saw it yet."""
    if impact_page.is_seen(request):
        return None
    fresh = desk.model._default_manager.get(pk=application.pk)
    future = rehearse(
        lambda: update_client(fresh, spec, by=request.user, source=_source(desk, request)),
        applications=[application],
    )
    impact = impact_of(future, now=timezone.now())
    return impact_page.ask(desk, request, future, impact) if impact.narrows else None


def _source(desk: DeskAdmin, request: HttpRequest) -> str:
    """Return who enters addresses and scopes: an operator, or an owner, who lists nothing."""
    return "admin" if owner.may_operate(desk, request) else SOURCE


def _kind_words(kind: str) -> Any:
    return next(words for name, words, _help in KIND_WORDS if name == kind)


def _form(
    desk: DeskAdmin, request: HttpRequest, spec: ClientSpec, application: Any = None
) -> ClientForm:
    return ClientForm(
        request.POST or None,
        spec=spec,
        application=application,
        operator=owner.may_operate(desk, request)
        or (application is None and desk.may(request, "add", ClientPolicy)),
        hints=display.admin_url(desk.model, "inspect_uris"),
    )


def _changed_kind(desk: DeskAdmin, request: HttpRequest, spec: ClientSpec) -> str:
    """Return the kind to edit as: another one only for whoever may change policies."""
    kind = request.POST.get("kind") or request.GET.get("kind") or spec.kind
    allowed = kind in tuple(Kind) and owner.may_operate(desk, request)
    return kind if allowed else spec.kind


def _as_kind(spec: ClientSpec, kind: str) -> ClientSpec:
    """Return a client as another kind: grants and proof are those that the kind implies."""
    return replace(spec, kind=kind, grant_types=None, token_endpoint_auth_method=None)


def _choose_kind(desk: DeskAdmin, request: HttpRequest, present: str) -> HttpResponse:
    context = {"title": _("What is it?"), "kinds": KIND_WORDS, "present": present}
    return desk.page(request, "admin/idp/client_kind.html", context)


def _page(
    desk: DeskAdmin, request: HttpRequest, form: ClientForm, context: dict[str, Any]
) -> HttpResponse:
    plain: Any = form  # Django's frame for fieldsets takes any form, whatever its annotation says
    adminform = helpers.AdminForm(plain, form.fieldsets(), {}, model_admin=desk)
    known = {
        "form": form,
        "adminform": adminform,
        "media": desk.media + form.media,
        "needs_i18n": False,
        "may_change_kind": form.application is None or owner.may_operate(desk, request),
    }
    response = desk.page(request, "admin/idp/client_form.html", {**known, **context})
    add_never_cache_headers(response)
    return response


def _tell_warnings(request: HttpRequest, spec: ClientSpec) -> None:
    for _key, reason in judge_client(spec, now=timezone.now()).warnings[:10]:
        messages.warning(request, display.sentence(reason))
