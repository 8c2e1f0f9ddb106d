"""Security events: what happened, to whom, from where, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from idp.admin import display, event_group
from idp.admin.event_meaning import MEANINGS, UNKNOWN, told
from idp.admin.filter import AddressFilter, ClientIdFilter, UserFilter
from idp.admin.keyset import KeysetAdmin
from idp.models import ConsentEvent, SecurityEvent, SigningKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern
    from django.utils.safestring import SafeString

TONES = {"info": "plain", "warning": "warn", "error": "danger"}
FREQUENT = 100
JUDGED_KEYS = ("auth_age", "acr")
OBJECTS = (
    ("authorization", "authorization", _("The authorization that it came of")),
    ("device", "deviceauthorization", _("The device that it is about")),
    ("task", "bulktask", _("The task that did it")),
)
"""What an event names in its detail, with the model that has a page of it."""
SCOPE_KEYS = ("scope", "scopes", "asked", "requested")


class KindFilter(admin.SimpleListFilter):
    """Events of one subject or kind, as they are in the table: their number is small by nature."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the first word of every kind, then the kinds that were seen lately."""
        newest = SecurityEvent.objects.order_by("-last_at", "-id").values_list("kind", flat=True)
        kinds = sorted(set(newest[:1000]))
        subjects = sorted({kind.partition(".")[0] for kind in kinds})
        return [(f"{subject}.", f"{subject}.…") for subject in subjects] + [(k, k) for k in kinds]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the kind, or of all kinds that begin with the word."""
        value = self.value()
        if not value:
            return queryset
        return (
            queryset.filter(kind__startswith=value)
            if value.endswith(".")
            else queryset.filter(kind=value)
        )


class SecurityEventAdmin(KeysetAdmin):
    """Events, newest first; the same again within the hour is one row with a count."""

    change_list_template = "admin/idp/event_list.html"
    keyset_field = "last_at"
    list_display = (
        "last_at",
        "told",
        "severity_badge",
        "client",
        "user",
        "address",
        "why",
        "times",
    )
    list_filter = ("severity", KindFilter, ClientIdFilter, UserFilter, AddressFilter, "last_at")
    list_select_related = ("user",)
    search_fields = ("request_id",)
    search_help_text = _("The reference number of an error page, or a client id.")
    ordering = ("-last_at", "-id")
    sortable_by = ()
    lead = _("What was refused, ended or changed. Rows that repeat are counted, not added.")
    empty_text = _("Refused requests, replayed tokens and changes by operators will appear here.")
    fieldsets = (
        (None, {"fields": ("meaning", "what", "severity_badge", "why")}),
        (_("How often"), {"fields": ("times", "first_at", "last_at")}),
        (_("Who and where"), {"fields": ("client", "user_link", "address", "request_id")}),
        (_("What came with it"), {"fields": ("details",)}),
        (_("What to do"), {"fields": ("remedy",)}),
    )

    def get_urls(self) -> list[URLPattern]:
        """Return the pages, with the one that groups."""
        view = self.admin_site.admin_view(self.group_view)
        return [path("groups/", view, name="idp_securityevent_groups"), *super().get_urls()]

    def group_view(self, request: HttpRequest) -> HttpResponse:
        """Show the events of some time with the same again as one row."""
        self.allow(permitted=self.has_view_permission(request))
        context = event_group.context(request.GET, self.admin_site.name, timezone.now())
        return self.page(request, "admin/idp/event_groups.html", context)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the events with this reference, or of this client."""
        term = search_term.strip().replace("\0", "")
        if not term:
            return queryset, False
        by_reference = queryset.filter(request_id=term)
        return (by_reference if by_reference.exists() else queryset.filter(client_id=term)), False

    @admin.display(description=_("event"))
    def told(self, event: SecurityEvent) -> SafeString:
        """Return what happened in a sentence, with the kind as it is written in logs."""
        return told(event.kind)

    @admin.display(description=_("event"))
    def what(self, event: SecurityEvent) -> SafeString:
        """Return the kind as it is written in logs."""
        return format_html('<code class="desk-code">{}</code>', event.kind)

    @admin.display(description=_("what happened"))
    def meaning(self, event: SecurityEvent) -> str:
        """Return what happened, in a sentence."""
        return str(MEANINGS.get(event.kind, UNKNOWN).what)

    @admin.display(description=_("severity"))
    def severity_badge(self, event: SecurityEvent) -> SafeString:
        """Return the severity as a badge."""
        return display.badge(event.get_severity_display(), TONES.get(event.severity, "plain"))

    @admin.display(description=_("client"))
    def client(self, event: SecurityEvent) -> SafeString | str:
        """Return the client as it named itself, leading to all that it did."""
        return display.client_id_link(event.client_id)

    @admin.display(description=_("user"))
    def user_link(self, event: SecurityEvent) -> SafeString | str:
        """Return the user with a link."""
        return display.user_link(event.user)

    @admin.display(description=_("why"))
    def why(self, event: SecurityEvent) -> SafeString | str:
        """Return the reasons in sentences."""
        return display.sentences(event.reasons)

    @admin.display(description=_("times"), ordering="count")
    def times(self, event: SecurityEvent) -> SafeString:
        """Return how often it happened."""
        return display.badge(f"{event.count} ×", "warn" if event.count >= FREQUENT else "plain")

    @admin.display(description=_("detail"))
    def details(self, event: SecurityEvent) -> SafeString | str:
        """Return the plain values that were recorded."""
        if not event.detail:
            return display.EMPTY
        return display.facts((key, _shown(value)) for key, value in sorted(event.detail.items()))

    @admin.display(description=_("remedy"))
    def remedy(self, event: SecurityEvent) -> SafeString | str:
        """Return what to do, and where to go next: rules, client, user, address."""
        links = [display.link(url, words) for words, url in self._ways(event) if url]
        return format_html(
            '<p>{}</p><ul class="desk-ways">{}</ul>',
            MEANINGS.get(event.kind, UNKNOWN).remedy,
            format_html_join("", "<li>{}</li>", ((item,) for item in links)),
        )

    def _ways(self, event: SecurityEvent) -> list[tuple[Any, str]]:
        ways = [(_("Explain this decision, rule by rule"), self._explain(event))]
        if event.client_id:
            others = f"?{urlencode({'client': event.client_id})}"
            ways.append((_("Everything that this client met"), f"../../{others}"))
        if event.user_id:
            of_user = f"?{urlencode({'user': event.user_id})}"
            ways.append((_("Everything that this user met"), f"../../{of_user}"))
        ways += self._objects(event.detail or {})
        if event.client_id and event.user is not None:
            pair = {"client": event.client_id, "user": event.user.get_username()}
            ledger = display.admin_url(ConsentEvent, "changelist")
            ways.append(
                (_("What this user decided about this client"), f"{ledger}?{urlencode(pair)}")
            )
        if event.address:
            ways.append(
                (
                    _("Everything from this address"),
                    f"../../?{urlencode({'address': event.address})}",
                )
            )
        return ways

    def _objects(self, detail: dict[str, Any]) -> Iterator[tuple[Any, str]]:
        """Yield the ways to what an event names."""
        for key, model, words in OBJECTS:
            if value := detail.get(key):
                name = f"{self.admin_site.name}:idp_{model}_change"
                yield words, reverse(name, args=(quote(str(value)),))
        signer = SigningKey.objects.filter(kid=str(detail.get("kid") or "")).first()
        if signer is not None:
            yield _("The key that it is about"), display.object_url(signer)

    def _explain(self, event: SecurityEvent) -> str:
        return explain_url(self.admin_site.name, event.client_id, event.user_id, event.detail)


def explain_url(site: str, client_id: str, user_id: Any, detail: Any) -> str:
    """Return where a refusal is explained, with what it was judged by; empty without scopes.

    Args:
        site: name of the admin site.
        client_id: the client.
        user_id: key of the user, or None.
        detail: what was recorded with the event.
    """
    known = detail if isinstance(detail, dict) else {}
    scopes = next((known[key] for key in SCOPE_KEYS if known.get(key)), "")
    if not (client_id and scopes):
        return ""
    names = scopes if isinstance(scopes, str) else " ".join(str(name) for name in scopes)
    asked = {
        "client_id": client_id,
        "scope": names,
        "grant_type": known.get("grant_type") or "authorization_code",
        **{name: str(known[name]) for name in JUDGED_KEYS if known.get(name) not in (None, "")},
    }
    if user_id:
        asked["user"] = str(user_id)
    return f"{reverse(f'{site}:idp_explain')}?{urlencode(asked)}"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_shown(item)}" for key, item in value.items())
    if isinstance(value, list):
        return " ".join(_shown(item) for item in value)
    return str(value)
