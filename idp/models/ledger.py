"""The ledger of decisions: append-only rows without foreign keys."""

from __future__ import annotations

import uuid
from typing import Any, NoReturn

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AppendOnlyError(TypeError):
    """An attempt to change or remove what is written once."""


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """A queryset that can add and read, nothing else; the database refuses the rest as well."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise AppendOnlyError(f"{self.model._meta.label} is append-only")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise AppendOnlyError(f"{self.model._meta.label} is append-only")

    def delete(self) -> NoReturn:
        """Refuse."""
        raise AppendOnlyError(f"{self.model._meta.label} is append-only")


class AppendOnlyModel(models.Model):
    """A model whose rows are written once."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        """Abstract."""

        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the row.

        Raises:
            AppendOnlyError: the row was saved before.
        """
        if not self._state.adding:
            raise AppendOnlyError(f"{self._meta.label} is append-only")
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        raise AppendOnlyError(f"{self._meta.label} is append-only")


class ConsentEvent(AppendOnlyModel):
    """One decision or change, a link of its subject's chain."""

    class Kind(models.TextChoices):
        """What happened."""

        GRANTED = "granted", _("Allowed")
        EXTENDED = "extended", _("Extended")
        NARROWED = "narrowed", _("Narrowed")
        DECLINED = "declined", _("Refused")
        RENEWED = "renewed", _("Renewed")
        EXPIRED = "expired", _("Expired")
        REVOKED = "revoked", _("Removed")
        IMPORTED = "imported", _("Imported")

    class Actor(models.TextChoices):
        """Who caused it."""

        USER = "user", _("The user")
        OPERATOR = "operator", _("An operator")
        POLICY = "policy", _("A policy")
        CLIENT = "client", _("The client")
        SYSTEM = "system", _("The system")

    event_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subject_key = models.CharField(_("subject"), max_length=32)
    sequence = models.PositiveBigIntegerField(_("sequence"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    at = models.DateTimeField(_("time"))
    actor = models.CharField(_("by"), max_length=10, choices=Actor.choices)
    actor_name = models.CharField(_("name of the operator"), max_length=255, blank=True)
    client_id = models.CharField(_("client id"), max_length=255)
    client_name = models.CharField(_("client"), max_length=255, blank=True)
    scopes_before = models.TextField(_("scopes before"), blank=True)
    scopes_after = models.TextField(_("scopes after"), blank=True)
    declined = models.TextField(_("scopes declined"), blank=True)
    duration = models.CharField(_("duration"), max_length=15, blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True)
    reason = models.CharField(_("reason"), max_length=255, blank=True)
    authorization = models.CharField(_("authorization"), max_length=36, blank=True)
    request_id = models.CharField(_("request id"), max_length=64, blank=True)
    snapshot_digest = models.CharField(_("page"), max_length=64, blank=True)
    evidence_commitment = models.CharField(max_length=64, blank=True)
    extra = models.JSONField(_("extra"), default=dict)
    previous_digest = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        """A sequence number is taken once a subject, so that a chain cannot fork."""

        verbose_name = _("consent event")
        verbose_name_plural = _("consent ledger")
        permissions = (("export_ledger", "Can export the consent ledger"),)
        constraints = (
            models.UniqueConstraint(
                fields=("subject_key", "sequence"), name="idp_consent_event_sequence"
            ),
        )
        indexes = (
            models.Index(fields=("-at", "-id"), name="idp_consent_event_at"),
            models.Index(fields=("client_id", "-id"), name="idp_consent_event_client"),
            models.Index(fields=("kind", "-id"), name="idp_consent_event_kind"),
            models.Index(fields=("actor", "-at", "-id"), name="idp_consent_event_actor"),
            models.Index(
                fields=("snapshot_digest", "-at", "-id"),
                condition=~models.Q(snapshot_digest=""),
                name="idp_consent_event_page",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.client_name or self.client_id}"


class ConsentSnapshot(AppendOnlyModel):
    """Exactly what stood on a consent page, addressed by the digest of its canonical form."""

    digest = models.CharField(_("digest"), max_length=64, primary_key=True)
    document = models.JSONField(_("document"))
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        """Immutable, like the ledger."""

        verbose_name = _("consent page as shown")
        verbose_name_plural = _("consent pages as shown")
        indexes = (models.Index(fields=("-created_at",), name="idp_consent_snapshot_created"),)

    def __str__(self) -> str:
        return self.digest


class ConsentEvidence(models.Model):
    """Address and browser of an event, erasable with the salt of the event's commitment."""

    event_id = models.UUIDField(unique=True)
    subject_key = models.CharField(_("subject"), max_length=32, db_index=True)
    ip_address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    user_agent = models.CharField(_("browser"), max_length=500, blank=True)
    salt = models.CharField(max_length=64, editable=False)

    class Meta:
        """One row an event."""

        verbose_name = _("consent evidence")
        verbose_name_plural = _("consent evidence")

    def __str__(self) -> str:
        return str(self.event_id)
