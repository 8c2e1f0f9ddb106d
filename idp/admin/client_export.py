"""One client as a file that the command line applies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.utils import timezone
from django.utils.text import slugify

from idp.services.client_entry import export_client

if TYPE_CHECKING:
    from django.http import HttpRequest

    from idp.admin.base import DeskAdmin


def view(desk: DeskAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """Return the file; it has no secret in it."""
    application = desk.row_or_404(request, object_id)
    desk.allow(permitted=desk.has_view_permission(request, application))
    text = export_client(application, timezone.now())
    response = HttpResponse(text, content_type="application/toml; charset=utf-8")
    name = slugify(application.client_id)[:60] or "client"
    response["Content-Disposition"] = f'attachment; filename="{name}.toml"'
    response["Cache-Control"] = "no-store"
    return response
