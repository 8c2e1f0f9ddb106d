"""Refresh tokens; given to the toolkit by its setting, imported by nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.admin.token_base import RevocableAdmin

if TYPE_CHECKING:
    from django.utils.safestring import SafeString


class RefreshTokenAdmin(RevocableAdmin):
    """Refresh tokens, live and exchanged; the exchanged ones prove a replay."""

    what = "refresh"
    list_display = ("number", "user", "client", "state", "created")
    empty_text = _("Refresh tokens appear here as clients obtain them.")
    fields = ("user_link", "client", "family", "token_family", "state", "created", "revoked")

    @admin.display(description=_("state"))
    def state(self, token: Any) -> SafeString:
        """Return whether the token can still be exchanged, as a badge."""
        return display.badge(_("Revoked")) if token.revoked else display.badge(_("Live"), "good")
