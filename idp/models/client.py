"""What the site says about a client beyond the toolkit's row."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from idp.conf import application_label


class ClientPolicyQuerySet(models.QuerySet["ClientPolicy"]):
    """Queries over client policies."""

    def active(self) -> ClientPolicyQuerySet:
        """Return the clients that are switched on."""
        return self.filter(status=ClientPolicy.Status.ACTIVE)


class ClientPolicy(models.Model):
    """The standing of one client; a client without this row gets the strict defaults."""

    class Kind(models.TextChoices):
        """What the client is; the answer decides what it may and must do."""

        WEB = "web", _("Web app")
        SPA = "spa", _("Single-page app")
        NATIVE = "native", _("Mobile or desktop app")
        SERVICE = "service", _("Service without a user")
        DEVICE = "device", _("TV or device")
        AGENT = "agent", _("AI agent (MCP)")

    class Environment(models.TextChoices):
        """Where the client runs."""

        PRODUCTION = "production", _("Production")
        DEVELOPMENT = "development", _("Development")

    class Status(models.TextChoices):
        """Whether the client may act."""

        ACTIVE = "active", _("Active")
        DISABLED = "disabled", _("Disabled")

    class ConsentMode(models.TextChoices):
        """When users are asked, beside what the scopes' policies say."""

        POLICY = "", _("As the scopes' policies say")
        ALWAYS = "always", _("Ask every time")
        IMPLICIT = "implicit", _("Do not ask (the site's own clients only)")

    class SubjectType(models.TextChoices):
        """Which identifier of the user the client sees (OpenID Connect Core §8)."""

        PUBLIC = "", _("The same for every client")
        PAIRWISE = "pairwise", _("One of its own, that other clients cannot recognise")

    class TokenFormat(models.TextChoices):
        """What the client's access tokens look like."""

        DEFAULT = "", _("As the API says; opaque if it says nothing")
        OPAQUE = "opaque", _("Opaque")
        JWT = "jwt", _("JWT (RFC 9068)")

    class Source(models.TextChoices):
        """How the client came to be here."""

        OPERATOR = "", _("Registered by an operator")
        FILE = "file", _("Applied from a file")
        REGISTRATION = "registration", _("Registered itself (RFC 7591)")
        DOCUMENT = "document", _("Describes itself in a metadata document")

    class Enforcement(models.TextChoices):
        """Whether rules refuse or only report for this client."""

        INHERIT = "inherit", _("As the site")
        REPORT = "report", _("Report only")
        ENFORCE = "enforce", _("Enforce")

    application = models.OneToOneField(
        application_label(),
        on_delete=models.CASCADE,
        related_name="idp_policy",
        verbose_name=_("client"),
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.WEB)
    environment = models.CharField(
        _("environment"), max_length=12, choices=Environment.choices, default=Environment.PRODUCTION
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.ACTIVE
    )
    status_reason = models.TextField(_("reason of the status"), blank=True)
    status_changed_at = models.DateTimeField(_("status changed"), null=True, blank=True)
    verified = models.BooleanField(
        _("verified"), default=False, help_text=_("The site vouches for who runs this client.")
    )
    first_party = models.BooleanField(
        _("first party"), default=False, help_text=_("The client belongs to the site itself.")
    )
    grant_types = models.JSONField(
        _("grant types"),
        default=list,
        blank=True,
        help_text=_("RFC 7591 names; empty for what the toolkit's row says."),
    )
    token_endpoint_auth_method = models.CharField(
        _("token endpoint authentication"), max_length=30, blank=True
    )
    id_token_signed_response_alg = models.CharField(
        _("ID token signature"), max_length=10, blank=True, help_text=_("Empty for RS256.")
    )
    token_endpoint_auth_signing_alg = models.CharField(
        _("signature of client assertions"),
        max_length=10,
        blank=True,
        help_text=_("Empty for any that is supported; private_key_jwt only."),
    )
    jwks = models.JSONField(
        _("public keys"),
        null=True,
        blank=True,
        help_text=_("A JWK Set of public keys (RFC 7517); or give its address instead."),
    )
    jwks_uri = models.URLField(_("address of the public keys"), max_length=500, blank=True)
    userinfo_signed_response_alg = models.CharField(
        _("UserInfo signature"), max_length=10, blank=True, help_text=_("Empty for plain JSON.")
    )
    subject_type = models.CharField(
        _("subject identifier"),
        max_length=10,
        choices=SubjectType.choices,
        default=SubjectType.PUBLIC,
        blank=True,
    )
    sector_identifier_uri = models.URLField(
        _("sector identifier"),
        max_length=500,
        blank=True,
        help_text=_("Pairwise clients of one sector see the same identifier."),
    )
    default_max_age = models.PositiveIntegerField(
        _("longest age of a sign-in"),
        null=True,
        blank=True,
        help_text=_("Seconds; used when the client's request does not say max_age."),
    )
    require_pushed_authorization_requests = models.BooleanField(
        _("pushed authorization requests only"), default=False, help_text=_("RFC 9126 §6.")
    )
    nonce_instead_of_pkce = models.BooleanField(
        _("nonce instead of PKCE"),
        default=False,
        help_text=_(
            "For a relying party with a secret that cannot send PKCE and always sends a nonce "
            "(OAuth 2.1 §7.5.1)."
        ),
    )
    access_token_format = models.CharField(
        _("access token format"),
        max_length=6,
        choices=TokenFormat.choices,
        default=TokenFormat.DEFAULT,
        blank=True,
    )
    backchannel_logout_uri = models.URLField(
        _("back-channel logout address"), max_length=500, blank=True
    )
    backchannel_logout_session_required = models.BooleanField(
        _("session id in logout tokens"), default=False
    )
    consent_mode = models.CharField(
        _("consent"),
        max_length=10,
        choices=ConsentMode.choices,
        default=ConsentMode.POLICY,
        blank=True,
    )
    consent_lifetime = models.DurationField(_("consent lifetime"), null=True, blank=True)
    access_token_lifetime = models.DurationField(_("access token lifetime"), null=True, blank=True)
    refresh_token_lifetime = models.DurationField(
        _("refresh token lifetime"), null=True, blank=True
    )
    refresh_token_idle_lifetime = models.DurationField(
        _("refresh token idle lifetime"), null=True, blank=True
    )
    localhost_port = models.BooleanField(
        _("any port on localhost"),
        default=False,
        help_text=_(
            "Native and agent clients only; the name may resolve elsewhere (RFC 8252 §8.3)."
        ),
    )
    client_uri = models.URLField(_("home page"), blank=True)
    logo_uri = models.URLField(_("logo address"), blank=True)
    policy_uri = models.URLField(_("privacy policy"), blank=True)
    tos_uri = models.URLField(_("terms of service"), blank=True)
    contacts = models.JSONField(_("contacts"), default=list, blank=True)
    software_id = models.CharField(_("software id"), max_length=255, blank=True)
    source = models.CharField(
        _("source"),
        max_length=12,
        choices=Source.choices,
        default=Source.OPERATOR,
        blank=True,
        editable=False,
        db_index=True,
    )
    # What a quick reader makes of the name, so that no other client can take it on.
    name_skeleton = models.CharField(max_length=255, blank=True, editable=False)
    # The keyed digest of the network that a self-registered client came from.
    registered_from = models.CharField(max_length=64, blank=True, editable=False)
    # The digest of what a self-registered client manages itself with (RFC 7592 §3).
    registration_token = models.CharField(max_length=64, blank=True, editable=False)
    registration_token_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    owner_users = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="idp_owned_clients",
        verbose_name=_("owners"),
        help_text=_("May see this client and edit what owners may edit."),
    )
    owner_groups = models.ManyToManyField(
        "auth.Group",
        blank=True,
        related_name="idp_owned_clients",
        verbose_name=_("owning groups"),
    )
    epoch = models.PositiveBigIntegerField(_("epoch"), default=0, editable=False)
    enforcement = models.CharField(
        _("enforcement"), max_length=10, choices=Enforcement.choices, default=Enforcement.INHERIT
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)

    objects = ClientPolicyQuerySet.as_manager()

    class Meta:
        """One row a client."""

        verbose_name = _("client policy")
        verbose_name_plural = _("client policies")
        permissions = (
            ("disable_client", "Can disable and enable clients"),
            ("try_client", "Can try a client out as any user"),
        )
        indexes = (
            models.Index(
                fields=("name_skeleton",),
                condition=models.Q(verified=True) | models.Q(first_party=True),
                name="idp_client_vouched_name",
            ),
            models.Index(
                fields=("registered_from",),
                condition=models.Q(registered_from__gt=""),
                name="idp_client_registered_from",
            ),
        )

    def __str__(self) -> str:
        return str(self.application)
