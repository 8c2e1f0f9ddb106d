"""What is known about each registered URI; requests are matched against the toolkit's text."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from idp.conf import application_label


class RedirectUri(models.Model):
    """One URI of one client, joined to the client's text by exact string."""

    class Purpose(models.TextChoices):
        """Which list of the client the URI stands in."""

        REDIRECT = "redirect", _("Redirect after authorization")
        POST_LOGOUT = "post_logout", _("Redirect after sign-out")

    class Source(models.TextChoices):
        """How the URI entered."""

        EXISTING = "existing", _("Existed before")
        ADMIN = "admin", _("Entered by an operator")
        OWNER = "owner", _("Entered by an owner of the client")
        FILE = "file", _("Applied from a file")
        REGISTRATION = "registration", _("Registered by the client")
        CODE = "code", _("Saved by the site's code")

    application = models.ForeignKey(
        application_label(),
        on_delete=models.CASCADE,
        related_name="idp_redirect_uris",
        verbose_name=_("client"),
    )
    purpose = models.CharField(
        _("purpose"), max_length=12, choices=Purpose.choices, default=Purpose.REDIRECT
    )
    uri = models.TextField(_("URI"))
    uri_digest = models.CharField(max_length=64, editable=False)
    source = models.CharField(_("source"), max_length=12, choices=Source.choices)
    findings = models.JSONField(_("findings"), default=list, blank=True)
    accepted_by = models.CharField(_("accepted by"), max_length=255, blank=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    accepted_reason = models.TextField(_("reason of acceptance"), blank=True)
    wildcard_until = models.DateTimeField(_("wildcard until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    first_used_at = models.DateTimeField(_("first used"), null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    used_hours = models.PositiveIntegerField(_("hours in use"), default=0, editable=False)

    class Meta:
        """One row a client, purpose and URI."""

        verbose_name = _("redirect URI")
        verbose_name_plural = _("redirect URIs")
        constraints = (
            models.UniqueConstraint(
                fields=("application", "purpose", "uri_digest"), name="idp_redirect_uri_once"
            ),
        )

    def __str__(self) -> str:
        return self.uri
