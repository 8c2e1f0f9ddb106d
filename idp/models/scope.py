"""The catalogue: protected resources, scopes, their words for people, and policies."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from idp.domain import scope as rules


def validate_scope_name(value: str) -> None:
    """Refuse a name that is not one scope token.

    Raises:
        ValidationError: naming the offending character.

    Source: RFC 6749 §3.3.
    """
    try:
        rules.check_name(value)
    except ValueError as error:
        raise ValidationError(str(error), code="invalid_scope_name") from error


class Api(models.Model):
    """A protected resource that tokens are meant for (RFC 8707)."""

    identifier = models.CharField(
        _("identifier"),
        max_length=500,
        unique=True,
        help_text=_("Absolute URI without fragment; clients name it in “resource” (RFC 8707 §2)."),
    )
    name = models.CharField(
        _("name"), max_length=200, help_text=_("Heading over its permissions on the consent page.")
    )
    access_token_format = models.CharField(
        _("access token format"),
        max_length=6,
        choices=(("", _("Opaque")), ("jwt", _("JWT (RFC 9068)"))),
        default="",
        blank=True,
        help_text=_("A JWT can be read by the API itself, and lives until it expires there."),
    )
    resource_servers = models.ManyToManyField(
        "idp.ClientPolicy",
        blank=True,
        related_name="served_apis",
        verbose_name=_("resource servers"),
        help_text=_("Clients that may introspect tokens meant for this API (RFC 7662 §2.1)."),
    )

    class Meta:
        """Ordered by name."""

        verbose_name = _("API")
        verbose_name_plural = _("APIs")
        ordering = ("name", "identifier")

    def __str__(self) -> str:
        return self.name


class ScopePolicy(models.Model):
    """A named rule set that scopes share: who may ask, who may give, for how long."""

    class Sensitivity(models.TextChoices):
        """How the consent page presents the permission."""

        BASIC = "basic", _("Basic")
        SENSITIVE = "sensitive", _("Sensitive")
        RESTRICTED = "restricted", _("Restricted")

    class Clients(models.TextChoices):
        """Which clients may hold the scope."""

        ANY = "any", _("Any client that registers it")
        LISTED = "listed", _("Clients that an operator listed")
        VERIFIED = "verified", _("Verified clients")
        FIRST_PARTY = "first_party", _("The site's own clients")
        APPROVED = "approved", _("Clients with an approval")

    class ConsentMode(models.TextChoices):
        """When the user is asked."""

        REMEMBER = "remember", _("Ask once and remember")
        ALWAYS = "always", _("Ask every time")
        IMPLICIT_FIRST_PARTY = "implicit_first_party", _("Do not ask for the site's own clients")

    name = models.SlugField(_("name"), max_length=100, unique=True)
    description = models.TextField(_("description"), blank=True)
    sensitivity = models.CharField(
        _("sensitivity"), max_length=20, choices=Sensitivity.choices, default=Sensitivity.BASIC
    )
    clients = models.CharField(
        _("clients"), max_length=20, choices=Clients.choices, default=Clients.ANY
    )
    groups = models.JSONField(
        _("groups"),
        null=True,
        blank=True,
        default=None,
        help_text=_(
            "Names of groups, one of which a user needs to give the scope; empty for everyone."
        ),
    )
    permission = models.CharField(
        _("permission"),
        max_length=255,
        blank=True,
        help_text=_("Permission “app.codename” that a user needs to give the scope."),
    )
    user_check = models.CharField(
        _("user check"),
        max_length=255,
        blank=True,
        help_text=_(
            "Dotted path of a callable(user, application) that says whether the user may give it."
        ),
    )
    grant_types = models.JSONField(
        _("grant types"),
        null=True,
        blank=True,
        default=None,
        help_text=_("Grant types in which the scope may be used; empty for all."),
    )
    consent = models.CharField(
        _("consent"), max_length=30, choices=ConsentMode.choices, default=ConsentMode.REMEMBER
    )
    consent_lifetime = models.DurationField(_("consent lifetime"), null=True, blank=True)
    optional = models.BooleanField(
        _("optional"), default=False, help_text=_("The user may decline it on the consent page.")
    )
    choose_duration = models.BooleanField(
        _("user chooses duration"),
        default=False,
        help_text=_("The user may choose between this time only, 30 days and until revoked."),
    )
    max_authentication_age = models.DurationField(
        _("freshest sign-in"),
        null=True,
        blank=True,
        help_text=_("How old the sign-in may be when the scope is given or used (RFC 9470)."),
    )
    acr_values = models.JSONField(_("authentication contexts"), default=list, blank=True)
    access_token_lifetime = models.DurationField(_("access token lifetime"), null=True, blank=True)
    refresh = models.BooleanField(_("refresh tokens allowed"), default=True)
    refresh_token_lifetime = models.DurationField(
        _("refresh token lifetime"), null=True, blank=True
    )
    refresh_token_idle_lifetime = models.DurationField(
        _("refresh token idle lifetime"), null=True, blank=True
    )
    approver_differs = models.BooleanField(
        _("approved by somebody else"),
        default=True,
        help_text=_("Whoever asked for the approval cannot give it."),
    )
    revision = models.PositiveIntegerField(
        _("revision"),
        default=1,
        editable=False,
        help_text=_("Grows with each change of meaning; old consent is asked again."),
    )

    class Meta:
        """Ordered by name."""

        verbose_name = _("scope policy")
        verbose_name_plural = _("scope policies")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Scope(models.Model):
    """What a token may do, as one word on the wire."""

    name = models.CharField(
        _("name"), max_length=200, unique=True, validators=(validate_scope_name,)
    )
    api = models.ForeignKey(
        Api, on_delete=models.PROTECT, related_name="scopes", verbose_name=_("API")
    )
    policy = models.ForeignKey(
        ScopePolicy,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="scopes",
        verbose_name=_("policy"),
    )
    active = models.BooleanField(
        _("active"),
        default=True,
        help_text=_("A retired scope is refused, but its history remains."),
    )
    public = models.BooleanField(
        _("public"), default=True, help_text=_("Listed in “scopes_supported” (RFC 8414 §2).")
    )
    default = models.BooleanField(
        _("default"),
        default=False,
        help_text=_("Granted when a request names no scope (RFC 6749 §3.3)."),
    )
    implies = models.ManyToManyField(
        "self",
        symmetrical=False,
        blank=True,
        related_name="implied_by",
        verbose_name=_("implies"),
        help_text=_("Scopes that this one includes, as writing includes reading."),
    )

    class Meta:
        """Ordered by name."""

        verbose_name = _("scope")
        verbose_name_plural = _("scopes")
        permissions = (("explain_decision", "Can have decisions explained for any user"),)
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class ScopeText(models.Model):
    """Words for people about a scope, in one language."""

    scope = models.ForeignKey(Scope, on_delete=models.CASCADE, related_name="texts")
    language = models.CharField(_("language"), max_length=15)
    title = models.CharField(
        _("title"),
        max_length=200,
        help_text=_("What the client will be able to do, in plain words."),
    )
    description = models.TextField(
        _("description"), blank=True, help_text=_("One sentence of consequence.")
    )
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        """One text a scope and language."""

        verbose_name = _("scope text")
        verbose_name_plural = _("scope texts")
        constraints = (
            models.UniqueConstraint(fields=("scope", "language"), name="idp_scope_text_once"),
        )

    def __str__(self) -> str:
        return self.title
