"""Addresses of a client: findings, acceptance and use of each; and taking one away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponseRedirect, JsonResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from idp.admin import display, owner
from idp.admin.confirm import MAX_SELECTED, Question, ask, given_reason, is_confirmed
from idp.admin.uri_field import judged
from idp.conf import application_model
from idp.domain.client import Kind
from idp.domain.redirect_uri import DEVELOPMENT_ONLY
from idp.models import ClientPolicy, RedirectUri
from idp.services.attention import UNUSED_AFTER
from idp.services.change import Refused
from idp.services.client import policy_of
from idp.services.client_owner import owned_clients
from idp.services.redirect_uri import (
    accept_findings,
    inspect_uris,
    remove_redirect_uri,
    unused_redirect_uris,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString

    from idp.admin.base import DeskAdmin

MAX_BODY = 200_000
MAX_LINES = 60
EXAMPLES = 50


def uri_table(
    application: Any, rows: Iterable[RedirectUri], *, may_change: bool, may_accept: bool
) -> SafeString:
    """Return the addresses with findings and use."""
    now = timezone.now()
    cells = (
        (
            format_html(
                '<code class="desk-code desk-long">{}</code>'
                '<br><span class="desk-quiet">{}</span>{}',
                row.uri,
                row.get_purpose_display(),
                display.sentences(row.findings) if row.findings else "",
            ),
            _marks(row, now),
            row.get_source_display(),
            display.moment(row.first_used_at),
            display.moment(row.last_used_at, gettext("never")),
            row.used_hours,
            _ways(row, may_accept=may_accept) if may_change else display.EMPTY,
        )
        for row in rows
    )
    heads = (
        _("Address"),
        _("Findings"),
        _("Entered"),
        _("First used"),
        _("Last used"),
        _("Hours in use"),
        _("Action"),
    )
    empty = gettext(
        "Nothing is known about its addresses yet; save the settings once to judge them."
    )
    return display.table(_("Addresses of the client"), heads, cells, empty)


def inspect_view(desk: DeskAdmin, request: HttpRequest) -> HttpResponse:
    """Judge lines while they are typed; nothing is stored."""
    desk.allow(permitted=desk.has_change_permission(request) or desk.has_add_permission(request))
    try:
        asked = json.loads(request.body[:MAX_BODY] if request.method == "POST" else b"")
        lines = [str(line) for line in asked["lines"] if str(line).strip()][:MAX_LINES]
        origins = [str(line).strip() for line in asked.get("origins", []) if str(line).strip()][
            :MAX_LINES
        ]
        policy = ClientPolicy(
            kind=Kind(asked["kind"]), environment=ClientPolicy.Environment(asked["environment"])
        )
        purpose = RedirectUri.Purpose(asked["purpose"])
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return JsonResponse({"error": "invalid_request"}, status=400)
    found = inspect_uris(
        lines, policy, purpose=purpose, allowed_origins=origins, now=timezone.now()
    )
    response = JsonResponse({"entries": judged(found)})
    response["Cache-Control"] = "no-store"
    return response


def accept_view(desk: DeskAdmin, request: HttpRequest, object_id: str, uri: int) -> HttpResponse:
    """Take responsibility for the warnings of an address, with a reason."""
    desk.allow(permitted=owner.may_operate(desk, request))
    application, row = _row(desk, request, object_id, uri)
    question = Question(
        title=_("Accept the warnings of this address?"),
        sentences=(row.uri, *(display.sentence(finding) for finding in row.findings)),
        button=_("Accept"),
        needs_reason=True,
        danger=False,
        back=display.object_url(application, "overview"),
    )
    if not is_confirmed(request, question):
        return ask(desk, request, question)
    try:
        accept_findings(row, by=request.user, reason=given_reason(request))
    except Refused as refused:
        for _key, reason in refused.errors:
            messages.error(request, display.sentence(reason))
    else:
        desk.log_change(
            request, application, f"Accepted the warnings of {row.uri}: {given_reason(request)}"
        )
        messages.success(request, _("Accepted; the reason is recorded."))
    return HttpResponseRedirect(question.back)


def remove_view(desk: DeskAdmin, request: HttpRequest, object_id: str, uri: int) -> HttpResponse:
    """Take an address from the client, after saying when it was last used."""
    application, row = _row(desk, request, object_id, uri)
    used = display.distance(row.last_used_at) if row.last_used_at else gettext("never")
    question = Question(
        title=_("Remove this address?"),
        sentences=(
            row.uri,
            _("Requests that name it are refused from now on. Last used: %(when)s.")
            % {"when": used},
        ),
        button=_("Remove"),
        needs_reason=True,
        back=display.object_url(application, "overview"),
    )
    if not is_confirmed(request, question):
        return ask(desk, request, question)
    shown = row.uri
    reason = given_reason(request)
    remove_redirect_uri(row, by=request.user, reason=reason)
    desk.log_change(request, application, f"Removed {shown}: {reason}")
    messages.success(request, _("The address is removed."))
    return HttpResponseRedirect(question.back)


def remove_unused(
    desk: DeskAdmin, request: HttpRequest, queryset: QuerySet[Any]
) -> HttpResponse | None:
    """Take every unused address from the chosen clients, after naming them; each keeps one."""
    if not desk.may(request, "change", application_model()):
        queryset = queryset.filter(pk__in=owned_clients(request.user).values("pk"))
    now = timezone.now()
    rows = [
        row
        for application in queryset[:MAX_SELECTED]
        for row in unused_redirect_uris(now, application=application)
    ]
    if not rows:
        messages.info(request, _("No address of these clients is unused for 90 days."))
        return None
    question = Question(
        title=_("Remove the unused addresses?"),
        sentences=(
            _("Nobody was sent there in 90 days. Requests that name them are refused from now on."),
            _("The last address of a client stays."),
        ),
        counts=((_("Addresses"), len(rows)),),
        examples=[f"{row.application}: {row.uri}" for row in rows[:EXAMPLES]],
        button=_("Remove"),
        needs_reason=True,
    )
    if not is_confirmed(request, question):
        return ask(desk, request, question)
    reason = given_reason(request)
    for row in rows:
        application, shown = row.application, row.uri
        remove_redirect_uri(row, by=request.user, reason=reason, now=now)
        desk.log_change(request, application, f"Removed {shown}, unused for 90 days: {reason}")
    messages.success(request, _("%(count)d addresses are removed.") % {"count": len(rows)})
    return None


def _row(
    desk: DeskAdmin, request: HttpRequest, object_id: str, uri: int
) -> tuple[Any, RedirectUri]:
    application = desk.row_or_404(request, object_id)
    desk.allow(permitted=desk.has_change_permission(request, application))
    row = (
        RedirectUri.objects.select_related("application")
        .filter(application=application, pk=uri)
        .first()
    )
    if row is None:
        raise Http404
    return application, row


def _marks(row: RedirectUri, now: Any) -> SafeString | str:
    severities = {str(finding.get("severity")) for finding in row.findings}
    codes = {str(finding.get("code")) for finding in row.findings}
    pairs: list[tuple[Any, str]] = []
    environment = policy_of(row.application).environment
    if environment == ClientPolicy.Environment.PRODUCTION and codes & DEVELOPMENT_ONLY:
        pairs.append((_("Development address in production"), "danger"))
    if "error" in severities:
        pairs.append((_("Breaks a rule"), "danger"))
    elif row.accepted_at is not None:
        pairs.append((_("Accepted by %(name)s") % {"name": row.accepted_by}, "plain"))
    elif "warning" in severities:
        pairs.append((_("Warning"), "warn"))
    if (row.last_used_at or row.created_at) <= now - UNUSED_AFTER:
        pairs.append((_("Unused for 90 days"), "warn"))
    return display.badges(pairs) if pairs else display.badge(_("Fine"), "good")


def _ways(row: RedirectUri, *, may_accept: bool) -> SafeString:
    base = display.object_url(row.application, "overview").removesuffix("overview/")
    remove = display.ending_link(f"{base}redirect-uris/{row.pk}/remove/", _("Remove …"))
    severities = {str(finding.get("severity")) for finding in row.findings}
    open_warning = "warning" in severities and "error" not in severities and not row.accepted_at
    if may_accept and open_warning:
        accept = display.link(f"{base}redirect-uris/{row.pk}/accept/", _("Accept …"))
        return format_html("{} · {}", accept, remove)
    return remove
