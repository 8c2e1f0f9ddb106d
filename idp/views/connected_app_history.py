"""The history of a connected app: a timeline, the pages as they were shown, and a copy to keep."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from idp.dot.issuer import issuer_of
from idp.models import SigningKey
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
from idp.services.consent_page import client_name
from idp.services.key import public_key_set
from idp.services.receipt import receipts_of
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
    response = StreamingHttpResponse(_history(request.user, app), content_type="application/json")
    response["Content-Disposition"] = 'attachment; filename="consent-history.json"'
    return response


@require_safe
@for_owner
def receipts(request: HttpRequest, app: ConnectedApp) -> Any:
    """Give the reader a signed receipt for each time they allowed a client something."""
    found = receipts_of(request.user, app.application, issuer=issuer_of(request))
    keys = request.build_absolute_uri(reverse("idp:receipt-keys"))
    response = StreamingHttpResponse(
        _json_list({"keys": keys}, "receipts", found), content_type="application/json"
    )
    response["Content-Disposition"] = 'attachment; filename="consent-receipts.json"'
    return response


@require_safe
def receipt_keys(request: HttpRequest) -> HttpResponse:
    """Publish the keys that receipts are signed with, for ever (RFC 7517 §5)."""
    response = JsonResponse(public_key_set(SigningKey.Use.RECEIPTS))
    response["Cache-Control"] = "public, max-age=60"
    response["Access-Control-Allow-Origin"] = "*"
    return response


def _history(user: Any, app: ConnectedApp) -> Iterator[str]:
    head = {
        "account": user.get_username(),
        "client_id": app.application.client_id,
        "client_name": client_name(app.application),
        "exported_at": timezone.now().isoformat(timespec="seconds"),
        "pages": dict(export_pages(user, app.application)),
    }
    return _json_list(head, "events", export_events(user, app.application))


def _json_list(head: dict[str, Any], name: str, items: Iterable[Any]) -> Iterator[str]:
    """Yield an object with one long list at its end, item by item."""
    yield f'{json.dumps(head, ensure_ascii=False)[:-1]}, "{name}": ['
    for number, item in enumerate(items):
        yield (", " if number else "") + json.dumps(item, ensure_ascii=False)
    yield "]}"
