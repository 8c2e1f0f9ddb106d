"""Connected apps: what has access to the reader's account, and how to take it back."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from idp.services.catalogue import words
from idp.services.connected_app import (
    ConnectedApp,
    apps_of,
    find_app,
    find_by_client,
    live_consents,
    older_apps,
    sessions_of,
    taken_back,
)
from idp.services.connected_app_history import end_not_written_yet, entries_of, events_of
from idp.services.connected_app_removal import remove_app, take_back
from idp.services.origin import origin_of
from idp.views import connected_app_context as context
from idp.views.http import SAME_ORIGIN, page, private

if TYPE_CHECKING:
    import uuid

    from django.http import HttpRequest

APPS_ON_A_PAGE = 50
ENTRIES_BESIDE = 20
"""How many entries of the history stand on the page of an app; the rest has its own page."""


def for_owner(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give a view the reader's own app of the address; whatever is not theirs does not exist."""

    @wraps(view)
    @login_required
    def found(request: HttpRequest, app_id: uuid.UUID, **kwargs: Any) -> HttpResponse:
        app = find_app(request.user, app_id, timezone.now())
        if app is None:
            raise Http404
        return private(view(request, app, **kwargs))

    return found


@require_safe
@login_required
def app_list(request: HttpRequest) -> HttpResponse:
    """Show every client that has access, last used first."""
    now = timezone.now()
    taken = taken_back(request.user)
    live = live_consents(request.user, now, taken)
    shown = Paginator(live, APPS_ON_A_PAGE).get_page(request.GET.get("page"))
    apps = [app for app in apps_of(shown.object_list, now, taken) if app.is_live]
    if shown.number == 1:
        older = older_apps(request.user, now, taken)
        apps = sorted([*apps, *older], key=context.recency, reverse=True)
    texts = words(_language())
    values = {
        "apps": context.cards(apps, texts),
        "page_obj": shown,
        "paginator": shown.paginator,
    }
    return page(request, "idp/connected_apps.html", values, referrer_policy=SAME_ORIGIN)


@require_safe
@login_required
def app_detail(request: HttpRequest, app_id: uuid.UUID) -> HttpResponse:
    """Show what one client may do, where it has access now, and what happened."""
    app = find_app(request.user, app_id, timezone.now())
    if app is None:
        # A client may be named by a UUID as well.
        return app_by_client(request, str(app_id))
    now, texts = timezone.now(), words(_language())
    events = list(events_of(request.user, app.application)[: ENTRIES_BESIDE + 1])
    values = {
        "app": context.card(app, texts),
        "permissions": context.permissions(app, texts),
        "sessions": [context.session(row) for row in sessions_of(app, request.user, now)],
        "timeline": [
            context.entry(app, entry)
            for entry in (
                *end_not_written_yet(app.consent, now),
                *entries_of(events[:ENTRIES_BESIDE], texts),
            )
        ],
        "timeline_url": context.url("history", app) if len(events) > ENTRIES_BESIDE else "",
        "download_url": context.url("history-download", app),
        "receipts_url": context.url("receipts", app),
        "remove_url": context.url("remove", app) if app.is_live else "",
        "back_url": reverse("idp:connected-apps"),
    }
    return page(request, "idp/connected_app.html", values, referrer_policy=SAME_ORIGIN)


@require_safe
@login_required
def app_by_client(request: HttpRequest, client_id: str) -> HttpResponse:
    """Lead from a client's identifier to the reader's own page about it."""
    app = find_by_client(request.user, client_id, timezone.now())
    if app is None:
        raise Http404
    return private(HttpResponseRedirect(context.url("detail", app)))


@require_http_methods(["GET", "HEAD", "POST"])
@csrf_protect
@for_owner
def app_remove(request: HttpRequest, app: ConnectedApp) -> HttpResponse:
    """Ask whether to remove a client's access, and remove it."""
    if request.method == "POST":
        remove_app(app, request.user, origin=origin_of(request), now=timezone.now())
        card = context.card(app, {})
        _say(request, gettext("%(name)s no longer has access.") % {"name": card["name"]})
        return HttpResponseRedirect(reverse("idp:connected-apps"))
    if not app.is_live:
        return HttpResponseRedirect(context.url("detail", app))
    texts = words(_language())
    sessions = sessions_of(app, request.user, timezone.now())
    values = {
        "app": context.card(app, texts),
        "consequences": context.consequences(app, texts, len(sessions)),
        "form_action": request.get_full_path(),
    }
    return page(request, "idp/connected_app_remove.html", values, referrer_policy=SAME_ORIGIN)


@require_http_methods(["GET", "HEAD", "POST"])
@csrf_protect
@for_owner
def permission_remove(request: HttpRequest, app: ConnectedApp) -> HttpResponse:
    """Ask whether to take one optional permission back, and take it back."""
    texts = words(_language())
    name = request.GET.get("scope", "")
    found = next((p for p in context.permissions(app, texts) if p["name"] == name), None)
    if found is None or not found["take_back_url"]:
        raise Http404
    if request.method == "POST":
        take_back(app, name, origin=origin_of(request), now=timezone.now())
        _say(request, gettext("The permission was taken back."))
        return HttpResponseRedirect(context.url("detail", app))
    values = {
        "app": context.card(app, texts),
        "permission": found,
        "form_action": found["take_back_url"],
    }
    return page(request, "idp/permission_remove.html", values, referrer_policy=SAME_ORIGIN)


def _say(request: HttpRequest, sentence: str) -> None:
    messages.success(request, sentence, fail_silently=True)


def _language() -> Any:
    return get_language() or "en"
