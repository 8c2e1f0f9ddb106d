"""The present state of consent; its history is in the ledger."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from idp.conf import application_label


def new_subject_key() -> str:
    """Return a random key of 128 bits, 32 hexadecimal digits, that says nothing about its user."""
    return secrets.token_hex(16)


class Subject(models.Model):
    """A user as the ledger knows them; its row is the lock of the user's chain, taken last."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="idp_subject",
        verbose_name=_("user"),
    )
    key = models.CharField(_("subject key"), max_length=32, unique=True, default=new_subject_key)
    epoch = models.PositiveBigIntegerField(_("epoch"), default=0, editable=False)
    head_sequence = models.PositiveBigIntegerField(default=0, editable=False)
    head_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        """One row a user."""

        verbose_name = _("subject")
        verbose_name_plural = _("subjects")

    def __str__(self) -> str:
        return self.key


class ConsentQuerySet(models.QuerySet["Consent"]):
    """Queries over consents."""

    def live(self, now: datetime) -> ConsentQuerySet:
        """Return the consents that hold at ``now``."""
        return self.filter(status=Consent.Status.ACTIVE).exclude(expires_at__lte=now)


class Consent(models.Model):
    """What one user allows one client."""

    class Status(models.TextChoices):
        """Whether the consent holds."""

        ACTIVE = "active", _("Active")
        REVOKED = "revoked", _("Revoked")
        EXPIRED = "expired", _("Expired")

    class Duration(models.TextChoices):
        """How long the user chose."""

        ONCE = "once", _("This time only")
        DAYS_30 = "30d", _("30 days")
        UNTIL_REVOKED = "until_revoked", _("Until revoked")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="idp_consents",
        verbose_name=_("user"),
    )
    application = models.ForeignKey(
        application_label(),
        on_delete=models.CASCADE,
        related_name="idp_consents",
        verbose_name=_("client"),
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.ACTIVE
    )
    duration = models.CharField(
        _("duration"), max_length=15, choices=Duration.choices, default=Duration.UNTIL_REVOKED
    )
    imported = models.BooleanField(_("imported"), default=False)
    epoch = models.PositiveBigIntegerField(_("epoch"), default=0, editable=False)
    created_at = models.DateTimeField(_("since"), default=timezone.now)
    decided_at = models.DateTimeField(_("last decision"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ended_reason = models.CharField(_("reason of the end"), max_length=100, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    ended_by_task = models.UUIDField(
        null=True, editable=False, help_text=_("The task that has still to write its end down.")
    )

    objects = ConsentQuerySet.as_manager()

    class Meta:
        """One row a user and client."""

        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        permissions = (
            ("revoke_consent", "Can revoke consents"),
            ("narrow_consent", "Can take scopes away from many consents"),
        )
        constraints = (
            models.UniqueConstraint(fields=("user", "application"), name="idp_consent_once"),
        )
        indexes = (
            models.Index(fields=("application", "status"), name="idp_consent_client"),
            models.Index(
                fields=("expires_at",),
                condition=models.Q(status="active", expires_at__isnull=False),
                name="idp_consent_expires",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} → {self.application}"

    def is_live(self, now: datetime) -> bool:
        """Return whether the consent holds at ``now``."""
        return self.status == self.Status.ACTIVE and (
            self.expires_at is None or now < self.expires_at
        )


class ConsentScope(models.Model):
    """One scope of a consent, by name, so that it outlives the catalogue."""

    class State(models.TextChoices):
        """What was decided about the scope."""

        GRANTED = "granted", _("Granted")
        DECLINED = "declined", _("Declined")
        NARROWED = "narrowed", _("Taken back")

    consent = models.ForeignKey(Consent, on_delete=models.CASCADE, related_name="scopes")
    scope = models.CharField(_("scope"), max_length=200)
    state = models.CharField(_("state"), max_length=10, choices=State.choices)
    since = models.DateTimeField(_("since"), default=timezone.now)
    optional = models.BooleanField(_("optional"), default=False)
    words_version = models.PositiveIntegerField(_("version of the words"), default=0)
    words_language = models.CharField(_("language of the words"), max_length=15, blank=True)
    title = models.CharField(_("title as shown"), max_length=200, blank=True)
    policy = models.CharField(_("policy"), max_length=100, blank=True)
    policy_revision = models.PositiveIntegerField(_("policy revision"), default=0)
    implied = models.JSONField(
        _("included scopes"),
        null=True,
        help_text=_("Names that it included then; empty for unknown."),
    )
    snapshot_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        """One row a consent and scope."""

        verbose_name = _("consented scope")
        verbose_name_plural = _("consented scopes")
        ordering = ("scope",)
        constraints = (
            models.UniqueConstraint(fields=("consent", "scope"), name="idp_consent_scope_once"),
        )
        indexes = (models.Index(fields=("scope", "state"), name="idp_consent_scope_name"),)

    def __str__(self) -> str:
        return self.scope


class ConsentUse(models.Model):
    """How often a remembered consent answered by itself, by day."""

    consent = models.ForeignKey(Consent, on_delete=models.CASCADE, related_name="uses")
    day = models.DateField(_("day"))
    count = models.PositiveIntegerField(_("count"), default=0)

    class Meta:
        """One row a consent and day."""

        verbose_name = _("silent use")
        verbose_name_plural = _("silent uses")
        constraints = (
            models.UniqueConstraint(fields=("consent", "day"), name="idp_consent_use_day"),
        )
        indexes = (models.Index(fields=("day",), name="idp_consent_use_old"),)

    def __str__(self) -> str:
        return f"{self.day}: {self.count}"
