"""ID tokens; given to the toolkit by its setting, imported by nobody else."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from idp.admin.token_base import CredentialAdmin


class IDTokenAdmin(CredentialAdmin):
    """What clients were told of a sign-in."""

    list_display = ("jti", "user", "client", "scope_codes", "created", "expires_at")
    empty_text = _("ID tokens appear here as clients with the scope “openid” sign users in.")
    fields = ("jti", "user_link", "client", "scope_codes", "created", "expires_at")
