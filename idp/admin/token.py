"""Access tokens; given to the toolkit by its setting, imported by nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.admin.token_base import RevocableAdmin
from idp.services.access import Refusal, judge_access_token

if TYPE_CHECKING:
    from django.utils.safestring import SafeString


class AccessTokenAdmin(RevocableAdmin):
    """Access tokens, found by client or user, never by their value."""

    lead = _("To find out what a token is, paste it on “Find a token” of the authorizations.")
    empty_text = _("Access tokens appear here as clients obtain them.")
    fields = ("user_link", "client", "family", "scope_codes", "now", "created", "expires_at")

    @admin.display(description=_("what it may do now"))
    def now(self, token: Any) -> SafeString | str:
        """Return what the token may do at this moment, or why nothing."""
        access = judge_access_token(token.token_checksum)
        if isinstance(access, Refusal):
            return display.sentences([access.reason])
        return display.codes(sorted(access.scopes))
