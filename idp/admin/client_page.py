"""One page a client that answers everything: what it is, may ask, did, and who let it in."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from idp.admin import (
    client_clone,
    client_metadata,
    client_reach,
    client_unused,
    display,
    neighbour,
    owner,
    try_it,
)
from idp.admin.client_setup import setup
from idp.admin.client_uri import uri_table
from idp.admin.event_meaning import told
from idp.admin.paginator import COUNT_LIMIT
from idp.models import (
    Authorization,
    ClientPolicy,
    Consent,
    RedirectUri,
    SecurityEvent,
)
from idp.services.client import grant_types_of, policy_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString

    from idp.admin.base import DeskAdmin

NEWEST = 10
LATELY = timedelta(days=30)
EVENT_TONES = {"info": "plain", "warning": "warn", "error": "danger"}


def view(desk: DeskAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """Return the page."""
    application = desk.row_or_404(request, object_id)
    desk.allow(permitted=desk.has_view_permission(request, application))
    now = timezone.now()
    policy = policy_of(application)
    context = {
        "title": str(application),
        "application": application,
        "policy": policy,
        "tabs": tabs(desk, request, application, "overview"),
        "buttons": _buttons(desk, request, application, policy),
        "parts": [
            {"anchor": anchor, "title": title, "body": body, "more": more}
            for anchor, title, body, more in _parts(desk, request, application, policy, now)
        ],
    }
    return desk.page(request, "admin/idp/client_page.html", context)


def tabs(
    desk: DeskAdmin, request: HttpRequest, application: Any, here: str
) -> list[dict[str, Any]]:
    """Return the pages of a client that the operator may open."""
    pages: list[tuple[str, Any, bool]] = [
        ("overview", _("Overview"), True),
        ("change", _("Settings"), desk.has_change_permission(request, application)),
        ("secrets", _("Secrets"), owner.may_see_secrets(desk, request, application)),
        ("history", _("History"), desk.has_change_permission(request, application)),
    ]
    return [
        {"url": display.object_url(application, page), "words": words, "here": page == here}
        for page, words, shown in pages
        if shown
    ]


def trust_badge(policy: ClientPolicy) -> SafeString | str:
    """Return how far the site trusts a client, as a badge."""
    if policy.first_party:
        return display.badge(_("The site's own"), "good")
    return (
        display.badge(_("Verified"), "good")
        if policy.verified
        else display.badge(_("Not verified"))
    )


def _buttons(
    desk: DeskAdmin, request: HttpRequest, application: Any, policy: ClientPolicy
) -> list[tuple[str, Any, str]]:
    explain = (
        f"{reverse(f'{desk.admin_site.name}:idp_explain')}?{urlencode({'client': application.pk})}"
    )
    active = policy.status == ClientPolicy.Status.ACTIVE
    found: list[tuple[str, Any, str]] = []
    if desk.has(request, "explain_decision"):
        found.append((explain, _("Explain a decision"), ""))
    if desk.has(request, "try_client") and try_it.fits(application):
        found.append((display.object_url(application, "try"), _("Try it"), ""))
    found.append((display.object_url(application, "export"), _("Export as a file"), ""))
    if client_metadata.may_fetch_logo(desk, request, policy):
        fetch = reverse(f"{desk.admin_site.name}:idp_clientlogo_fetch")
        found.append((fetch, _("Fetch logo …"), ""))
    if client_clone.may_clone(desk, request, policy):
        found.append((display.object_url(application, "clone"), _("Take to production …"), ""))
    if owner.may_operate(desk, request):
        found.append((display.object_url(application, "owners"), _("Owners …"), ""))
    if desk.has(request, "disable_client"):
        page, words = ("disable", _("Disable …")) if active else ("enable", _("Enable …"))
        found.append((display.object_url(application, page), words, "danger" if active else ""))
    if desk.may(request, "end", Authorization):
        found.append(
            (display.object_url(application, "end_tokens"), _("End all tokens …"), "danger")
        )
    if desk.has_delete_permission(request, application):
        found.append((display.object_url(application, "delete"), _("Delete …"), "danger"))
    return found


def _parts(
    desk: DeskAdmin, request: HttpRequest, application: Any, policy: ClientPolicy, now: datetime
) -> Iterable[tuple[str, Any, Any, Any]]:
    people = owner.links(application, linked=desk.may(request, "view", Consent))
    yield "facts", _("What it is"), _facts(application, policy, people), None
    yield "metadata", _("What it says of itself"), client_metadata.table(policy), None
    yield "scopes", _("What it may ask for"), client_reach.scopes(desk, request, application), None
    if application.redirect_uris or application.post_logout_redirect_uris:
        rows = RedirectUri.objects.filter(application=application).order_by("purpose", "pk")[:100]
        may = desk.has_change_permission(request, application)
        operates = owner.may_operate(desk, request)
        table = uri_table(application, rows, may_change=may, may_accept=operates)
        yield "addresses", _("Addresses"), table, None
    yield "setup", _("For the developer"), setup(request, application, policy), None
    site, key = desk.admin_site.name, urlencode({"client": application.client_id})
    if desk.may(request, "view", Consent):
        more = f"{reverse(f'{site}:idp_consent_changelist')}?{key}"
        yield "consents", _("Who let it in"), _consents(application), more
        idle = client_unused.table(application, now, may_take=desk.may(request, "narrow", Consent))
        yield "unused", _("What it never uses"), idle, None
    if desk.may(request, "view", Authorization):
        more = f"{reverse(f'{site}:idp_authorization_changelist')}?{key}"
        yield "authorizations", _("Authorizations"), _authorizations(application, now), more
    elif owner.owns(request, application):
        table = _authorizations(application, now, owner=True)
        yield "authorizations", _("Authorizations"), table, None
    ways = list(neighbour.ways(desk, request, client=application.client_id))
    if desk.may(request, "view", SecurityEvent):
        more = f"{reverse(f'{site}:idp_securityevent_changelist')}?{key}"
        yield "events", _("What happened in the last 30 days"), _events(application, now), more
    elif owner.owns(request, application):
        table = _events(application, now, owner=True)
        yield "events", _("What happened in the last 30 days"), table, None
    if ways:
        yield "neighbours", _("All that belongs to it"), neighbour.links(ways), None


def _facts(application: Any, policy: ClientPolicy, people: object) -> SafeString:
    off = policy.status == ClientPolicy.Status.DISABLED
    status = display.badge(policy.get_status_display(), "danger" if off else "good")
    if policy.status_reason:
        status = format_html(
            "{} {} ({})", status, policy.status_reason, display.moment(policy.status_changed_at)
        )
    return display.facts(
        (
            (_("Status"), status),
            (_("Kind"), policy.get_kind_display()),
            (_("Environment"), policy.get_environment_display()),
            (_("Trust"), trust_badge(policy)),
            (_("Client id"), display.codes([application.client_id])),
            (_("Owners"), people),
            (_("Contacts"), ", ".join(policy.contacts) or display.EMPTY),
            (_("Grant types"), display.codes(sorted(grant_types_of(application, policy)))),
            (_("Proves itself by"), policy.token_endpoint_auth_method or application.client_type),
            (_("Rules"), policy.get_enforcement_display()),
            (_("Registered"), display.moment(application.created)),
            (_("Source"), policy.get_source_display()),
            (_("Last used"), display.moment(policy.last_used_at, gettext("never"))),
            (_("Answers for tokens of"), client_reach.apis(policy)),
        )
    )


def _consents(application: Any) -> SafeString:
    live = Consent.objects.filter(application=application, status=Consent.Status.ACTIVE)
    rows = live.select_related("user").order_by("-pk")[:NEWEST]
    cells = (
        (
            display.object_link(row, row.user),
            display.moment(row.decided_at),
            display.moment(row.expires_at),
        )
        for row in rows
    )
    heads = (_("User"), _("Since"), _("Until"))
    table = display.table(_("Newest consents"), heads, cells, gettext("No user has let it in yet."))
    return format_html("<p>{}</p>{}", _number(live, _("Users that let it in now")), table)


def _authorizations(application: Any, now: datetime, *, owner: bool = False) -> SafeString:
    """Return the newest authorizations; an owner learns of no user."""
    live = Authorization.objects.live(now).filter(application=application)
    rows = (
        Authorization.objects.filter(application=application)
        .select_related("user")
        .order_by("-created_at")
    )
    cells = (
        (
            *(
                (row.pk.hex[:8],)
                if owner
                else (display.object_link(row, row.pk.hex[:8]), display.user_link(row.user))
            ),
            display.codes(row.scopes.split()),
            display.moment(row.created_at),
            display.moment(row.last_used_at),
            display.moment(row.ended_at, display.badge(_("Live"), "good")),
        )
        for row in rows[:NEWEST]
    )
    who = () if owner else (_("User"),)
    heads = (_("Id"), *who, _("Scopes"), _("Since"), _("Last used"), _("Ended"))
    table = display.table(_("Newest authorizations"), heads, cells, gettext("None yet."))
    return format_html("<p>{}</p>{}", _number(live, _("Live now")), table)


def _events(application: Any, now: datetime, *, owner: bool = False) -> SafeString:
    link: Any = client_reach.plain if owner else display.object_link
    rows = SecurityEvent.objects.filter(client_id=application.client_id, last_at__gte=now - LATELY)
    cells = (
        (
            link(row, told(row.kind)),
            display.badge(row.get_severity_display(), EVENT_TONES.get(row.severity, "plain")),
            display.moment(row.last_at),
            f"{row.count} ×",
            display.sentences(row.reasons),
        )
        for row in rows.order_by("-last_at", "-pk")[:NEWEST]
    )
    heads = (_("Event"), _("Severity"), _("Last"), _("Times"), _("Why"))
    return display.table(
        _("Newest events"), heads, cells, gettext("Nothing was refused and nothing changed.")
    )


def _number(rows: QuerySet[Any], words: Any) -> str:
    count = rows.order_by().values("pk")[:COUNT_LIMIT].count()
    more = "+" if count >= COUNT_LIMIT else ""
    return f"{words}: {count}{more}"
