"""Signing keys on their time line: announced, active, retiring, retired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.http import HttpResponseRedirect
from django.urls import path
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.admin.base import RecordAdmin
from idp.admin.confirm import Question, ask, is_confirmed
from idp.models import SigningKey
from idp.services import key as keys

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern
    from django.utils.safestring import SafeString

TONES = {"announced": "plain", "active": "good", "retiring": "warn", "retired": "plain"}


class SigningKeyAdmin(RecordAdmin):
    """Keys that sign; the private halves are never shown."""

    change_list_template = "admin/idp/signing_key_list.html"
    list_display = ("kid", "algorithm", "use", "state_badge", "time_line")
    list_filter = ("state", "use", "algorithm")
    ordering = ("-created_at",)
    lead = _(
        "A key is published before it signs, so that every client knows it in time, and stays "
        "published until "
        "the last token that it signed is dead."
    )
    empty_text = _("The first key is made when the first token is signed.")
    fieldsets = (
        (None, {"fields": ("kid", "algorithm", "use", "state_badge", "time_line")}),
        (_("Origin"), {"fields": ("source", "encryption_key_id")}),
        (_("Public key"), {"fields": ("public_jwk",)}),
    )

    def get_urls(self) -> list[URLPattern]:
        """Return the pages, with the one that rotates."""
        view = self.admin_site.admin_view(self.rotate_view)
        return [path("rotate/", view, name="idp_signingkey_rotate"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Return the list, with the button for whoever may rotate."""
        may = self.may(request, "rotate")
        return super().changelist_view(request, {"may_rotate": may, **(extra_context or {})})

    def rotate_view(self, request: HttpRequest) -> HttpResponse:
        """Announce a successor of the active key, after asking."""
        self.allow(permitted=self.may(request, "rotate"))
        question = Question(
            title=_("Rotate the signing key?"),
            sentences=(
                _(
                    "A new RS256 key is announced now. It signs as soon as every client can know "
                    "it."
                ),
                _(
                    "The present key then signs nothing more, and stays published until its last "
                    "token is dead."
                ),
                _("No client and no user notices."),
            ),
            button=_("Announce a new key"),
            back="../",
            danger=False,
        )
        if not is_confirmed(request, question):
            return ask(self, request, question)
        key = keys.rotate_key(by=request.user.get_username())
        self.log_addition(request, key, f"Announced {key.kid}")
        messages.success(request, _("Key %(kid)s is announced.") % {"kid": key.kid})
        return HttpResponseRedirect("../")

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, key: SigningKey) -> SafeString:
        """Return the state as a badge."""
        return display.badge(key.get_state_display(), TONES.get(key.state, "plain"))

    @admin.display(description=_("time line"))
    def time_line(self, key: SigningKey) -> SafeString:
        """Return when the key entered each state."""
        steps = (
            (_("Announced"), key.created_at),
            (_("Active"), key.activated_at),
            (_("Retiring"), key.retiring_at),
            (_("Retired"), key.retired_at),
        )
        return format_html(
            '<ol class="desk-line">{}</ol>',
            format_html_join(
                "",
                '<li class="desk-line__step desk-line__step--{}"><span>{}</span> {}</li>',
                (("past" if at else "to-come", words, display.moment(at)) for words, at in steps),
            ),
        )
