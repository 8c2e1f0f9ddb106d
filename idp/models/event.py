"""What happened that an operator may want to know."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SecurityEvent(models.Model):
    """One kind of event of one client and address within an hour; repeated, it only counts."""

    class Severity(models.TextChoices):
        """How much it matters."""

        INFO = "info", _("Info")
        WARNING = "warning", _("Warning")
        ERROR = "error", _("Error")

    kind = models.CharField(_("kind"), max_length=60)
    severity = models.CharField(_("severity"), max_length=10, choices=Severity.choices)
    first_at = models.DateTimeField(_("first"))
    last_at = models.DateTimeField(_("last"))
    client_id = models.CharField(_("client id"), max_length=255, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("user"),
    )
    address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    request_id = models.CharField(_("reference"), max_length=64, blank=True, db_index=True)
    reasons = models.JSONField(_("reasons"), default=list)
    detail = models.JSONField(_("detail"), default=dict)
    count = models.PositiveIntegerField(_("count"), default=1)
    fingerprint = models.CharField(max_length=64, unique=True, editable=False)

    class Meta:
        """Newest first."""

        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ("-last_at", "-id")
        indexes = (
            models.Index(fields=("-last_at", "-id"), name="idp_event_last"),
            models.Index(fields=("kind", "-last_at"), name="idp_event_kind"),
            models.Index(fields=("client_id", "-last_at"), name="idp_event_client"),
            models.Index(fields=("address", "-last_at"), name="idp_event_address"),
            models.Index(fields=("severity", "-last_at"), name="idp_event_severity"),
        )

    def __str__(self) -> str:
        return self.kind
