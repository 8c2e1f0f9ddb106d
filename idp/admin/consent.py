"""Consents: what each user allows each client now, and taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.http import HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from idp.admin import display, user
from idp.admin.base import PartyAdmin
from idp.admin.chosen import challenge, end_many, older_one_by_one
from idp.admin.confirm import Question, ask, given_reason, is_confirmed
from idp.admin.filter import ClientFilter, TextFilter, UserFilter
from idp.models import Authorization, Consent, ConsentEvent, ConsentScope, ConsentSnapshot
from idp.services.consent import revoke_consent
from idp.services.origin import origin_of

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern
    from django.utils.safestring import SafeString

TONES = {"active": "good", "revoked": "danger", "expired": "plain"}
SCOPE_TONES = {"granted": "good", "declined": "plain", "narrowed": "warn"}
BATCH = 500
SHOWN = 20


class ScopeFilter(TextFilter):
    """Consents that grant one scope."""

    title = _("scope")
    parameter_name = "scope"
    hint = _("full name of a scope")

    def apply(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Return the consents in which this scope is granted."""
        granted = ConsentScope.objects.filter(scope=text, state=ConsentScope.State.GRANTED)
        return queryset.filter(pk__in=granted.values("consent"))


class ConsentAdmin(PartyAdmin):
    """The present state; the history is in the ledger."""

    change_form_template = "admin/idp/consent_detail.html"
    list_display = ("user", "client", "status_badge", "decided_at", "last_used_at", "expires_at")
    list_filter = ("status", ClientFilter, UserFilter, ScopeFilter, "duration", "decided_at")
    ordering = ("-id",)
    sortable_by = ()
    actions = ("revoke_selected",)
    lead = _("What each user allows each client now. How it came to be is in the consent ledger.")
    empty_text = _("When a user allows a client something, it will appear here.")
    fieldsets = (
        (None, {"fields": ("user_link", "client", "status_badge", "ended")}),
        (
            _("Since and until"),
            {"fields": ("created_at", "decided_at", "duration", "expires_at", "last_used_at")},
        ),
        (_("What"), {"fields": ("scope_table",)}),
        (_("Acts of authorization"), {"fields": ("authorization_table",)}),
        (_("History"), {"fields": ("history_table",)}),
    )

    def get_urls(self) -> list[URLPattern]:
        """Return the pages, with the one that revokes."""
        view = self.admin_site.admin_view(self.revoke_view)
        person = self.admin_site.admin_view(self.user_view)
        return [
            path("user/<path:object_id>/", person, name="idp_user"),
            path("<path:object_id>/revoke/", view, name="idp_consent_revoke"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Return the page of one consent, with the button for whoever may revoke."""
        context = {"may_revoke": self.may(request, "revoke"), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def user_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what the provider knows of one user, and lead to all of it."""
        return user.view(self, request, object_id)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Return whether the operator may take consents back."""
        return self.may(request, "revoke")

    @admin.action(description=_("Revoke selected consents …"), permissions=("revoke",))
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Revoke the chosen consents, after saying what ends."""
        question = _question(queryset)
        if not is_confirmed(request, question):
            return ask(self, request, question)
        active = queryset.filter(status=Consent.Status.ACTIVE)
        if (answer := end_many(self, request, active, "consent")) is not None:
            return answer
        count = self._revoke(request, queryset)
        words = ngettext("%(n)d consent is revoked.", "%(n)d consents are revoked.", count)
        messages.success(request, words % {"n": count})
        return None

    def revoke_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Revoke one consent, after saying what ends."""
        self.allow(permitted=self.may(request, "revoke"))
        consent = self.row_or_404(request, object_id)
        question = _question(Consent.objects.filter(pk=consent.pk), back="../change/")
        if not is_confirmed(request, question):
            return ask(self, request, question)
        self._revoke(request, Consent.objects.filter(pk=consent.pk))
        messages.success(request, _("The consent is revoked, with every token that rested on it."))
        return HttpResponseRedirect("../change/")

    def _revoke(self, request: HttpRequest, queryset: QuerySet[Any]) -> int:
        """Revoke row by row: each is one transaction, so that no lock is held for long."""
        reason, origin, now = given_reason(request), origin_of(request), timezone.now()
        keys = (
            queryset.filter(status=Consent.Status.ACTIVE)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        count = 0
        for pk in list(keys):
            consent = Consent.objects.select_related("user", "application").filter(pk=pk).first()
            if consent is None:
                continue
            revoke_consent(
                consent,
                actor="operator",
                reason=reason,
                by=request.user.get_username(),
                origin=origin,
                now=now,
            )
            self.log_change(request, consent, f"Revoked: {reason}")
            count += 1
        return count

    @admin.display(description=_("client"), ordering="application")
    def client(self, consent: Consent) -> SafeString | str:
        """Return the client with a link."""
        return display.client_link(consent.application)

    @admin.display(description=_("user"))
    def user_link(self, consent: Consent) -> SafeString | str:
        """Return the user with a link."""
        return display.user_link(consent.user)

    @admin.display(description=_("status"), ordering="status")
    def status_badge(self, consent: Consent) -> SafeString:
        """Return whether the consent holds, as a badge."""
        if consent.status == Consent.Status.ACTIVE and not consent.is_live(timezone.now()):
            return display.badge(Consent.Status.EXPIRED.label)
        return display.badge(consent.get_status_display(), TONES.get(consent.status, "plain"))

    @admin.display(description=_("ended"))
    def ended(self, consent: Consent) -> SafeString | str:
        """Return when and why it ended."""
        if consent.ended_at is None:
            return display.EMPTY
        return format_html("{} {}", display.moment(consent.ended_at), consent.ended_reason)

    @admin.display(description=_("scopes"))
    def scope_table(self, consent: Consent) -> SafeString:
        """Return the scopes with what was decided about each."""
        rows = list(consent.scopes.all()[:200])
        links = display.links_of_scopes(row.scope for row in rows)
        cells = (
            (
                links[row.scope],
                display.badge(row.get_state_display(), SCOPE_TONES.get(row.state, "plain")),
                display.moment(row.since),
                row.title or display.EMPTY,
                f"{row.policy} · {row.policy_revision}" if row.policy else display.EMPTY,
                _page_link(row.snapshot_digest),
            )
            for row in rows
        )
        heads = (
            _("Scope"),
            _("State"),
            _("Since"),
            _("Title as shown"),
            _("Policy and revision"),
            _("Page"),
        )
        return display.table(_("Scopes of this consent"), heads, cells)

    @admin.display(description=_("authorizations"))
    def authorization_table(self, consent: Consent) -> SafeString:
        """Return the newest acts of authorization that rest on the consent."""
        newest = Authorization.objects.filter(consent=consent).order_by("-created_at")[:SHOWN]
        rows = (
            (
                display.object_link(row, row.pk.hex[:8]),
                display.moment(row.created_at),
                display.codes(row.scopes.split()),
                display.moment(row.last_used_at),
                display.moment(row.ended_at, display.badge(_("Live"), "good")),
            )
            for row in newest
        )
        heads = (_("Id"), _("Since"), _("Scopes"), _("Last used"), _("Ended"))
        return display.table(_("Acts of authorization"), heads, rows)

    @admin.display(description=_("events"))
    def history_table(self, consent: Consent) -> SafeString:
        """Return the newest events of this user and client in the ledger."""
        subject = getattr(consent.user, "idp_subject", None)
        events = ConsentEvent.objects.filter(
            subject_key=subject.key if subject else "", client_id=consent.application.client_id
        ).order_by("-sequence")[:SHOWN]
        rows = (
            (
                display.object_link(row, row.get_kind_display()),
                display.moment(row.at),
                row.actor_name or row.get_actor_display(),
                display.codes(row.scopes_after.split()),
                row.reason or display.EMPTY,
            )
            for row in events
        )
        heads = (_("What"), _("When"), _("By"), _("Scopes after"), _("Reason"))
        return display.table(_("History of this consent"), heads, rows)


def _page_link(digest: str) -> SafeString | str:
    """Return a link to the page on which something was decided."""
    if not digest:
        return display.EMPTY
    return display.link(display.admin_url(ConsentSnapshot, "change", digest), f"{digest[:8]}…")


def _question(consents: QuerySet[Any], back: str = "") -> Question:
    live = consents.filter(status=Consent.Status.ACTIVE)
    number = live.count()
    ends = Authorization.objects.filter(consent__in=live.values("pk"), ended_at=None).count()
    return Question(
        title=ngettext("Revoke this consent?", "Revoke these consents?", number),
        sentences=(
            _(
                "Every token that rests on them ends at once: the next request of the client is "
                "refused."
            ),
            *older_one_by_one(number),
            _(
                "The user is asked again when the client comes back. The ledger keeps what was "
                "and who ended it."
            ),
        ),
        button=_("Revoke"),
        counts=(
            (_("Consents that hold"), number),
            (_("Users"), live.values("user").distinct().count()),
            (_("Clients"), live.values("application").distinct().count()),
            (_("Live authorizations that end"), ends),
        ),
        examples=tuple(str(row) for row in live.select_related("user", "application")[:5]),
        needs_reason=True,
        challenge=challenge(live, number),
        nothing="" if number else _("None of this holds any more: there is nothing to revoke."),
        back=back or reverse("admin:idp_consent_changelist"),
    )
