"""Which authorization a token belongs to, by the token's checksum."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class IssuedToken(models.Model):
    """A token of an authorization; the toolkit's rows come and go, this one stays."""

    class Kind(models.TextChoices):
        """What the token is for."""

        ACCESS = "access", _("Access token")
        REFRESH = "refresh", _("Refresh token")

    checksum = models.CharField(max_length=64, primary_key=True)
    kind = models.CharField(_("kind"), max_length=7, choices=Kind.choices)
    authorization = models.ForeignKey(
        "idp.Authorization",
        on_delete=models.CASCADE,
        related_name="tokens",
        verbose_name=_("authorization"),
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"), null=True, db_index=True)
    used_at = models.DateTimeField(
        _("used"), null=True, help_text=_("When a refresh token was exchanged for its successor.")
    )
    answer = models.BinaryField(
        null=True,
        editable=False,
        help_text=_("The answer to its use, readable only with the token itself, for a retry."),
    )

    class Meta:
        """Found by checksum and by authorization."""

        verbose_name = _("issued token")
        verbose_name_plural = _("issued tokens")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.checksum[:8]}"
