"""Signed statements of clients that count once."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class UsedAssertion(models.Model):
    """That a client used a ``jti``; kept until the assertion could not be used again anyway.

    In the database, because whoever replays an assertion sends it to another process.
    """

    digest = models.CharField(
        max_length=64, primary_key=True, help_text=_("SHA-256 of the client's id and the jti.")
    )
    expires_at = models.DateTimeField(_("expires"), db_index=True)

    class Meta:
        """Unique by digest; found by age when they are removed."""

        verbose_name = _("used assertion")
        verbose_name_plural = _("used assertions")

    def __str__(self) -> str:
        return self.digest[:8]
