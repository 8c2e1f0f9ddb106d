"""The consent ledger, read-only for everyone: search, the page as it was shown, and export."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import Http404
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.admin.base import RecordAdmin
from idp.admin.filter import ClientIdFilter, TextFilter
from idp.admin.keyset import KeysetAdmin
from idp.admin.ledger_badge import verification
from idp.admin.ledger_export import FORMATS, export
from idp.admin.ledger_who import who_context
from idp.admin.party import user_named
from idp.domain.snapshot import document_from_dict
from idp.models import Consent, ConsentEvent, ConsentEvidence, ConsentSnapshot, Subject
from idp.models.expression import holding_word

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse, HttpResponseBase
    from django.urls import URLPattern
    from django.utils.safestring import SafeString

TONES = {
    "granted": "good",
    "extended": "good",
    "renewed": "good",
    "imported": "plain",
    "narrowed": "warn",
    "expired": "plain",
    "declined": "plain",
    "revoked": "danger",
}


class SubjectFilter(TextFilter):
    """Events of one user, looked up by name, or of one subject key."""

    title = _("user")
    parameter_name = "user"
    hint = _("sign-in name, address, id or subject key")

    def apply(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Return the chain of this user."""
        user = user_named(text)
        known = Subject.objects.filter(user=user.pk) if user else Subject.objects.filter(key=text)
        return queryset.filter(subject_key__in=list(known.values_list("key", flat=True)) or [text])


class ScopeFilter(TextFilter):
    """Events that name one scope, before or after."""

    title = _("scope")
    parameter_name = "scope"
    hint = _("exactly")

    def apply(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Return the events with this scope as one word of a list of scopes."""
        return queryset.filter(holding_word(text, "scopes_before", "scopes_after", "declined"))


class ConsentEventAdmin(KeysetAdmin):
    """Every decision and change, each a link of its subject's chain."""

    change_list_template = "admin/idp/ledger_list.html"
    list_display = ("at", "kind_badge", "client_name", "who", "before", "after", "until", "actor")
    list_filter = ("kind", "actor", SubjectFilter, ClientIdFilter, ScopeFilter, "at")
    ordering = ("-at", "-id")
    sortable_by = ()
    lead = _(
        "What users allowed, refused and took back. Nobody can change or remove a row, operators "
        "included."
    )
    empty_text = _("The first answer to a consent page will appear here.")
    fieldsets = (
        (None, {"fields": ("kind_badge", "at", "client", "who", "actor", "actor_name", "reason")}),
        (_("What"), {"fields": ("before", "after", "refused", "how_long", "expires_at")}),
        (_("Where from"), {"fields": ("evidence", "request_id", "authorization_link")}),
        (_("The page as the person saw it"), {"fields": ("page_shown",)}),
        (_("Chain"), {"fields": ("event_id", "sequence", "previous_digest", "digest", "extra")}),
    )

    class Media:
        """What the pages load: the consent page is drawn in its own style."""

        css = {"all": ("idp/idp.css",)}

    def get_urls(self) -> list[URLPattern]:
        """Return the pages, with the exports."""
        view = self.admin_site.admin_view(self.export_view)
        who = self.admin_site.admin_view(self.who_view)
        return [
            path("who/", who, name="idp_consentevent_who"),
            path("export/<slug:kind>/", view, name="idp_consentevent_export"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Return the list under a badge of the last verification."""
        badge = verification(timezone.now(), self.admin_site.name)
        known = {"verification": badge, "may_export": self.has(request, "export_ledger")}
        return super().changelist_view(request, {**(extra_context or {}), **known})

    def who_view(self, request: HttpRequest) -> HttpResponse:
        """Show who had access to what on a day."""
        self.allow(permitted=self.has_view_permission(request))
        context = who_context(request.GET, self.admin_site.name)
        context.update(title=_("Who had access to what"), needs_i18n=True)
        context["media"] = self.media + context["form"].media
        return self.page(request, "admin/idp/ledger_who.html", context)

    def export_view(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        """Stream the rows of the present filters as CSV or JSON.

        Raises:
            Http404: no such format.
        """
        self.allow(permitted=self.has_view_permission(request))
        self.allow(permitted=self.has(request, "export_ledger"))
        if kind not in FORMATS:
            raise Http404
        return export(self.get_changelist_instance(request).queryset, kind)

    @admin.display(description=_("duration"))
    def how_long(self, event: ConsentEvent) -> str:
        """Return for how long the user allowed it, in words."""
        words = dict(Consent.Duration.choices)
        return str(words.get(event.duration, event.duration)) or display.EMPTY

    @admin.display(description=_("what"), ordering="kind")
    def kind_badge(self, event: ConsentEvent) -> SafeString:
        """Return what happened as a badge."""
        return display.badge(event.get_kind_display(), TONES.get(event.kind, "plain"))

    @admin.display(description=_("user"))
    def who(self, event: ConsentEvent) -> SafeString:
        """Return the subject's key, which leads to its whole chain."""
        return format_html(
            '<a href="{}?user={}"><code class="desk-code">{}</code></a>',
            reverse(f"{self.admin_site.name}:idp_consentevent_changelist"),
            event.subject_key,
            f"{event.subject_key[:8]}…",
        )

    @admin.display(description=_("scopes before"))
    def before(self, event: ConsentEvent) -> SafeString | str:
        """Return the scopes that were granted."""
        return display.codes(event.scopes_before.split())

    @admin.display(description=_("scopes after"))
    def after(self, event: ConsentEvent) -> SafeString | str:
        """Return the scopes that are granted since."""
        return display.codes(event.scopes_after.split())

    @admin.display(description=_("scopes declined"))
    def refused(self, event: ConsentEvent) -> SafeString | str:
        """Return the scopes that were offered and not taken."""
        return display.codes(event.declined.split())

    @admin.display(description=_("until"))
    def until(self, event: ConsentEvent) -> SafeString | str:
        """Return when the consent ends."""
        return display.moment(event.expires_at)

    @admin.display(description=_("client"))
    def client(self, event: ConsentEvent) -> SafeString:
        """Return the client as it was called then."""
        return format_html(
            '{} <code class="desk-code">{}</code>', event.client_name, event.client_id
        )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the groups of fields; address and browser for whoever may see evidence."""
        groups = super().get_fieldsets(request, obj)
        if self.may(request, "view", ConsentEvidence):
            return groups
        return [
            (title, {**group, "fields": [name for name in group["fields"] if name != "evidence"]})
            for title, group in groups
        ]

    @admin.display(description=_("address and browser"))
    def evidence(self, event: ConsentEvent) -> SafeString | str:
        """Return what is kept of the request; it can be erased without breaking the chain."""
        kept = ConsentEvidence.objects.filter(event_id=event.event_id).first()
        if kept is None:
            return gettext("Not kept, or erased.") if event.evidence_commitment else display.EMPTY
        return format_html(
            "{} · {}", kept.ip_address or display.EMPTY, kept.user_agent or display.EMPTY
        )

    @admin.display(description=_("authorization"))
    def authorization_link(self, event: ConsentEvent) -> SafeString | str:
        """Return a link to the act of authorization."""
        if not event.authorization:
            return display.EMPTY
        url = reverse(
            f"{self.admin_site.name}:idp_authorization_change", args=(event.authorization,)
        )
        return display.link(url, event.authorization)

    @admin.display(description=_("page"))
    def page_shown(self, event: ConsentEvent) -> SafeString | str:
        """Return the consent page, drawn from what the ledger keeps of it."""
        return shown_page(event.snapshot_digest)


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

    list_display = ("digest", "client_name", "language", "created_at")
    ordering = ("-created_at",)
    sortable_by = ()
    empty_text = _("Each page that a user answers is kept here once.")
    fields = ("digest", "created_at", "drawn")
    readonly_fields = fields

    class Media:
        """What the pages load: the consent page is drawn in its own style."""

        css = {"all": ("idp/idp.css",)}

    @admin.display(description=_("client"))
    def client_name(self, snapshot: ConsentSnapshot) -> str:
        """Return whose page it was."""
        client = snapshot.document.get("client") or {}
        return client.get("name") or client.get("client_id") or display.EMPTY

    @admin.display(description=_("language"))
    def language(self, snapshot: ConsentSnapshot) -> str:
        """Return the language of the page."""
        return snapshot.document.get("language") or display.EMPTY

    @admin.display(description=_("page"))
    def drawn(self, snapshot: ConsentSnapshot) -> SafeString | str:
        """Return the page."""
        return shown_page(snapshot.digest)
