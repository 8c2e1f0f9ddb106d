"""Consent pages as they were shown: drawn again from what the ledger keeps of them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.contrib import admin
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.admin.base import RecordAdmin
from idp.domain.snapshot import document_from_dict
from idp.models import ConsentEvent, ConsentSnapshot

if TYPE_CHECKING:
    from django.utils.safestring import SafeString


def shown_page(digest: str) -> SafeString | str:
    """Return a consent page as it was shown, drawn without a control."""
    snapshot = ConsentSnapshot.objects.filter(pk=digest).first() if digest else None
    if snapshot is None:
        return gettext("No page was shown.")
    try:
        document = document_from_dict(snapshot.document)
    except (KeyError, TypeError, ValueError):
        return gettext("This page was kept by an older version and cannot be drawn.")
    drawn = render_to_string(
        "idp/partials/consent_document.html", {"document": document, "read_only": True}
    )
    return format_html(
        '<div class="idp desk-paper"><article class="idp-sheet">{}</article></div>', drawn
    )


class ConsentSnapshotAdmin(RecordAdmin):
    """Consent pages, each kept once under the digest of its words."""

    list_display = ("created_at", "client_name", "language", "digest")
    ordering = ("-created_at",)
    sortable_by = ()
    lead = _("Pages that users answered, word for word. The same words are kept once.")
    empty_text = _("Each page that a user answers is kept here once.")
    fields = ("digest", "client_name", "language", "created_at", "events", "drawn")
    readonly_fields = fields

    class Media:
        """What the pages load: the consent page is drawn in its own style."""

        css = {"all": ("idp/idp.css",)}

    @admin.display(description=_("client"))
    def client_name(self, snapshot: ConsentSnapshot) -> SafeString | str:
        """Return whose page it was, with a link."""
        client = snapshot.document.get("client") or {}
        client_id = str(client.get("client_id") or "")
        return display.client_id_link(client_id, client.get("name") or client_id)

    @admin.display(description=_("events"))
    def events(self, snapshot: ConsentSnapshot) -> SafeString:
        """Return the way to the decisions that were made on this page."""
        url = display.admin_url(ConsentEvent, "changelist")
        words = _("What was decided on this page")
        return display.link(f"{url}?{urlencode({'page': snapshot.digest})}", words)

    @admin.display(description=_("language"))
    def language(self, snapshot: ConsentSnapshot) -> str:
        """Return the language of the page."""
        return snapshot.document.get("language") or display.EMPTY

    @admin.display(description=_("page"))
    def drawn(self, snapshot: ConsentSnapshot) -> SafeString | str:
        """Return the page."""
        return shown_page(snapshot.digest)
