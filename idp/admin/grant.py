"""Authorization codes; given to the toolkit by its setting, imported by nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from idp.admin import display
from idp.admin.token_base import CredentialAdmin
from idp.models import Authorization
from idp.services.authorization import CODE_PREFIX

if TYPE_CHECKING:
    from django.utils.safestring import SafeString


class GrantAdmin(CredentialAdmin):
    """Codes; each lives for a minute or less and works once."""

    @admin.display(description=_("authorization"))
    def family(self, row: Any) -> SafeString | str:
        """Return the act of authorization that the code stands for."""
        digest = row.code.removeprefix(CODE_PREFIX)
        return display.object_link(Authorization.objects.filter(code_digest=digest).first())

    empty_text = _(
        "A code stands here only for the moment between the user's answer and its redemption."
    )
    fields = (
        "user_link",
        "client",
        "family",
        "scope_codes",
        "redirect_uri",
        "code_challenge_method",
        "created",
        "expires_at",
    )
