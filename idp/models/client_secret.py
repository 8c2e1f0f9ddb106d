"""The secrets of a client."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from idp.conf import application_label


class ClientSecret(models.Model):
    """One secret of a client: shown once, kept as a salted digest."""

    application = models.ForeignKey(
        application_label(),
        on_delete=models.CASCADE,
        related_name="idp_secrets",
        verbose_name=_("client"),
    )
    label = models.CharField(_("label"), max_length=100, blank=True)
    salt = models.CharField(max_length=32, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    slow_hash = models.CharField(
        max_length=255,
        blank=True,
        editable=False,
        help_text=_("Instead of a digest, for a secret that we did not make."),
    )
    last_four = models.CharField(_("last four characters"), max_length=4, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("created by"),
    )
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)

    class Meta:
        """Newest first."""

        verbose_name = _("client secret")
        verbose_name_plural = _("client secrets")
        permissions = (("rotate_clientsecret", "Can issue, rotate and revoke secrets of clients"),)
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return str(self.label or _("secret"))
