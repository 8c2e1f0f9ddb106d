"""What the sample API keeps: somebody's photos."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Photo(models.Model):
    """One photo of one person."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="photos",
        verbose_name=_("owner"),
    )
    title = models.CharField(_("title"), max_length=120)
    content = models.BinaryField(_("picture"), help_text=_("PNG."))
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        """Newest first."""

        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering = ("-created_at", "id")
        indexes = (models.Index(fields=("owner", "-created_at"), name="api_photo_of_owner"),)

    def __str__(self) -> str:
        return self.title
