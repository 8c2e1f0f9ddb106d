"""The consent ledger, read-only for everyone: search, the page as it was shown, and export."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import Http404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.admin.filter import ClientIdFilter, TextFilter
from idp.admin.keyset import KeysetAdmin
from idp.admin.ledger_badge import verification
from idp.admin.ledger_export import FORMATS, export
from idp.admin.ledger_who import who_context
from idp.admin.party import user_named
from idp.admin.snapshot import shown_page
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
    hint = _("full name of a scope")

    def apply(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Return the events with this scope as one word of a list of scopes."""
        return queryset.filter(holding_word(text, "scopes_before", "scopes_after", "declined"))


class PageFilter(TextFilter):
    """Events that were decided on one page."""

    title = _("page")
    parameter_name = "page"
    hint = _("digest of the page as shown")
    lookup = "snapshot_digest"


class ConsentEventAdmin(KeysetAdmin):
    """Every decision and change, each a link of its subject's chain."""

    change_list_template = "admin/idp/ledger_list.html"
    list_display = ("at", "kind_badge", "client_name", "who", "before", "after", "until", "actor")
    list_filter = (
        "kind", "actor", SubjectFilter, ClientIdFilter, ScopeFilter, PageFilter, "at",
    )  # fmt: skip
    ordering = ("-at", "-id")
    sortable_by = ()
    lead = _(
        "What users allowed, refused and took back. Nobody can change or remove a row, operators "
        "included."
    )
    empty_text = _("The first answer to a consent page will appear here.")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "kind_badge",
                    "at",
                    "client",
                    "user_link",
                    "who",
                    "actor",
                    "actor_name",
                    "reason",
                )
            },
        ),
        (_("What"), {"fields": ("before", "after_links", "refused", "how_long", "expires_at")}),
        (_("Where from"), {"fields": ("evidence", "request_id", "authorization_link")}),
        (_("The page as the person saw it"), {"fields": ("page_shown", "page_link")}),
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
    def after_links(self, event: ConsentEvent) -> SafeString | str:
        """Return the scopes that are granted since, each with a link."""
        return display.scope_links(event.scopes_after.split())

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
        """Return the client as it was called then, with a link to it as it is."""
        link = display.client_id_link(event.client_id, display.codes([event.client_id]))
        return format_html("{} {}", event.client_name, link)

    @admin.display(description=_("name"))
    def user_link(self, event: ConsentEvent) -> SafeString | str:
        """Return the user with a link, while there is one."""
        return display.user_link(_user_of(event))

    def neighbours(self, row: Any) -> dict[str, str]:
        """Return the client and the user that it is of, while there is one."""
        user = _user_of(row)
        named = {"user": user.get_username()} if user is not None else {}
        return {"client": row.client_id, **named}

    @admin.display(description=_("kept as"))
    def page_link(self, event: ConsentEvent) -> SafeString | str:
        """Return a link to the page, which leads to whoever else decided on it."""
        if not event.snapshot_digest:
            return display.EMPTY
        url = display.admin_url(ConsentSnapshot, "change", event.snapshot_digest)
        return display.link(url, event.snapshot_digest)

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


def _user_of(event: ConsentEvent) -> Any:
    """Return the user whose chain an event stands in; None once they are forgotten."""
    subject = Subject.objects.select_related("user").filter(key=event.subject_key).first()
    return subject.user if subject is not None else None
