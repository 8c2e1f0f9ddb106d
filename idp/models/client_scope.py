"""The scopes that a client may ask for."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from idp.conf import application_label


class ClientScope(models.Model):
    """A scope that a client may ask for, and the approval behind it."""

    class Requirement(models.TextChoices):
        """Whether the user may decline it."""

        REQUIRED = "required", _("Required")
        OPTIONAL = "optional", _("Optional")

    class State(models.TextChoices):
        """Where the approval stands; registered means that none was needed."""

        REGISTERED = "registered", _("Registered")
        REQUESTED = "requested", _("Waiting for approval")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")

    application = models.ForeignKey(
        application_label(),
        on_delete=models.CASCADE,
        related_name="idp_scopes",
        verbose_name=_("client"),
    )
    scope = models.ForeignKey(
        "idp.Scope", on_delete=models.PROTECT, related_name="clients", verbose_name=_("scope")
    )
    requirement = models.CharField(
        _("requirement"), max_length=10, choices=Requirement.choices, default=Requirement.REQUIRED
    )
    default = models.BooleanField(
        _("default"),
        default=False,
        help_text=_("Granted when the client's request names no scope."),
    )
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.REGISTERED
    )
    justification = models.TextField(_("justification"), blank=True)
    requested_by = models.CharField(_("requested by"), max_length=255, blank=True)
    requested_at = models.DateTimeField(_("requested"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=255, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decision_reason = models.TextField(_("reason"), blank=True)
    until = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        """One row a client and scope."""

        verbose_name = _("client scope")
        verbose_name_plural = _("client scopes")
        permissions = (("decide_clientscope", "Can approve and refuse scopes of clients"),)
        ordering = ("scope__name",)
        constraints = (
            models.UniqueConstraint(fields=("application", "scope"), name="idp_client_scope_once"),
        )
        indexes = (models.Index(fields=("state", "requested_at"), name="idp_client_scope_queue"),)

    def __str__(self) -> str:
        return f"{self.application}: {self.scope}"
