"""Sign-out messages to clients: waiting, delivered, given up, and sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from idp.admin import display
from idp.admin.base import RecordAdmin
from idp.admin.confirm import LARGE, Question, ask, given_reason, is_confirmed
from idp.admin.filter import ClientFilter
from idp.models import LogoutDelivery, SignIn
from idp.services.logout import retry_deliveries
from idp.services.logout_delivery import ATTEMPTS

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString

TONES = {"waiting": "warn", "delivered": "good", "failed": "danger"}


class LogoutDeliveryAdmin(RecordAdmin):
    """Messages, newest first; who signed out is not told, only what the client knows them by."""

    list_display = ("created_at", "client", "state_badge", "tries", "answer", "next")
    list_filter = ("state", ClientFilter, "created_at")
    list_select_related = ("application",)
    ordering = ("-created_at", "-id")
    sortable_by = ()
    actions = ("retry_selected",)
    lead = _(
        "Clients that registered for it hear when a session ends. “manage.py idp logout deliver "
        "--watch” sends what waits here."
    )
    empty_text = _(
        "When somebody signs out who used a client with a sign-out address, the message to it "
        "will appear here."
    )
    fieldsets = (
        (None, {"fields": ("client", "state_badge", "tries", "answer")}),
        (_("Life"), {"fields": ("created_at", "next", "ended_at")}),
        (_("What it says"), {"fields": ("issuer", "subject", "sid", "sign_in")}),
    )

    def neighbours(self, row: Any) -> dict[str, str]:
        """Return whom it tells."""
        return {"client": row.application.client_id}

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Return whether the operator may send messages again."""
        return self.has(request, "retry_logoutdelivery")

    @admin.action(description=_("Send selected messages again …"), permissions=("retry",))
    def retry_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Let the chosen messages be sent again, after asking."""
        question = Question(
            title=_("Send these messages again?"),
            sentences=(
                _("They are due at once, with all their attempts anew. Delivered ones stay so."),
            ),
            button=_("Send again"),
            counts=((_("Messages"), queryset.count()),),
            needs_reason=True,
            back=display.admin_url(LogoutDelivery, "changelist"),
            danger=False,
        )
        if not is_confirmed(request, question):
            return ask(self, request, question)
        rows = list(queryset[:LARGE])
        count = retry_deliveries(
            LogoutDelivery.objects.filter(pk__in=[row.pk for row in rows]),
            by=request.user.get_username(),
            reason=given_reason(request),
            now=timezone.now(),
        )
        for row in rows:
            self.log_change(request, row, f"Sent again: {given_reason(request)}")
        words = ngettext("%(n)d message waits again.", "%(n)d messages wait again.", count)
        messages.success(request, words % {"n": count})
        return None

    @admin.display(description=_("client"))
    def client(self, row: LogoutDelivery) -> SafeString | str:
        """Return the client with a link to its page."""
        return display.client_link(row.application)

    @admin.display(description=_("sign-in"))
    def sign_in(self, row: LogoutDelivery) -> SafeString | str:
        """Return the sign-in whose end it tells, while that is kept."""
        ended = SignIn.objects.filter(sid=row.sid).first()
        return display.object_link(ended, display.moment(ended.at)) if ended else display.EMPTY

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, row: LogoutDelivery) -> SafeString:
        """Return the state as a badge."""
        return display.badge(row.get_state_display(), TONES.get(row.state, "plain"))

    @admin.display(description=_("attempts"))
    def tries(self, row: LogoutDelivery) -> str:
        """Return how many attempts were made, of how many."""
        return f"{row.attempts} / {ATTEMPTS}"

    @admin.display(description=_("next attempt"))
    def next(self, row: LogoutDelivery) -> SafeString | str:
        """Return when it is tried next, if it is."""
        waiting = row.state == LogoutDelivery.State.WAITING
        return display.moment(row.next_at if waiting else None)
