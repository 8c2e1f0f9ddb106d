"""What the protocol asks of clients beyond the first tables: keys, subjects, logout, owners."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import idp.models.site
from idp.conf import application_label
from idp.migrations._word_index import drop_words, index_words


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0001_initial"),
        ("idp", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="api",
            name="access_token_format",
            field=models.CharField(
                blank=True,
                choices=[("", "Opaque"), ("jwt", "JWT (RFC 9068)")],
                default="",
                help_text="A JWT can be read by the API itself, and lives until it expires there.",
                max_length=6,
                verbose_name="access token format",
            ),
        ),
        migrations.AddField(
            model_name="clientpolicy",
            name="access_token_format",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "As the API says; opaque if it says nothing"),
                    ("opaque", "Opaque"),
                    ("jwt", "JWT (RFC 9068)"),
                ],
                default="",
                max_length=6,
                verbose_name="access token format",
            ),
        ),
        migrations.AddField(
            model_name="clientpolicy",
            name="backchannel_logout_session_required",
            field=models.BooleanField(default=False, verbose_name="session id in logout tokens"),
        ),
        migrations.AddField(
            model_name="clientpolicy",
            name="backchannel_logout_uri",
            field=models.URLField(
                blank=True, max_length=500, verbose_name="back-channel logout address"
            ),
        ),
        migrations.AddField(
            model_name="clientpolicy",
            name="default_max_age",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Seconds; used when the client's request does not say max_age.",
                null=True,
                verbose_name="longest age of a sign-in",
            ),
        ),
        migrations.AddField(
            model_name="clientpolicy",
            name="jwks",
            field=models.JSONField(
                blank=True,
                help_text="A JWK Set of public keys (RFC 7517); or give its address instead.",
                null=True,
                verbose_name="public keys",
            ),
        ),
        migrations.AddField(
            model_name="clientpolicy",
            name="jwks_uri",
            field=models.URLField(
                blank=True, max_length=500, verbose_name="address of the public keys"
            ),
        ),
        migrations.AddField(
            model_name="clientpolicy",
            name="name_skeleton",
            field=models.CharField(blank=True, editable=False, max_length=255),
        ),
        migrations.AddField(
            model_name="clientpolicy",
            name="nonce_instead_of_pkce",
            field=models.BooleanField(
                default=False,
                help_text=(
                    "For a relying party with a secret that cannot send PKCE and always sends a "
                    "nonce (OAuth 2.1 §7.5.1)."
                ),
                verbose_name="nonce instead of PKCE",
            ),
        ),
        migrations.AddField(
            model_name="clientpolicy",
            name="registered_from",
            field=models.CharField(blank=True, editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name="clientpolicy",
            name="owner_groups",
            field=models.ManyToManyField(
                blank=True,
                related_name="idp_owned_clients",
                to="auth.group",
                verbose_name="owning groups",
            ),
        ),
        migrations.AddField(
            model_name="clientpolicy",
            name="owner_users",
            field=models.ManyToManyField(
                blank=True,
                help_text="May see this client and edit what owners may edit.",
                related_name="idp_owned_clients",
                to=settings.AUTH_USER_MODEL,
                verbose_name="owners",
            ),
        ),
        migrations.AddField(
            model_name="clientpolicy",
            name="require_pushed_authorization_requests",
            field=models.BooleanField(
                default=False,
                help_text="RFC 9126 §6.",
                verbose_name="pushed authorization requests only",
            ),
        ),
        migrations.AddField(
            model_name="clientpolicy",
            name="sector_identifier_uri",
            field=models.URLField(
                blank=True,
                help_text="Pairwise clients of one sector see the same identifier.",
                max_length=500,
                verbose_name="sector identifier",
            ),
        ),
        migrations.AddField(
            model_name="clientpolicy",
            name="source",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "Registered by an operator"),
                    ("file", "Applied from a file"),
                    ("registration", "Registered itself (RFC 7591)"),
                    ("document", "Describes itself in a metadata document"),
                ],
                db_index=True,
                default="",
                editable=False,
                max_length=12,
                verbose_name="source",
            ),
        ),
        migrations.AddField(
            model_name="clientpolicy",
            name="subject_type",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "The same for every client"),
                    ("pairwise", "One of its own, that other clients cannot recognise"),
                ],
                default="",
                max_length=10,
                verbose_name="subject identifier",
            ),
        ),
        migrations.AddField(
            model_name="clientpolicy",
            name="token_endpoint_auth_signing_alg",
            field=models.CharField(
                blank=True,
                help_text="Empty for any that is supported; private_key_jwt only.",
                max_length=10,
                verbose_name="signature of client assertions",
            ),
        ),
        migrations.AddField(
            model_name="clientpolicy",
            name="userinfo_signed_response_alg",
            field=models.CharField(
                blank=True,
                help_text="Empty for plain JSON.",
                max_length=10,
                verbose_name="UserInfo signature",
            ),
        ),
        migrations.AlterModelOptions(
            name="authorization",
            options={
                "permissions": (("end_authorization", "Can end authorizations and revoke tokens"),),
                "verbose_name": "authorization",
                "verbose_name_plural": "authorizations",
            },
        ),
        migrations.AlterModelOptions(
            name="clientpolicy",
            options={
                "permissions": (
                    ("disable_client", "Can disable and enable clients"),
                    ("try_client", "Can try a client out as any user"),
                ),
                "verbose_name": "client policy",
                "verbose_name_plural": "client policies",
            },
        ),
        migrations.AlterModelOptions(
            name="clientscope",
            options={
                "ordering": ("scope__name",),
                "permissions": (
                    ("decide_clientscope", "Can approve and refuse scopes of clients"),
                ),
                "verbose_name": "client scope",
                "verbose_name_plural": "client scopes",
            },
        ),
        migrations.AlterModelOptions(
            name="clientsecret",
            options={
                "ordering": ("-created_at",),
                "permissions": (
                    ("rotate_clientsecret", "Can issue, rotate and revoke secrets of clients"),
                ),
                "verbose_name": "client secret",
                "verbose_name_plural": "client secrets",
            },
        ),
        migrations.AlterModelOptions(
            name="consent",
            options={
                "permissions": (
                    ("revoke_consent", "Can revoke consents"),
                    ("narrow_consent", "Can take scopes away from many consents"),
                ),
                "verbose_name": "consent",
                "verbose_name_plural": "consents",
            },
        ),
        migrations.AlterModelOptions(
            name="consentevent",
            options={
                "permissions": (("export_ledger", "Can export the consent ledger"),),
                "verbose_name": "consent event",
                "verbose_name_plural": "consent ledger",
            },
        ),
        migrations.AlterModelOptions(
            name="scope",
            options={
                "ordering": ("name",),
                "permissions": (("explain_decision", "Can have decisions explained for any user"),),
                "verbose_name": "scope",
                "verbose_name_plural": "scopes",
            },
        ),
        migrations.AlterModelOptions(
            name="signingkey",
            options={
                "ordering": ("-created_at",),
                "permissions": (("rotate_signingkey", "Can rotate signing keys"),),
                "verbose_name": "signing key",
                "verbose_name_plural": "signing keys",
            },
        ),
        migrations.AlterModelOptions(
            name="sitestate",
            options={
                "permissions": (("switch_mode", "Can switch between reporting and enforcing"),),
                "verbose_name": "site state",
                "verbose_name_plural": "site state",
            },
        ),
        migrations.AddField(
            model_name="consent",
            name="ended_by_task",
            field=models.UUIDField(
                editable=False,
                help_text="The task that has still to write its end down.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="authorizationrequest",
            name="pushed",
            field=models.BooleanField(default=False, editable=False, verbose_name="pushed"),
        ),
        migrations.AddField(
            model_name="authorizationrequest",
            name="origin",
            field=models.ForeignKey(
                null=True,
                on_delete=models.deletion.CASCADE,
                related_name="followers",
                to="idp.authorizationrequest",
                verbose_name="pushed request behind it",
            ),
        ),
        migrations.AlterField(
            model_name="redirecturi",
            name="source",
            field=models.CharField(
                choices=[
                    ("existing", "Existed before"),
                    ("admin", "Entered by an operator"),
                    ("owner", "Entered by an owner of the client"),
                    ("file", "Applied from a file"),
                    ("registration", "Registered by the client"),
                    ("code", "Saved by the site's code"),
                ],
                max_length=12,
                verbose_name="source",
            ),
        ),
        migrations.AddField(
            model_name="clientpolicy",
            name="registration_token",
            field=models.CharField(blank=True, editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name="clientpolicy",
            name="registration_token_expires_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="sitestate",
            name="pairwise_salt",
            field=models.CharField(default=idp.models.site.new_salt, editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name="sitestate",
            name="name_revision",
            field=models.CharField(blank=True, default="", editable=False, max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="authorizationrequest",
            name="sender",
            field=models.CharField(blank=True, default="", editable=False, max_length=64),
            preserve_default=False,
        ),
        migrations.CreateModel(
            name="LogoutDelivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sid", models.UUIDField(verbose_name="session id")),
                (
                    "subject",
                    models.CharField(
                        help_text="As the client knows it.", max_length=255, verbose_name="subject"
                    ),
                ),
                ("issuer", models.CharField(max_length=500, verbose_name="issuer")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("delivered", "Delivered"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("created_at", models.DateTimeField(verbose_name="signed out")),
                ("next_at", models.DateTimeField(verbose_name="next attempt")),
                (
                    "ended_at",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="delivered or given up"
                    ),
                ),
                (
                    "answer",
                    models.CharField(
                        blank=True,
                        help_text="A status or a reason's code.",
                        max_length=200,
                        verbose_name="last answer",
                    ),
                ),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=models.deletion.CASCADE,
                        related_name="idp_logout_deliveries",
                        to=application_label(),
                        verbose_name="client",
                    ),
                ),
            ],
            options={
                "verbose_name": "sign-out message",
                "verbose_name_plural": "sign-out messages",
                "permissions": (("retry_logoutdelivery", "Can send sign-out messages again"),),
                "ordering": ("-created_at", "-id"),
                "indexes": [
                    models.Index(fields=["state", "next_at"], name="idp_logout_delivery_due"),
                    models.Index(fields=["-created_at", "-id"], name="idp_logout_delivery_new"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("application", "sid"), name="idp_logout_delivery_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ClientLogo",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "digest",
                    models.CharField(
                        editable=False,
                        help_text="SHA-256 of the picture.",
                        max_length=64,
                        verbose_name="digest",
                    ),
                ),
                ("source", models.URLField(max_length=500, verbose_name="fetched from")),
                ("content_type", models.CharField(max_length=20, verbose_name="content type")),
                ("content", models.BinaryField(verbose_name="picture")),
                ("width", models.PositiveSmallIntegerField(verbose_name="width")),
                ("height", models.PositiveSmallIntegerField(verbose_name="height")),
                ("fetched_at", models.DateTimeField(verbose_name="fetched")),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=models.deletion.CASCADE,
                        related_name="idp_logos",
                        to=application_label(),
                        verbose_name="client",
                    ),
                ),
            ],
            options={
                "verbose_name": "client logo",
                "verbose_name_plural": "client logos",
                "ordering": ("-fetched_at", "-id"),
                "indexes": [models.Index(fields=["digest"], name="idp_client_logo_digest")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("application", "digest"), name="idp_client_logo_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UsedAssertion",
            fields=[
                (
                    "digest",
                    models.CharField(
                        help_text="SHA-256 of the client's id and the jti.",
                        max_length=64,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("expires_at", models.DateTimeField(db_index=True, verbose_name="expires")),
            ],
            options={
                "verbose_name": "used assertion",
                "verbose_name_plural": "used assertions",
            },
        ),
        migrations.CreateModel(
            name="BulkTask",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("take_back", "Take access back"),
                            ("end_tokens", "End tokens"),
                            ("sweep", "Apply changed rules"),
                            ("revoke", "Revoke consents"),
                            ("end", "End authorizations"),
                            ("unused", "Take away what is unused"),
                            ("disable", "Disable clients"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                (
                    "target",
                    models.JSONField(help_text="Keys of what it works on.", verbose_name="target"),
                ),
                ("label", models.CharField(max_length=255, verbose_name="what")),
                ("reason", models.CharField(blank=True, max_length=100, verbose_name="reason")),
                ("by", models.CharField(blank=True, max_length=255, verbose_name="by")),
                (
                    "origin",
                    models.JSONField(default=dict, editable=False, verbose_name="origin"),
                ),
                (
                    "position",
                    models.CharField(
                        blank=True, editable=False, max_length=100, verbose_name="position"
                    ),
                ),
                ("total", models.PositiveBigIntegerField(default=0, verbose_name="rows")),
                ("done", models.PositiveBigIntegerField(default=0, verbose_name="done")),
                ("changed", models.PositiveBigIntegerField(default=0, verbose_name="changed")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="begun"),
                ),
                ("leased_until", models.DateTimeField(editable=False, null=True)),
                ("moved_at", models.DateTimeField(null=True, verbose_name="last step")),
                (
                    "finished_at",
                    models.DateTimeField(db_index=True, null=True, verbose_name="finished"),
                ),
            ],
            options={
                "verbose_name": "task",
                "verbose_name_plural": "tasks",
                "ordering": ("-created_at", "-id"),
                "indexes": [
                    models.Index(fields=["-created_at", "-id"], name="idp_bulk_task_created")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="authorization",
            index=models.Index(fields=["expires_at"], name="idp_authorization_expires"),
        ),
        migrations.AddIndex(
            model_name="authorization",
            index=models.Index(
                fields=["ended_at"],
                name="idp_authorization_ended",
                condition=models.Q(ended_at__isnull=False),
            ),
        ),
        migrations.AddField(
            model_name="authorization",
            name="asked_at",
            field=models.DateTimeField(null=True, verbose_name="asked"),
        ),
        migrations.AddIndex(
            model_name="authorization",
            index=models.Index(fields=["address", "-created_at"], name="idp_authorization_address"),
        ),
        migrations.AddIndex(
            model_name="clientpolicy",
            index=models.Index(
                fields=["name_skeleton"],
                name="idp_client_vouched_name",
                condition=models.Q(("verified", True), ("first_party", True), _connector="OR"),
            ),
        ),
        migrations.AddIndex(
            model_name="clientpolicy",
            index=models.Index(
                fields=["registered_from"],
                name="idp_client_registered_from",
                condition=models.Q(registered_from__gt=""),
            ),
        ),
        migrations.AddIndex(
            model_name="signin",
            index=models.Index(fields=["at"], name="idp_sign_in_at"),
        ),
        migrations.AddIndex(
            model_name="consent",
            index=models.Index(
                fields=["expires_at"],
                name="idp_consent_expires",
                condition=models.Q(status="active", expires_at__isnull=False),
            ),
        ),
        migrations.AddIndex(
            model_name="consentuse",
            index=models.Index(fields=["day"], name="idp_consent_use_old"),
        ),
        migrations.AddIndex(
            model_name="consentsnapshot",
            index=models.Index(fields=["-created_at"], name="idp_consent_snapshot_created"),
        ),
        migrations.AddIndex(
            model_name="securityevent",
            index=models.Index(fields=["address", "-last_at"], name="idp_event_address"),
        ),
        migrations.AddIndex(
            model_name="securityevent",
            index=models.Index(fields=["severity", "-last_at"], name="idp_event_severity"),
        ),
        migrations.CreateModel(
            name="DeviceAuthorization",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "device_digest",
                    models.CharField(editable=False, max_length=64, unique=True),
                ),
                ("user_code", models.CharField(max_length=16, verbose_name="user code")),
                (
                    "scopes",
                    models.TextField(
                        blank=True,
                        help_text="Space-separated, as asked; empty: the defaults.",
                        verbose_name="scopes",
                    ),
                ),
                ("resource", models.JSONField(default=list, verbose_name="resource")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting for a person"),
                            ("allowed", "Allowed, not fetched yet"),
                            ("denied", "Refused"),
                            ("redeemed", "Signed in"),
                            ("closed", "Closed by an operator"),
                        ],
                        default="pending",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                (
                    "interval",
                    models.PositiveIntegerField(
                        default=5,
                        help_text="Seconds between two questions of the device.",
                        verbose_name="interval",
                    ),
                ),
                ("polled_at", models.DateTimeField(null=True, verbose_name="last asked")),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="created"),
                ),
                ("expires_at", models.DateTimeField(db_index=True, verbose_name="expires")),
                ("decided_at", models.DateTimeField(null=True, verbose_name="decided")),
                ("redeemed_at", models.DateTimeField(null=True, verbose_name="fetched")),
                (
                    "address",
                    models.GenericIPAddressField(blank=True, null=True, verbose_name="address"),
                ),
                (
                    "user_agent",
                    models.CharField(blank=True, max_length=500, verbose_name="device"),
                ),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="idp_device_authorizations",
                        to=application_label(),
                        verbose_name="client",
                    ),
                ),
                (
                    "authorization",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="device",
                        to="idp.authorization",
                        verbose_name="authorization",
                    ),
                ),
                (
                    "sign_in",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="idp.signin",
                        verbose_name="sign-in",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="idp_device_authorizations",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "device authorization",
                "verbose_name_plural": "device authorizations",
                "indexes": [
                    models.Index(fields=["-created_at"], name="idp_device_created"),
                    models.Index(fields=["application", "-created_at"], name="idp_device_client"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "pending")),
                        fields=("user_code",),
                        name="idp_device_user_code_once",
                    ),
                ],
            },
        ),
        migrations.RunPython(index_words, drop_words, elidable=False),
        migrations.AddField(
            model_name="clientsecret",
            name="slow_hash",
            field=models.CharField(
                blank=True,
                default="",
                editable=False,
                help_text="Instead of a digest, for a secret that we did not make.",
                max_length=255,
            ),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="signingkey",
            constraint=models.UniqueConstraint(
                condition=models.Q(state="announced"),
                fields=("algorithm", "use"),
                name="idp_signing_key_one_announced",
            ),
        ),
        migrations.AddField(
            model_name="sitestate",
            name="examined_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="examined"),
        ),
        migrations.AddField(
            model_name="sitestate",
            name="examination",
            field=models.JSONField(
                default=dict,
                editable=False,
                help_text="What the doctor found then: by code, how many and the first of them.",
            ),
        ),
        migrations.AddIndex(
            model_name="consentevent",
            index=models.Index(fields=["actor", "-at", "-id"], name="idp_consent_event_actor"),
        ),
        migrations.AddIndex(
            model_name="consentevent",
            index=models.Index(
                condition=models.Q(("snapshot_digest", ""), _negated=True),
                fields=["snapshot_digest", "-at", "-id"],
                name="idp_consent_event_page",
            ),
        ),
    ]
