"""ID tokens; given to the toolkit by its setting, imported by nobody else."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from idp.admin.token_base import CredentialAdmin


class IDTokenAdmin(CredentialAdmin):
    """What clients were told of a sign-in."""

    list_display = ("jti", "user", "client", "scope_codes", "created", "expires_at")
    lead = _(
        "Only ID tokens of before stand here: since then none is stored, and what one said stands "
        "in its authorization. To find out what an ID token is, paste it on “Find a token”."
    )
    empty_text = _(
        "None is stored: what an ID token said stands in the authorization that it came of."
    )
    fields = ("jti", "user_link", "client", "scope_codes", "created", "expires_at")
