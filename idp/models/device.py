"""Devices that wait for a person to let them in from elsewhere (RFC 8628)."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from idp.conf import application_label
from idp.models.authorization import Authorization, SignIn


class DeviceAuthorizationQuerySet(models.QuerySet["DeviceAuthorization"]):
    """Queries over devices that ask."""

    def waiting(self, now: datetime) -> DeviceAuthorizationQuerySet:
        """Return those that nobody has decided about yet, and that still may be."""
        return self.filter(state=DeviceAuthorization.State.PENDING, expires_at__gt=now)


class DeviceAuthorization(models.Model):
    """One request of a device, from its codes to the tokens it got.

    The device code is 256 random bits of which the digest alone is kept. The user code is typed by
    hand: eight letters of an alphabet of 20, which is 34.5 bits (RFC 8628 §6.1). It needs no more,
    because it opens nothing by itself, lives for minutes, and guesses are counted: with a thousand
    devices waiting and 10 guesses in a quarter of an hour, one guesser in 2.5 million finds any.
    """

    class State(models.TextChoices):
        """Where a request stands; the time may be over in the first two."""

        PENDING = "pending", _("Waiting for a person")
        ALLOWED = "allowed", _("Allowed, not fetched yet")
        DENIED = "denied", _("Refused")
        REDEEMED = "redeemed", _("Signed in")
        CLOSED = "closed", _("Closed by an operator")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    device_digest = models.CharField(max_length=64, unique=True, editable=False)
    user_code = models.CharField(_("user code"), max_length=16)
    application = models.ForeignKey(
        application_label(),
        on_delete=models.CASCADE,
        related_name="idp_device_authorizations",
        verbose_name=_("client"),
    )
    scopes = models.TextField(
        _("scopes"), blank=True, help_text=_("Space-separated, as asked; empty: the defaults.")
    )
    resource = models.JSONField(_("resource"), default=list)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PENDING)
    interval = models.PositiveIntegerField(
        _("interval"), default=5, help_text=_("Seconds between two questions of the device.")
    )
    polled_at = models.DateTimeField(_("last asked"), null=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        related_name="idp_device_authorizations",
        verbose_name=_("user"),
    )
    sign_in = models.ForeignKey(
        SignIn,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("sign-in"),
    )
    authorization = models.OneToOneField(
        Authorization,
        on_delete=models.SET_NULL,
        null=True,
        related_name="device",
        verbose_name=_("authorization"),
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"), db_index=True)
    decided_at = models.DateTimeField(_("decided"), null=True)
    redeemed_at = models.DateTimeField(_("fetched"), null=True)
    address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    user_agent = models.CharField(_("device"), max_length=500, blank=True)

    objects = DeviceAuthorizationQuerySet.as_manager()

    class Meta:
        """Found by the digest of the device code, and by the user code while that can be typed."""

        verbose_name = _("device authorization")
        verbose_name_plural = _("device authorizations")
        constraints = (
            models.UniqueConstraint(
                fields=("user_code",),
                condition=models.Q(state="pending"),
                name="idp_device_user_code_once",
            ),
        )
        indexes = (
            models.Index(fields=("-created_at",), name="idp_device_created"),
            models.Index(fields=("application", "-created_at"), name="idp_device_client"),
        )

    def __str__(self) -> str:
        return f"{self.user_code[:4]}…"
