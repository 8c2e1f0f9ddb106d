"""Keys that sign, kept encrypted."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SigningKey(models.Model):
    """One key pair and where it stands in its life."""

    class Use(models.TextChoices):
        """What the key signs."""

        TOKENS = "tokens", _("Tokens")
        RECEIPTS = "receipts", _("Receipts")

    class State(models.TextChoices):
        """A key is announced before it signs, and published until its last token is dead."""

        ANNOUNCED = "announced", _("Announced")
        ACTIVE = "active", _("Active")
        RETIRING = "retiring", _("Retiring")
        RETIRED = "retired", _("Retired")

    kid = models.CharField(_("key id"), max_length=100, unique=True)
    algorithm = models.CharField(_("algorithm"), max_length=10)
    use = models.CharField(_("use"), max_length=10, choices=Use.choices, default=Use.TOKENS)
    state = models.CharField(_("state"), max_length=10, choices=State.choices)
    public_jwk = models.JSONField(_("public key"))
    private_key = models.TextField(editable=False)
    encryption_key_id = models.CharField(_("encrypted under"), max_length=16, blank=True)
    source = models.CharField(_("source"), max_length=20, default="generated")
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    activated_at = models.DateTimeField(_("active since"), null=True, blank=True)
    retiring_at = models.DateTimeField(_("retiring since"), null=True, blank=True)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)

    class Meta:
        """One active key an algorithm and use, and one that follows it."""

        verbose_name = _("signing key")
        verbose_name_plural = _("signing keys")
        permissions = (("rotate_signingkey", "Can rotate signing keys"),)
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("algorithm", "use"),
                condition=models.Q(state="active"),
                name="idp_signing_key_one_active",
            ),
            models.UniqueConstraint(
                fields=("algorithm", "use"),
                condition=models.Q(state="announced"),
                name="idp_signing_key_one_announced",
            ),
        )

    def __str__(self) -> str:
        return self.kid
