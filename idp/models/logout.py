"""Clients that wait to be told that a session ended (OpenID Connect Back-Channel Logout 1.0)."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from idp.conf import application_label


class LogoutDeliveryQuerySet(models.QuerySet["LogoutDelivery"]):
    """Queries over deliveries."""

    def due(self, now: datetime) -> LogoutDeliveryQuerySet:
        """Return what waits and may be tried at ``now``, longest due first."""
        return self.filter(state=LogoutDelivery.State.WAITING, next_at__lte=now).order_by("next_at")


class LogoutDelivery(models.Model):
    """One client to be told of one session's end; outlives the user, the sign-in and the browser.

    The logout token is made anew for each attempt, so that it is fresh whenever it arrives.
    """

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")

    application = models.ForeignKey(
        application_label(),
        on_delete=models.CASCADE,
        related_name="idp_logout_deliveries",
        verbose_name=_("client"),
    )
    sid = models.UUIDField(_("session id"))
    subject = models.CharField(_("subject"), max_length=255, help_text=_("As the client knows it."))
    issuer = models.CharField(_("issuer"), max_length=500)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.WAITING
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("signed out"))
    next_at = models.DateTimeField(_("next attempt"))
    ended_at = models.DateTimeField(_("delivered or given up"), null=True, blank=True)
    answer = models.CharField(
        _("last answer"), max_length=200, blank=True, help_text=_("A status or a reason's code.")
    )

    objects = LogoutDeliveryQuerySet.as_manager()

    class Meta:
        """Once a client and session; found by what is due."""

        verbose_name = _("sign-out message")
        verbose_name_plural = _("sign-out messages")
        permissions = (("retry_logoutdelivery", "Can send sign-out messages again"),)
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("application", "sid"), name="idp_logout_delivery_once"),
        )
        indexes = (
            models.Index(fields=("state", "next_at"), name="idp_logout_delivery_due"),
            models.Index(fields=("-created_at", "-id"), name="idp_logout_delivery_new"),
        )

    def __str__(self) -> str:
        return f"{self.application} {self.sid}"
