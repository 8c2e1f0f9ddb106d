"""The one row that says how the whole site runs."""

from __future__ import annotations

import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _


def new_salt() -> str:
    """Return 256 random bits as hexadecimal text."""
    return secrets.token_hex(32)


class SiteState(models.Model):
    """Whether the rules report or enforce, and the version of the scope catalogue.

    Chosen at the first migration: a site that already has clients reports, a new one enforces.
    """

    class Mode(models.TextChoices):
        """What happens to a request that breaks a rule."""

        REPORT = "report", _("Report: refuse nothing, record what would be refused")
        ENFORCE = "enforce", _("Enforce: refuse what the rules refuse")

    mode = models.CharField(_("mode"), max_length=10, choices=Mode.choices)
    mode_changed_at = models.DateTimeField(_("mode changed"))
    catalogue_version = models.PositiveBigIntegerField(
        _("catalogue version"),
        default=1,
        help_text=_("Grows with each change of an API, scope, policy or their words."),
    )
    examined_at = models.DateTimeField(_("examined"), null=True, editable=False)
    examination = models.JSONField(
        default=dict,
        editable=False,
        help_text="What the doctor found then: by code, how many and the first of them.",
    )
    # No key of the site's settings: users would be strangers to their apps after its rotation.
    pairwise_salt = models.CharField(max_length=64, default=new_salt, editable=False)
    name_revision = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        """One row, with primary key 1."""

        verbose_name = _("site state")
        verbose_name_plural = _("site state")
        permissions = (("switch_mode", "Can switch between reporting and enforcing"),)
        constraints = (
            models.CheckConstraint(condition=models.Q(pk=1), name="idp_site_state_single_row"),
        )

    def __str__(self) -> str:
        return str(self.Mode(self.mode).label)
