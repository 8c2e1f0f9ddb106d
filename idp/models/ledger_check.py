"""What verifications of the ledger found."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class LedgerCheck(models.Model):
    """One verification: how far it came, and what it found."""

    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(
        _("finished"), null=True, help_text=_("Empty while it runs, or after an interruption.")
    )
    events = models.PositiveBigIntegerField(_("events"), default=0)
    chains = models.PositiveBigIntegerField(_("chains"), default=0)
    broken = models.PositiveBigIntegerField(_("broken chains"), default=0)
    findings = models.JSONField(
        _("findings"), default=list, help_text=_("The first broken event of each broken chain.")
    )
    position = models.JSONField(default=dict, editable=False)
    checkpoint = models.CharField(
        _("checkpoint"), max_length=40, blank=True, help_text=_("When the one it used was written.")
    )

    class Meta:
        """Newest first."""

        verbose_name = _("ledger verification")
        verbose_name_plural = _("ledger verifications")
        ordering = ("-started_at", "-id")

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"
