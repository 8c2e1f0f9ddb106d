"""One page a user that answers what the provider knows of them, and leads to all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from idp.admin import display, neighbour, take_back
from idp.conf import application_model
from idp.models import Authorization, Consent, SecurityEvent, SignIn, Subject
from idp.services.client_owner import owned_clients

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString

    from idp.admin.base import DeskAdmin

NEWEST = 10
RECORDS = (Consent, Authorization, SignIn, SecurityEvent)
"""Whoever may read one of these has the page, with the sections of what they may read."""


def view(desk: DeskAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """Return the page of one user.

    Raises:
        Http404: there is no such user.
    """
    desk.allow(permitted=any(desk.may(request, "view", model) for model in RECORDS))
    user = _user_or_404(object_id)
    parts = [
        {"anchor": anchor, "title": title, "body": body}
        for anchor, title, body in _parts(desk, request, user)
    ]
    context = {
        "title": user.get_username(),
        "buttons": list(_buttons(desk, request, user)),
        "parts": parts,
    }
    return desk.page(request, "admin/idp/user_page.html", context)


def _user_or_404(object_id: str) -> Any:
    try:
        user = get_user_model()._default_manager.filter(pk=object_id).first()
    except (OverflowError, ValidationError, ValueError):
        user = None
    if user is None:
        raise Http404
    return user


def _buttons(desk: DeskAdmin, request: HttpRequest, user: Any) -> Iterator[tuple[str, Any, str]]:
    site = desk.admin_site.name
    if desk.has(request, "explain_decision"):
        asked = urlencode({"user": user.pk})
        yield f"{reverse(f'{site}:idp_explain')}?{asked}", _("Explain a decision"), ""
    if desk.may(request, "view", type(user)) and (url := display.object_url(user)):
        yield url, _("The user in the site's own admin"), ""
    if desk.may(request, "revoke", Consent):
        address = take_back.address(site, user=user.get_username())
        yield address, _("Take all access back …"), "danger"


def _parts(desk: DeskAdmin, request: HttpRequest, user: Any) -> Iterator[tuple[str, Any, Any]]:
    yield "facts", _("Who it is"), _facts(user)
    if desk.may(request, "view", application_model()):
        yield "clients", _("Clients that the user answers for"), _clients(user)
    if desk.may(request, "view", Consent):
        yield "consents", _("Clients that the user let in"), _consents(user)
    if desk.may(request, "view", Authorization):
        yield "authorizations", _("Authorizations"), _authorizations(user)
    if desk.may(request, "view", SignIn):
        yield "sign-ins", _("Sign-ins"), _sign_ins(user)
    if desk.may(request, "view", SecurityEvent):
        yield "events", _("Events"), _events(user)
    ways = neighbour.ways(desk, request, user=user.get_username())
    yield "neighbours", _("All of it"), neighbour.links(ways)


def _facts(user: Any) -> SafeString:
    subject = Subject.objects.filter(user=user.pk).first()
    active = bool(getattr(user, "is_active", True))
    off = display.badge(_("Switched off: no token of theirs works"), "danger")
    return display.facts(
        (
            (_("Sign-in name"), user.get_username()),
            (_("Status"), display.badge(_("Active"), "good") if active else off),
            (_("Last signed in"), display.moment(getattr(user, "last_login", None))),
            (_("Key in the ledger"), display.codes([subject.key]) if subject else display.EMPTY),
        )
    )


def _clients(user: Any) -> SafeString:
    rows = owned_clients(user).order_by("-pk")[:NEWEST]
    cells = ((display.client_link(row), display.codes([row.client_id])) for row in rows)
    empty = gettext("None: the user owns no client.")
    return display.table(_("Clients of the user"), (_("Client"), _("Client id")), cells, empty)


def _consents(user: Any) -> SafeString:
    rows = Consent.objects.filter(user=user).select_related("application").order_by("-pk")
    cells = (
        (
            display.client_link(row.application),
            display.object_link(row, row.get_status_display()),
            display.moment(row.decided_at),
            display.moment(row.expires_at),
        )
        for row in rows[:NEWEST]
    )
    heads = (_("Client"), _("Consent"), _("Since"), _("Until"))
    return display.table(_("Newest consents"), heads, cells, gettext("The user let nobody in."))


def _authorizations(user: Any) -> SafeString:
    rows = Authorization.objects.filter(user=user).select_related("application")
    cells = (
        (
            display.object_link(row, row.pk.hex[:8]),
            display.client_link(row.application),
            display.codes(row.scopes.split()),
            display.moment(row.created_at),
            display.moment(row.ended_at, display.badge(_("Live"), "good")),
        )
        for row in rows.order_by("-created_at")[:NEWEST]
    )
    heads = (_("Id"), _("Client"), _("Scopes"), _("Since"), _("Ended"))
    return display.table(_("Newest authorizations"), heads, cells, gettext("None yet."))


def _sign_ins(user: Any) -> SafeString:
    rows = SignIn.objects.filter(user=user).order_by("-at")[:NEWEST]
    cells = (
        (
            display.object_link(row, display.moment(row.at)),
            display.codes(str(name) for name in row.amr),
            display.moment(row.ended_at),
        )
        for row in rows
    )
    heads = (_("When"), _("Methods"), _("Signed out"))
    return display.table(_("Newest sign-ins"), heads, cells, gettext("None yet."))


def _events(user: Any) -> SafeString:
    rows = SecurityEvent.objects.filter(user=user).order_by("-last_at", "-pk")[:NEWEST]
    cells = (
        (
            display.object_link(row, display.codes([row.kind])),
            row.client_id or display.EMPTY,
            display.moment(row.last_at),
            f"{row.count} ×",
        )
        for row in rows
    )
    heads = (_("Event"), _("Client"), _("Last"), _("Times"))
    return display.table(_("Newest events"), heads, cells, gettext("Nothing was recorded."))
