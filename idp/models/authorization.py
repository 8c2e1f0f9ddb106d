"""Requests that wait for a person, sign-ins, and acts of authorization."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from idp.conf import application_label
from idp.domain.offline_access import OFFLINE_ACCESS


class SignIn(models.Model):
    """One act of signing in: when, how, how strong, and in which browser session."""

    sid = models.UUIDField(_("session id"), default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="idp_sign_ins",
        verbose_name=_("user"),
    )
    at = models.DateTimeField(_("time"))
    amr = models.JSONField(_("methods"), default=list, help_text=_("RFC 8176 names."))
    acr = models.CharField(_("authentication context"), max_length=255, blank=True)
    backend = models.CharField(_("backend"), max_length=255, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        """Found by user."""

        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")
        indexes = (
            models.Index(fields=("user", "-at"), name="idp_sign_in_user"),
            models.Index(fields=("at",), name="idp_sign_in_at"),
        )

    def __str__(self) -> str:
        return f"{self.user} {self.at:%Y-%m-%d %H:%M}"


class AuthorizationRequest(models.Model):
    """A validated authorization request that waits for sign-in or decision; used once.

    A pushed one (RFC 9126) waits for a browser first. Each page that a browser opens for it is a
    row of its own that names it as ``origin``; the first of them that is answered uses both up.
    """

    nonce_digest = models.CharField(max_length=64, unique=True, editable=False)
    application = models.ForeignKey(
        application_label(),
        on_delete=models.CASCADE,
        related_name="idp_authorization_requests",
        verbose_name=_("client"),
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        related_name="idp_authorization_requests",
        verbose_name=_("user"),
    )
    browser_digest = models.CharField(max_length=64, editable=False)
    parameters = models.JSONField(_("parameters"))
    document = models.JSONField(_("page"), null=True)
    sign_in = models.ForeignKey(
        SignIn,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("sign-in that came with the request"),
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"), db_index=True)
    used_at = models.DateTimeField(_("used"), null=True)
    decision = models.CharField(_("decision"), max_length=5, blank=True)
    pushed = models.BooleanField(_("pushed"), default=False, editable=False)
    origin = models.ForeignKey(
        "self",
        on_delete=models.CASCADE,
        null=True,
        related_name="followers",
        verbose_name=_("pushed request behind it"),
    )
    sender = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        """Found by the digest of its nonce, or of its reference where it was pushed."""

        verbose_name = _("authorization request")
        verbose_name_plural = _("authorization requests")

    def __str__(self) -> str:
        return f"{self.application} {self.created_at:%Y-%m-%d %H:%M}"


class AuthorizationQuerySet(models.QuerySet["Authorization"]):
    """Queries over authorizations."""

    def live(self, now: datetime) -> AuthorizationQuerySet:
        """Return the authorizations that have not ended at ``now``."""
        return self.filter(ended_at=None).exclude(expires_at__lte=now)

    def outliving(self) -> AuthorizationQuerySet:
        """Return the authorizations whose sign-in has ended."""
        return self.filter(sign_in__ended_at__isnull=False)

    def ending_with(self, sign_ins: Iterable[SignIn]) -> AuthorizationQuerySet:
        """Return the authorizations of sign-ins that end with them: all without offline access.

        Source: OpenID Connect Back-Channel Logout §2.7.
        """
        space = models.Value(" ", models.TextField())
        padded = Concat(space, "scopes", space, output_field=models.TextField())
        born = self.filter(sign_in__in=sign_ins).alias(padded_scopes=padded)
        return born.exclude(padded_scopes__contains=f" {OFFLINE_ACCESS} ")


class Authorization(models.Model):
    """One act of authorization; its id is the token family of its refresh tokens."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="idp_authorizations",
        verbose_name=_("user"),
    )
    application = models.ForeignKey(
        application_label(),
        on_delete=models.CASCADE,
        related_name="idp_authorizations",
        verbose_name=_("client"),
    )
    consent = models.ForeignKey(
        "idp.Consent",
        on_delete=models.SET_NULL,
        null=True,
        related_name="authorizations",
        verbose_name=_("consent"),
    )
    sign_in = models.ForeignKey(
        SignIn,
        on_delete=models.SET_NULL,
        null=True,
        related_name="authorizations",
        verbose_name=_("sign-in"),
    )
    grant_type = models.CharField(_("grant type"), max_length=50, default="authorization_code")
    scopes = models.TextField(_("scopes"), help_text=_("Space-separated, as granted."))
    resource = models.JSONField(_("resource"), default=list)
    redirect_uri = models.TextField(_("redirect URI"), blank=True)
    redirect_uri_sent = models.BooleanField(default=True, editable=False)
    auth_time = models.DateTimeField(_("time of sign-in"), null=True)
    acr = models.CharField(_("authentication context"), max_length=255, blank=True)
    amr = models.JSONField(_("methods"), default=list)
    nonce = models.CharField(max_length=500, blank=True, editable=False)
    claims = models.JSONField(_("requested claims"), default=dict)
    code_digest = models.CharField(  # noqa: DJ001 - NULL keeps grants without a code apart
        max_length=64, unique=True, null=True, editable=False
    )
    redeemed_at = models.DateTimeField(_("code redeemed"), null=True)
    user_epoch = models.PositiveBigIntegerField(default=0, editable=False)
    client_epoch = models.PositiveBigIntegerField(default=0, editable=False)
    consent_epoch = models.PositiveBigIntegerField(default=0, editable=False)
    refreshable = models.BooleanField(_("refresh tokens"), default=True)
    asked_at = models.DateTimeField(_("asked"), null=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"), null=True)
    last_used_at = models.DateTimeField(_("last used"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_reason = models.CharField(_("reason of the end"), max_length=100, blank=True)
    address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    user_agent = models.CharField(_("browser"), max_length=500, blank=True)

    objects = AuthorizationQuerySet.as_manager()

    class Meta:
        """Found by user and by client."""

        verbose_name = _("authorization")
        verbose_name_plural = _("authorizations")
        permissions = (("end_authorization", "Can end authorizations and revoke tokens"),)
        indexes = (
            models.Index(fields=("user", "application"), name="idp_authorization_pair"),
            models.Index(fields=("application", "-created_at"), name="idp_authorization_client"),
            models.Index(fields=("-created_at",), name="idp_authorization_created"),
            models.Index(fields=("expires_at",), name="idp_authorization_expires"),
            models.Index(
                fields=("ended_at",),
                condition=models.Q(ended_at__isnull=False),
                name="idp_authorization_ended",
            ),
            models.Index(fields=("address", "-created_at"), name="idp_authorization_address"),
        )

    def __str__(self) -> str:
        return str(self.id)


class ScopeUse(models.Model):
    """When a scope of an authorization was exercised, to the hour."""

    authorization = models.ForeignKey(
        Authorization,
        on_delete=models.CASCADE,
        related_name="scope_uses",
        verbose_name=_("authorization"),
    )
    scope = models.CharField(_("scope"), max_length=200)
    first_at = models.DateTimeField(_("first used"))
    last_at = models.DateTimeField(_("last used"))
    hours = models.PositiveIntegerField(
        _("hours in use"), default=1, help_text=_("How many hours it was used in at least once.")
    )

    class Meta:
        """One row an authorization and scope."""

        verbose_name = _("use of a scope")
        verbose_name_plural = _("uses of scopes")
        constraints = (
            models.UniqueConstraint(fields=("authorization", "scope"), name="idp_scope_use_once"),
        )

    def __str__(self) -> str:
        return self.scope
