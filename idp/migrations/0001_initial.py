"""The first tables of the provider."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import idp.models.consent
import idp.models.scope
from idp.conf import application_label
from idp.migrations._client_model import application_dependency


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        application_dependency(),
    ]

    operations = [
        migrations.CreateModel(
            name="LedgerCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("started_at", models.DateTimeField(verbose_name="started")),
                (
                    "finished_at",
                    models.DateTimeField(
                        help_text="Empty while it runs, or after an interruption.",
                        null=True,
                        verbose_name="finished",
                    ),
                ),
                ("events", models.PositiveBigIntegerField(default=0, verbose_name="events")),
                ("chains", models.PositiveBigIntegerField(default=0, verbose_name="chains")),
                ("broken", models.PositiveBigIntegerField(default=0, verbose_name="broken chains")),
                (
                    "findings",
                    models.JSONField(
                        default=list,
                        help_text="The first broken event of each broken chain.",
                        verbose_name="findings",
                    ),
                ),
                ("position", models.JSONField(default=dict, editable=False)),
                (
                    "checkpoint",
                    models.CharField(
                        blank=True,
                        help_text="When the one it used was written.",
                        max_length=40,
                        verbose_name="checkpoint",
                    ),
                ),
            ],
            options={
                "verbose_name": "ledger verification",
                "verbose_name_plural": "ledger verifications",
                "ordering": ("-started_at", "-id"),
            },
        ),
        migrations.CreateModel(
            name="ConsentEvidence",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("event_id", models.UUIDField(unique=True)),
                (
                    "subject_key",
                    models.CharField(db_index=True, max_length=32, verbose_name="subject"),
                ),
                (
                    "ip_address",
                    models.GenericIPAddressField(blank=True, null=True, verbose_name="address"),
                ),
                (
                    "user_agent",
                    models.CharField(blank=True, max_length=500, verbose_name="browser"),
                ),
                ("salt", models.CharField(editable=False, max_length=64)),
            ],
            options={
                "verbose_name": "consent evidence",
                "verbose_name_plural": "consent evidence",
            },
        ),
        migrations.CreateModel(
            name="ConsentSnapshot",
            fields=[
                (
                    "digest",
                    models.CharField(
                        max_length=64, primary_key=True, serialize=False, verbose_name="digest"
                    ),
                ),
                ("document", models.JSONField(verbose_name="document")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="created"),
                ),
            ],
            options={
                "verbose_name": "consent page as shown",
                "verbose_name_plural": "consent pages as shown",
            },
        ),
        migrations.CreateModel(
            name="ScopePolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.SlugField(max_length=100, unique=True, verbose_name="name")),
                ("description", models.TextField(blank=True, verbose_name="description")),
                (
                    "sensitivity",
                    models.CharField(
                        choices=[
                            ("basic", "Basic"),
                            ("sensitive", "Sensitive"),
                            ("restricted", "Restricted"),
                        ],
                        default="basic",
                        max_length=20,
                        verbose_name="sensitivity",
                    ),
                ),
                (
                    "clients",
                    models.CharField(
                        choices=[
                            ("any", "Any client that registers it"),
                            ("listed", "Clients that an operator listed"),
                            ("verified", "Verified clients"),
                            ("first_party", "The site's own clients"),
                            ("approved", "Clients with an approval"),
                        ],
                        default="any",
                        max_length=20,
                        verbose_name="clients",
                    ),
                ),
                (
                    "groups",
                    models.JSONField(
                        blank=True,
                        default=None,
                        help_text="Names of groups, one of which a user needs to give the scope; empty for everyone.",
                        null=True,
                        verbose_name="groups",
                    ),
                ),
                (
                    "permission",
                    models.CharField(
                        blank=True,
                        help_text="Permission “app.codename” that a user needs to give the scope.",
                        max_length=255,
                        verbose_name="permission",
                    ),
                ),
                (
                    "user_check",
                    models.CharField(
                        blank=True,
                        help_text="Dotted path of a callable(user, application) that says whether the user may give it.",
                        max_length=255,
                        verbose_name="user check",
                    ),
                ),
                (
                    "grant_types",
                    models.JSONField(
                        blank=True,
                        default=None,
                        help_text="Grant types in which the scope may be used; empty for all.",
                        null=True,
                        verbose_name="grant types",
                    ),
                ),
                (
                    "consent",
                    models.CharField(
                        choices=[
                            ("remember", "Ask once and remember"),
                            ("always", "Ask every time"),
                            ("implicit_first_party", "Do not ask for the site's own clients"),
                        ],
                        default="remember",
                        max_length=30,
                        verbose_name="consent",
                    ),
                ),
                (
                    "consent_lifetime",
                    models.DurationField(blank=True, null=True, verbose_name="consent lifetime"),
                ),
                (
                    "optional",
                    models.BooleanField(
                        default=False,
                        help_text="The user may decline it on the consent page.",
                        verbose_name="optional",
                    ),
                ),
                (
                    "choose_duration",
                    models.BooleanField(
                        default=False,
                        help_text="The user may choose between this time only, 30 days and until revoked.",
                        verbose_name="user chooses duration",
                    ),
                ),
                (
                    "max_authentication_age",
                    models.DurationField(
                        blank=True,
                        help_text="How old the sign-in may be when the scope is given or used (RFC 9470).",
                        null=True,
                        verbose_name="freshest sign-in",
                    ),
                ),
                (
                    "acr_values",
                    models.JSONField(
                        blank=True, default=list, verbose_name="authentication contexts"
                    ),
                ),
                (
                    "access_token_lifetime",
                    models.DurationField(
                        blank=True, null=True, verbose_name="access token lifetime"
                    ),
                ),
                (
                    "refresh",
                    models.BooleanField(default=True, verbose_name="refresh tokens allowed"),
                ),
                (
                    "refresh_token_lifetime",
                    models.DurationField(
                        blank=True, null=True, verbose_name="refresh token lifetime"
                    ),
                ),
                (
                    "refresh_token_idle_lifetime",
                    models.DurationField(
                        blank=True, null=True, verbose_name="refresh token idle lifetime"
                    ),
                ),
                (
                    "approver_differs",
                    models.BooleanField(
                        default=True,
                        help_text="Whoever asked for the approval cannot give it.",
                        verbose_name="approved by somebody else",
                    ),
                ),
                (
                    "revision",
                    models.PositiveIntegerField(
                        default=1,
                        editable=False,
                        help_text="Grows with each change of meaning; old consent is asked again.",
                        verbose_name="revision",
                    ),
                ),
            ],
            options={
                "verbose_name": "scope policy",
                "verbose_name_plural": "scope policies",
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="ClientPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("web", "Web app"),
                            ("spa", "Single-page app"),
                            ("native", "Mobile or desktop app"),
                            ("service", "Service without a user"),
                            ("device", "TV or device"),
                            ("agent", "AI agent (MCP)"),
                        ],
                        default="web",
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                (
                    "environment",
                    models.CharField(
                        choices=[("production", "Production"), ("development", "Development")],
                        default="production",
                        max_length=12,
                        verbose_name="environment",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "Active"), ("disabled", "Disabled")],
                        default="active",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                (
                    "status_reason",
                    models.TextField(blank=True, verbose_name="reason of the status"),
                ),
                (
                    "status_changed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="status changed"),
                ),
                (
                    "verified",
                    models.BooleanField(
                        default=False,
                        help_text="The site vouches for who runs this client.",
                        verbose_name="verified",
                    ),
                ),
                (
                    "first_party",
                    models.BooleanField(
                        default=False,
                        help_text="The client belongs to the site itself.",
                        verbose_name="first party",
                    ),
                ),
                (
                    "grant_types",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="RFC 7591 names; empty for what the toolkit's row says.",
                        verbose_name="grant types",
                    ),
                ),
                (
                    "token_endpoint_auth_method",
                    models.CharField(
                        blank=True, max_length=30, verbose_name="token endpoint authentication"
                    ),
                ),
                (
                    "id_token_signed_response_alg",
                    models.CharField(
                        blank=True,
                        help_text="Empty for RS256.",
                        max_length=10,
                        verbose_name="ID token signature",
                    ),
                ),
                (
                    "consent_mode",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "As the scopes' policies say"),
                            ("always", "Ask every time"),
                            ("implicit", "Do not ask (the site's own clients only)"),
                        ],
                        default="",
                        max_length=10,
                        verbose_name="consent",
                    ),
                ),
                (
                    "consent_lifetime",
                    models.DurationField(blank=True, null=True, verbose_name="consent lifetime"),
                ),
                (
                    "access_token_lifetime",
                    models.DurationField(
                        blank=True, null=True, verbose_name="access token lifetime"
                    ),
                ),
                (
                    "refresh_token_lifetime",
                    models.DurationField(
                        blank=True, null=True, verbose_name="refresh token lifetime"
                    ),
                ),
                (
                    "refresh_token_idle_lifetime",
                    models.DurationField(
                        blank=True, null=True, verbose_name="refresh token idle lifetime"
                    ),
                ),
                (
                    "localhost_port",
                    models.BooleanField(
                        default=False,
                        help_text="Native and agent clients only; the name may resolve elsewhere (RFC 8252 §8.3).",
                        verbose_name="any port on localhost",
                    ),
                ),
                ("client_uri", models.URLField(blank=True, verbose_name="home page")),
                ("logo_uri", models.URLField(blank=True, verbose_name="logo address")),
                ("policy_uri", models.URLField(blank=True, verbose_name="privacy policy")),
                ("tos_uri", models.URLField(blank=True, verbose_name="terms of service")),
                ("contacts", models.JSONField(blank=True, default=list, verbose_name="contacts")),
                (
                    "software_id",
                    models.CharField(blank=True, max_length=255, verbose_name="software id"),
                ),
                (
                    "epoch",
                    models.PositiveBigIntegerField(default=0, editable=False, verbose_name="epoch"),
                ),
                (
                    "enforcement",
                    models.CharField(
                        choices=[
                            ("inherit", "As the site"),
                            ("report", "Report only"),
                            ("enforce", "Enforce"),
                        ],
                        default="inherit",
                        max_length=10,
                        verbose_name="enforcement",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="created"
                    ),
                ),
                (
                    "last_used_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="last used"
                    ),
                ),
                (
                    "application",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="idp_policy",
                        to=application_label(),
                        verbose_name="client",
                    ),
                ),
            ],
            options={
                "verbose_name": "client policy",
                "verbose_name_plural": "client policies",
            },
        ),
        migrations.CreateModel(
            name="Api",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "identifier",
                    models.CharField(
                        help_text="Absolute URI without fragment; clients name it in “resource” (RFC 8707 §2).",
                        max_length=500,
                        unique=True,
                        verbose_name="identifier",
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="Heading over its permissions on the consent page.",
                        max_length=200,
                        verbose_name="name",
                    ),
                ),
                (
                    "resource_servers",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Clients that may introspect tokens meant for this API (RFC 7662 §2.1).",
                        related_name="served_apis",
                        to="idp.clientpolicy",
                        verbose_name="resource servers",
                    ),
                ),
            ],
            options={
                "verbose_name": "API",
                "verbose_name_plural": "APIs",
                "ordering": ("name", "identifier"),
            },
        ),
        migrations.CreateModel(
            name="ClientSecret",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("label", models.CharField(blank=True, max_length=100, verbose_name="label")),
                ("salt", models.CharField(editable=False, max_length=32)),
                ("digest", models.CharField(editable=False, max_length=64)),
                (
                    "last_four",
                    models.CharField(
                        editable=False, max_length=4, verbose_name="last four characters"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="created"
                    ),
                ),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="expires")),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="revoked")),
                (
                    "last_used_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="last used"
                    ),
                ),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="idp_secrets",
                        to=application_label(),
                        verbose_name="client",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="created by",
                    ),
                ),
            ],
            options={
                "verbose_name": "client secret",
                "verbose_name_plural": "client secrets",
                "ordering": ("-created_at",),
            },
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("active", "Active"),
                            ("revoked", "Revoked"),
                            ("expired", "Expired"),
                        ],
                        default="active",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                (
                    "duration",
                    models.CharField(
                        choices=[
                            ("once", "This time only"),
                            ("30d", "30 days"),
                            ("until_revoked", "Until revoked"),
                        ],
                        default="until_revoked",
                        max_length=15,
                        verbose_name="duration",
                    ),
                ),
                ("imported", models.BooleanField(default=False, verbose_name="imported")),
                (
                    "epoch",
                    models.PositiveBigIntegerField(default=0, editable=False, verbose_name="epoch"),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="since"),
                ),
                (
                    "decided_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="last decision"
                    ),
                ),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="expires")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                (
                    "ended_reason",
                    models.CharField(blank=True, max_length=100, verbose_name="reason of the end"),
                ),
                (
                    "last_used_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="last used"),
                ),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="idp_consents",
                        to=application_label(),
                        verbose_name="client",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="idp_consents",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "consent",
                "verbose_name_plural": "consents",
            },
        ),
        migrations.CreateModel(
            name="Authorization",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "grant_type",
                    models.CharField(
                        default="authorization_code", max_length=50, verbose_name="grant type"
                    ),
                ),
                (
                    "scopes",
                    models.TextField(
                        help_text="Space-separated, as granted.", verbose_name="scopes"
                    ),
                ),
                ("resource", models.JSONField(default=list, verbose_name="resource")),
                ("redirect_uri", models.TextField(blank=True, verbose_name="redirect URI")),
                ("redirect_uri_sent", models.BooleanField(default=True, editable=False)),
                ("auth_time", models.DateTimeField(null=True, verbose_name="time of sign-in")),
                (
                    "acr",
                    models.CharField(
                        blank=True, max_length=255, verbose_name="authentication context"
                    ),
                ),
                ("amr", models.JSONField(default=list, verbose_name="methods")),
                ("nonce", models.CharField(blank=True, editable=False, max_length=500)),
                ("claims", models.JSONField(default=dict, verbose_name="requested claims")),
                (
                    "code_digest",
                    models.CharField(editable=False, max_length=64, null=True, unique=True),
                ),
                ("redeemed_at", models.DateTimeField(null=True, verbose_name="code redeemed")),
                ("user_epoch", models.PositiveBigIntegerField(default=0, editable=False)),
                ("client_epoch", models.PositiveBigIntegerField(default=0, editable=False)),
                ("consent_epoch", models.PositiveBigIntegerField(default=0, editable=False)),
                ("refreshable", models.BooleanField(default=True, verbose_name="refresh tokens")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="created"),
                ),
                ("expires_at", models.DateTimeField(null=True, verbose_name="expires")),
                ("last_used_at", models.DateTimeField(null=True, verbose_name="last used")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                (
                    "ended_reason",
                    models.CharField(blank=True, max_length=100, verbose_name="reason of the end"),
                ),
                (
                    "address",
                    models.GenericIPAddressField(blank=True, null=True, verbose_name="address"),
                ),
                (
                    "user_agent",
                    models.CharField(blank=True, max_length=500, verbose_name="browser"),
                ),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="idp_authorizations",
                        to=application_label(),
                        verbose_name="client",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="idp_authorizations",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
                (
                    "consent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="authorizations",
                        to="idp.consent",
                        verbose_name="consent",
                    ),
                ),
            ],
            options={
                "verbose_name": "authorization",
                "verbose_name_plural": "authorizations",
            },
        ),
        migrations.CreateModel(
            name="ConsentEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("event_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("subject_key", models.CharField(max_length=32, verbose_name="subject")),
                ("sequence", models.PositiveBigIntegerField(verbose_name="sequence")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("granted", "Allowed"),
                            ("extended", "Extended"),
                            ("narrowed", "Narrowed"),
                            ("declined", "Refused"),
                            ("renewed", "Renewed"),
                            ("expired", "Expired"),
                            ("revoked", "Removed"),
                            ("imported", "Imported"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="time")),
                (
                    "actor",
                    models.CharField(
                        choices=[
                            ("user", "The user"),
                            ("operator", "An operator"),
                            ("policy", "A policy"),
                            ("client", "The client"),
                            ("system", "The system"),
                        ],
                        max_length=10,
                        verbose_name="by",
                    ),
                ),
                (
                    "actor_name",
                    models.CharField(
                        blank=True, max_length=255, verbose_name="name of the operator"
                    ),
                ),
                ("client_id", models.CharField(max_length=255, verbose_name="client id")),
                (
                    "client_name",
                    models.CharField(blank=True, max_length=255, verbose_name="client"),
                ),
                ("scopes_before", models.TextField(blank=True, verbose_name="scopes before")),
                ("scopes_after", models.TextField(blank=True, verbose_name="scopes after")),
                ("declined", models.TextField(blank=True, verbose_name="scopes declined")),
                ("duration", models.CharField(blank=True, max_length=15, verbose_name="duration")),
                ("expires_at", models.DateTimeField(null=True, verbose_name="expires")),
                ("reason", models.CharField(blank=True, max_length=255, verbose_name="reason")),
                (
                    "authorization",
                    models.CharField(blank=True, max_length=36, verbose_name="authorization"),
                ),
                (
                    "request_id",
                    models.CharField(blank=True, max_length=64, verbose_name="request id"),
                ),
                (
                    "snapshot_digest",
                    models.CharField(blank=True, max_length=64, verbose_name="page"),
                ),
                ("evidence_commitment", models.CharField(blank=True, max_length=64)),
                ("extra", models.JSONField(default=dict, verbose_name="extra")),
                ("previous_digest", models.CharField(blank=True, max_length=64)),
                ("digest", models.CharField(max_length=64)),
            ],
            options={
                "verbose_name": "consent event",
                "verbose_name_plural": "consent ledger",
                "indexes": [
                    models.Index(fields=["-at", "-id"], name="idp_consent_event_at"),
                    models.Index(fields=["client_id", "-id"], name="idp_consent_event_client"),
                    models.Index(fields=["kind", "-id"], name="idp_consent_event_kind"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subject_key", "sequence"), name="idp_consent_event_sequence"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ConsentScope",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("scope", models.CharField(max_length=200, verbose_name="scope")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("granted", "Granted"),
                            ("declined", "Declined"),
                            ("narrowed", "Taken back"),
                        ],
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "since",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="since"),
                ),
                ("optional", models.BooleanField(default=False, verbose_name="optional")),
                (
                    "words_version",
                    models.PositiveIntegerField(default=0, verbose_name="version of the words"),
                ),
                (
                    "words_language",
                    models.CharField(
                        blank=True, max_length=15, verbose_name="language of the words"
                    ),
                ),
                (
                    "title",
                    models.CharField(blank=True, max_length=200, verbose_name="title as shown"),
                ),
                ("policy", models.CharField(blank=True, max_length=100, verbose_name="policy")),
                (
                    "policy_revision",
                    models.PositiveIntegerField(default=0, verbose_name="policy revision"),
                ),
                (
                    "implied",
                    models.JSONField(
                        help_text="Names that it included then; empty for unknown.",
                        null=True,
                        verbose_name="included scopes",
                    ),
                ),
                ("snapshot_digest", models.CharField(blank=True, max_length=64)),
                (
                    "consent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scopes",
                        to="idp.consent",
                    ),
                ),
            ],
            options={
                "verbose_name": "consented scope",
                "verbose_name_plural": "consented scopes",
                "ordering": ("scope",),
            },
        ),
        migrations.CreateModel(
            name="ConsentUse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                ("count", models.PositiveIntegerField(default=0, verbose_name="count")),
                (
                    "consent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="uses",
                        to="idp.consent",
                    ),
                ),
            ],
            options={
                "verbose_name": "silent use",
                "verbose_name_plural": "silent uses",
            },
        ),
        migrations.CreateModel(
            name="IssuedToken",
            fields=[
                ("checksum", models.CharField(max_length=64, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("access", "Access token"), ("refresh", "Refresh token")],
                        max_length=7,
                        verbose_name="kind",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="created"),
                ),
                (
                    "expires_at",
                    models.DateTimeField(db_index=True, null=True, verbose_name="expires"),
                ),
                (
                    "used_at",
                    models.DateTimeField(
                        help_text="When a refresh token was exchanged for its successor.",
                        null=True,
                        verbose_name="used",
                    ),
                ),
                (
                    "answer",
                    models.BinaryField(
                        help_text="The answer to its use, readable only with the token itself, for a retry.",
                        null=True,
                    ),
                ),
                (
                    "authorization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tokens",
                        to="idp.authorization",
                        verbose_name="authorization",
                    ),
                ),
            ],
            options={
                "verbose_name": "issued token",
                "verbose_name_plural": "issued tokens",
            },
        ),
        migrations.CreateModel(
            name="RedirectUri",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("redirect", "Redirect after authorization"),
                            ("post_logout", "Redirect after sign-out"),
                        ],
                        default="redirect",
                        max_length=12,
                        verbose_name="purpose",
                    ),
                ),
                ("uri", models.TextField(verbose_name="URI")),
                ("uri_digest", models.CharField(editable=False, max_length=64)),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("existing", "Existed before"),
                            ("admin", "Entered by an operator"),
                            ("file", "Applied from a file"),
                            ("registration", "Registered by the client"),
                            ("code", "Saved by the site's code"),
                        ],
                        max_length=12,
                        verbose_name="source",
                    ),
                ),
                ("findings", models.JSONField(blank=True, default=list, verbose_name="findings")),
                (
                    "accepted_by",
                    models.CharField(blank=True, max_length=255, verbose_name="accepted by"),
                ),
                (
                    "accepted_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="accepted"),
                ),
                (
                    "accepted_reason",
                    models.TextField(blank=True, verbose_name="reason of acceptance"),
                ),
                (
                    "wildcard_until",
                    models.DateTimeField(blank=True, null=True, verbose_name="wildcard until"),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="created"
                    ),
                ),
                (
                    "first_used_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="first used"
                    ),
                ),
                (
                    "last_used_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="last used"
                    ),
                ),
                (
                    "used_hours",
                    models.PositiveIntegerField(
                        default=0, editable=False, verbose_name="hours in use"
                    ),
                ),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="idp_redirect_uris",
                        to=application_label(),
                        verbose_name="client",
                    ),
                ),
            ],
            options={
                "verbose_name": "redirect URI",
                "verbose_name_plural": "redirect URIs",
            },
        ),
        migrations.CreateModel(
            name="Scope",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        max_length=200,
                        unique=True,
                        validators=[idp.models.scope.validate_scope_name],
                        verbose_name="name",
                    ),
                ),
                (
                    "active",
                    models.BooleanField(
                        default=True,
                        help_text="A retired scope is refused, but its history remains.",
                        verbose_name="active",
                    ),
                ),
                (
                    "public",
                    models.BooleanField(
                        default=True,
                        help_text="Listed in “scopes_supported” (RFC 8414 §2).",
                        verbose_name="public",
                    ),
                ),
                (
                    "default",
                    models.BooleanField(
                        default=False,
                        help_text="Granted when a request names no scope (RFC 6749 §3.3).",
                        verbose_name="default",
                    ),
                ),
                (
                    "api",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scopes",
                        to="idp.api",
                        verbose_name="API",
                    ),
                ),
                (
                    "implies",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Scopes that this one includes, as writing includes reading.",
                        related_name="implied_by",
                        to="idp.scope",
                        verbose_name="implies",
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scopes",
                        to="idp.scopepolicy",
                        verbose_name="policy",
                    ),
                ),
            ],
            options={
                "verbose_name": "scope",
                "verbose_name_plural": "scopes",
                "ordering": ("name",),
            },
        ),
        migrations.CreateModel(
            name="ClientScope",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "requirement",
                    models.CharField(
                        choices=[("required", "Required"), ("optional", "Optional")],
                        default="required",
                        max_length=10,
                        verbose_name="requirement",
                    ),
                ),
                (
                    "default",
                    models.BooleanField(
                        default=False,
                        help_text="Granted when the client's request names no scope.",
                        verbose_name="default",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("registered", "Registered"),
                            ("requested", "Waiting for approval"),
                            ("approved", "Approved"),
                            ("refused", "Refused"),
                        ],
                        default="registered",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("justification", models.TextField(blank=True, verbose_name="justification")),
                (
                    "requested_by",
                    models.CharField(blank=True, max_length=255, verbose_name="requested by"),
                ),
                (
                    "requested_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="requested"),
                ),
                (
                    "decided_by",
                    models.CharField(blank=True, max_length=255, verbose_name="decided by"),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
                ("decision_reason", models.TextField(blank=True, verbose_name="reason")),
                ("until", models.DateTimeField(blank=True, null=True, verbose_name="until")),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="idp_scopes",
                        to=application_label(),
                        verbose_name="client",
                    ),
                ),
                (
                    "scope",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clients",
                        to="idp.scope",
                        verbose_name="scope",
                    ),
                ),
            ],
            options={
                "verbose_name": "client scope",
                "verbose_name_plural": "client scopes",
                "ordering": ("scope__name",),
            },
        ),
        migrations.CreateModel(
            name="ScopeText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("language", models.CharField(max_length=15, verbose_name="language")),
                (
                    "title",
                    models.CharField(
                        help_text="What the client will be able to do, in plain words.",
                        max_length=200,
                        verbose_name="title",
                    ),
                ),
                (
                    "description",
                    models.TextField(
                        blank=True,
                        help_text="One sentence of consequence.",
                        verbose_name="description",
                    ),
                ),
                (
                    "version",
                    models.PositiveIntegerField(default=1, editable=False, verbose_name="version"),
                ),
                (
                    "scope",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="texts",
                        to="idp.scope",
                    ),
                ),
            ],
            options={
                "verbose_name": "scope text",
                "verbose_name_plural": "scope texts",
            },
        ),
        migrations.CreateModel(
            name="SecurityEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=60, verbose_name="kind")),
                (
                    "severity",
                    models.CharField(
                        choices=[("info", "Info"), ("warning", "Warning"), ("error", "Error")],
                        max_length=10,
                        verbose_name="severity",
                    ),
                ),
                ("first_at", models.DateTimeField(verbose_name="first")),
                ("last_at", models.DateTimeField(verbose_name="last")),
                (
                    "client_id",
                    models.CharField(blank=True, max_length=255, verbose_name="client id"),
                ),
                (
                    "address",
                    models.GenericIPAddressField(blank=True, null=True, verbose_name="address"),
                ),
                (
                    "request_id",
                    models.CharField(
                        blank=True, db_index=True, max_length=64, verbose_name="reference"
                    ),
                ),
                ("reasons", models.JSONField(default=list, verbose_name="reasons")),
                ("detail", models.JSONField(default=dict, verbose_name="detail")),
                ("count", models.PositiveIntegerField(default=1, verbose_name="count")),
                ("fingerprint", models.CharField(editable=False, max_length=64, unique=True)),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "event",
                "verbose_name_plural": "events",
                "ordering": ("-last_at", "-id"),
            },
        ),
        migrations.CreateModel(
            name="SignIn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "sid",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, unique=True, verbose_name="session id"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="time")),
                (
                    "amr",
                    models.JSONField(
                        default=list, help_text="RFC 8176 names.", verbose_name="methods"
                    ),
                ),
                (
                    "acr",
                    models.CharField(
                        blank=True, max_length=255, verbose_name="authentication context"
                    ),
                ),
                ("backend", models.CharField(blank=True, max_length=255, verbose_name="backend")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="idp_sign_ins",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "sign-in",
                "verbose_name_plural": "sign-ins",
            },
        ),
        migrations.CreateModel(
            name="AuthorizationRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("nonce_digest", models.CharField(editable=False, max_length=64, unique=True)),
                ("browser_digest", models.CharField(editable=False, max_length=64)),
                ("parameters", models.JSONField(verbose_name="parameters")),
                ("document", models.JSONField(null=True, verbose_name="page")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="created"),
                ),
                ("expires_at", models.DateTimeField(db_index=True, verbose_name="expires")),
                ("used_at", models.DateTimeField(null=True, verbose_name="used")),
                ("decision", models.CharField(blank=True, max_length=5, verbose_name="decision")),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="idp_authorization_requests",
                        to=application_label(),
                        verbose_name="client",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="idp_authorization_requests",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
                (
                    "sign_in",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="idp.signin",
                        verbose_name="sign-in that came with the request",
                    ),
                ),
            ],
            options={
                "verbose_name": "authorization request",
                "verbose_name_plural": "authorization requests",
            },
        ),
        migrations.AddField(
            model_name="authorization",
            name="sign_in",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="authorizations",
                to="idp.signin",
                verbose_name="sign-in",
            ),
        ),
        migrations.CreateModel(
            name="SigningKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kid", models.CharField(max_length=100, unique=True, verbose_name="key id")),
                ("algorithm", models.CharField(max_length=10, verbose_name="algorithm")),
                (
                    "use",
                    models.CharField(
                        choices=[("tokens", "Tokens"), ("receipts", "Receipts")],
                        default="tokens",
                        max_length=10,
                        verbose_name="use",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("announced", "Announced"),
                            ("active", "Active"),
                            ("retiring", "Retiring"),
                            ("retired", "Retired"),
                        ],
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("public_jwk", models.JSONField(verbose_name="public key")),
                ("private_key", models.TextField(editable=False)),
                (
                    "encryption_key_id",
                    models.CharField(blank=True, max_length=16, verbose_name="encrypted under"),
                ),
                (
                    "source",
                    models.CharField(default="generated", max_length=20, verbose_name="source"),
                ),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="created"),
                ),
                (
                    "activated_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="active since"),
                ),
                (
                    "retiring_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="retiring since"),
                ),
                ("retired_at", models.DateTimeField(blank=True, null=True, verbose_name="retired")),
            ],
            options={
                "verbose_name": "signing key",
                "verbose_name_plural": "signing keys",
                "ordering": ("-created_at",),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "active")),
                        fields=("algorithm", "use"),
                        name="idp_signing_key_one_active",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SiteState",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("report", "Report: refuse nothing, record what would be refused"),
                            ("enforce", "Enforce: refuse what the rules refuse"),
                        ],
                        max_length=10,
                        verbose_name="mode",
                    ),
                ),
                ("mode_changed_at", models.DateTimeField(verbose_name="mode changed")),
                (
                    "catalogue_version",
                    models.PositiveBigIntegerField(
                        default=1,
                        help_text="Grows with each change of an API, scope, policy or their words.",
                        verbose_name="catalogue version",
                    ),
                ),
            ],
            options={
                "verbose_name": "site state",
                "verbose_name_plural": "site state",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("pk", 1)), name="idp_site_state_single_row"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Subject",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        default=idp.models.consent.new_subject_key,
                        max_length=32,
                        unique=True,
                        verbose_name="subject key",
                    ),
                ),
                (
                    "epoch",
                    models.PositiveBigIntegerField(default=0, editable=False, verbose_name="epoch"),
                ),
                ("head_sequence", models.PositiveBigIntegerField(default=0, editable=False)),
                (
                    "head_digest",
                    models.CharField(blank=True, default="", editable=False, max_length=64),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="created"
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="idp_subject",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "subject",
                "verbose_name_plural": "subjects",
            },
        ),
        migrations.CreateModel(
            name="ScopeUse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("scope", models.CharField(max_length=200, verbose_name="scope")),
                ("first_at", models.DateTimeField(verbose_name="first used")),
                ("last_at", models.DateTimeField(verbose_name="last used")),
                (
                    "hours",
                    models.PositiveIntegerField(
                        default=1,
                        help_text="How many hours it was used in at least once.",
                        verbose_name="hours in use",
                    ),
                ),
                (
                    "authorization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scope_uses",
                        to="idp.authorization",
                        verbose_name="authorization",
                    ),
                ),
            ],
            options={
                "verbose_name": "use of a scope",
                "verbose_name_plural": "uses of scopes",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("authorization", "scope"), name="idp_scope_use_once"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="consent",
            index=models.Index(fields=["application", "status"], name="idp_consent_client"),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.UniqueConstraint(
                fields=("user", "application"), name="idp_consent_once"
            ),
        ),
        migrations.AddIndex(
            model_name="consentscope",
            index=models.Index(fields=["scope", "state"], name="idp_consent_scope_name"),
        ),
        migrations.AddConstraint(
            model_name="consentscope",
            constraint=models.UniqueConstraint(
                fields=("consent", "scope"), name="idp_consent_scope_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="consentuse",
            constraint=models.UniqueConstraint(
                fields=("consent", "day"), name="idp_consent_use_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="redirecturi",
            constraint=models.UniqueConstraint(
                fields=("application", "purpose", "uri_digest"), name="idp_redirect_uri_once"
            ),
        ),
        migrations.AddIndex(
            model_name="clientscope",
            index=models.Index(fields=["state", "requested_at"], name="idp_client_scope_queue"),
        ),
        migrations.AddConstraint(
            model_name="clientscope",
            constraint=models.UniqueConstraint(
                fields=("application", "scope"), name="idp_client_scope_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="scopetext",
            constraint=models.UniqueConstraint(
                fields=("scope", "language"), name="idp_scope_text_once"
            ),
        ),
        migrations.AddIndex(
            model_name="securityevent",
            index=models.Index(fields=["-last_at", "-id"], name="idp_event_last"),
        ),
        migrations.AddIndex(
            model_name="securityevent",
            index=models.Index(fields=["kind", "-last_at"], name="idp_event_kind"),
        ),
        migrations.AddIndex(
            model_name="securityevent",
            index=models.Index(fields=["client_id", "-last_at"], name="idp_event_client"),
        ),
        migrations.AddIndex(
            model_name="signin",
            index=models.Index(fields=["user", "-at"], name="idp_sign_in_user"),
        ),
        migrations.AddIndex(
            model_name="authorization",
            index=models.Index(fields=["user", "application"], name="idp_authorization_pair"),
        ),
        migrations.AddIndex(
            model_name="authorization",
            index=models.Index(
                fields=["application", "-created_at"], name="idp_authorization_client"
            ),
        ),
        migrations.AddIndex(
            model_name="authorization",
            index=models.Index(fields=["-created_at"], name="idp_authorization_created"),
        ),
    ]
