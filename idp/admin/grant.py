"""Authorization codes; given to the toolkit by its setting, imported by nobody else."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from idp.admin.token_base import CredentialAdmin


class GrantAdmin(CredentialAdmin):
    """Codes; each lives for a minute or less and works once."""

    empty_text = _(
        "A code stands here only for the moment between the user's answer and its redemption."
    )
    fields = (
        "user_link",
        "client",
        "scope_codes",
        "redirect_uri",
        "code_challenge_method",
        "created",
        "expires_at",
    )
