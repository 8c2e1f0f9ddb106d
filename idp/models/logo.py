"""Pictures of clients, fetched once and served by the site itself."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from idp.conf import application_label


class ClientLogo(models.Model):
    """One picture of a client; earlier ones stay for the records of consents that showed them."""

    application = models.ForeignKey(
        application_label(),
        on_delete=models.CASCADE,
        related_name="idp_logos",
        verbose_name=_("client"),
    )
    digest = models.CharField(
        _("digest"), max_length=64, editable=False, help_text=_("SHA-256 of the picture.")
    )
    source = models.URLField(_("fetched from"), max_length=500)
    content_type = models.CharField(_("content type"), max_length=20)
    content = models.BinaryField(_("picture"), editable=False)
    width = models.PositiveSmallIntegerField(_("width"))
    height = models.PositiveSmallIntegerField(_("height"))
    fetched_at = models.DateTimeField(_("fetched"))

    class Meta:
        """Each picture of a client once; the one fetched last is shown."""

        verbose_name = _("client logo")
        verbose_name_plural = _("client logos")
        ordering = ("-fetched_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("application", "digest"), name="idp_client_logo_once"),
        )
        indexes = (models.Index(fields=("digest",), name="idp_client_logo_digest"),)

    def __str__(self) -> str:
        return self.digest[:12]
