"""The history of a connected app: a timeline, the pages as they were shown, and a copy to keep."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from idp.services.catalogue import words
from idp.services.connected_app import ConnectedApp
from idp.services.connected_app_history import (
    entries_of,
    event_title,
    events_of,
    export_events,
    export_pages,
    page_as_shown,
)
from idp.views import connected_app_context as context
from idp.views.connected_app import for_owner
from idp.views.http import page

if TYPE_CHECKING:
    import uuid

    from django.http import HttpRequest

ENTRIES_ON_A_PAGE = 50


@require_safe
@for_owner
def history(request: HttpRequest, app: ConnectedApp) -> HttpResponse:
    """Show everything that happened between the reader and a client, newest first."""
    texts = words(get_language() or "en")
    events = Paginator(events_of(request.user, app.application), ENTRIES_ON_A_PAGE)
    shown = events.get_page(request.GET.get("page"))
    values = {
        "app": context.card(app, texts),
        "timeline": [context.entry(app, found) for found in entries_of(shown, texts)],
        "page_obj": shown,
        "paginator": events,
        "back_url": context.url("detail", app),
    }
    return page(request, "idp/connected_app_history.html", values)


@require_safe
@for_owner
def record(request: HttpRequest, app: ConnectedApp, event_id: uuid.UUID) -> HttpResponse:
    """Show a consent page as it stood when the reader decided."""
    event = events_of(request.user, app.application).filter(event_id=event_id).first()
    document = page_as_shown(request.user, event) if event is not None else None
    if event is None or document is None:
        raise Http404
    values = {
        "document": document,
        "event": {"at": event.at, "title": event_title(event), "kind": event.kind},
        "expires_at": event.expires_at,
        "back_url": context.url("detail", app),
    }
    return page(request, "idp/consent_record.html", values)


@require_safe
@for_owner
def download(request: HttpRequest, app: ConnectedApp) -> Any:
    """Give the reader the whole history as JSON, with what is needed to check it."""
    response = StreamingHttpResponse(_json(request.user, app), content_type="application/json")
    response["Content-Disposition"] = 'attachment; filename="consent-history.json"'
    return response


def _json(user: Any, app: ConnectedApp) -> Iterator[str]:
    head = {
        "account": user.get_username(),
        "client_id": app.application.client_id,
        "client_name": context.card(app, {})["name"],
        "exported_at": timezone.now().isoformat(timespec="seconds"),
    }
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "events": ['
    for number, event in enumerate(export_events(user, app.application)):
        yield (", " if number else "") + json.dumps(event, ensure_ascii=False)
    yield '], "pages": {'
    for number, (digest, document) in enumerate(export_pages(user, app.application)):
        separator = ", " if number else ""
        yield f"{separator}{json.dumps(digest)}: {json.dumps(document, ensure_ascii=False)}"
    yield "}}"
