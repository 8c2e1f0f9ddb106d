"""Clients entered, changed and removed by operators and files, always judged by the same rules."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from idp.conf import application_model
from idp.models import Authorization, ClientPolicy, ClientScope, Consent, RedirectUri
from idp.services.authorization import end_authorizations
from idp.services.change import FieldChange, fault, record_change
from idp.services.client import ensure_policy, grant_types_of, policy_of
from idp.services.client_judgement import ClientErrors, judge_client
from idp.services.client_scope import Choice, set_client_scopes
from idp.services.client_secret import (
    close_toolkit_secret,
    issue_client_secret,
)
from idp.services.client_secret_value import has_toolkit_secret, unusable_secret
from idp.services.client_spec import POLICY_FIELDS, ClientSpec, differences, policy_values
from idp.services.consent import revoke_consent
from idp.services.consent_settle import settle
from idp.services.redirect_uri import registered_uris, sync_redirect_uris

_SOURCES: dict[str, str] = {
    RedirectUri.Source.FILE: ClientPolicy.Source.FILE,
    RedirectUri.Source.REGISTRATION: ClientPolicy.Source.REGISTRATION,
}
"""How a client came to be here, by who is behind its first addresses."""


@transaction.atomic
def register_client(
    spec: ClientSpec,
    *,
    by: Any = None,
    source: str = "admin",
    first_secret: bool = True,
    now: datetime | None = None,
) -> tuple[Any, str | None]:
    """Store a new client and return its row and its first secret, which nobody sees again.

    Args:
        spec: what it is to be.
        by: the user who acts, or None.
        source: a ``RedirectUri.Source``.
        first_secret: whether a client that keeps secrets gets one now; a file brings its own.
        now: the time; defaults to the clock.

    Raises:
        ClientErrors: the description breaks rules, or the client id is taken.
    """
    at = now or timezone.now()
    client_id = spec.client_id or secrets.token_urlsafe(24)
    _refuse(spec, None, at, taken=_exists(client_id))
    application = application_model()(
        client_id=client_id, user=spec.owner, client_secret=unusable_secret()
    )
    _write_toolkit(application, spec)
    # Cached on the row, so that every receiver of its save sees kind and environment.
    policy = ClientPolicy(
        application=application, source=_SOURCES.get(source, ""), **policy_values(spec)
    )
    application.idp_source = source
    application.save()
    policy.application = application
    policy.save()
    sync_redirect_uris(application, source=source, now=at)
    set_client_scopes(application, spec.scopes, by=by, source=source, now=at)
    record_change(
        "client.registered",
        entry=client_id,
        client_id=client_id,
        changes=differences(ClientSpec(kind=spec.kind), spec),
        by=by,
        now=at,
    )
    if not (spec.keeps_secret and first_secret):
        return application, None
    _row, plain = issue_client_secret(application, label="main", by=by, now=at)
    return application, plain


@transaction.atomic
def update_client(
    application: Any,
    spec: ClientSpec,
    *,
    by: Any = None,
    source: str = "admin",
    now: datetime | None = None,
) -> list[FieldChange]:
    """Make a client what a description says, and return what changed.

    Args:
        application: the client's row.
        spec: what it is to be, in full; ``spec_of`` gives what it is. The client id stays.
        by: the user who acts, or None.
        source: a ``RedirectUri.Source`` for URIs that are new.
        now: the time; defaults to the clock.

    Raises:
        ClientErrors: the description breaks rules.
    """
    at = now or timezone.now()
    before = spec_of(application)
    changes = differences(before, spec)
    if not changes:
        return []
    _refuse(spec, before, at)
    policy = ensure_policy(application)
    for name, value in policy_values(spec).items():
        setattr(policy, name, value)
    _write_toolkit(application, spec)
    application.idp_policy = policy
    application.idp_source = source
    application.save()
    policy.save()
    if spec.public and has_toolkit_secret(application):
        close_toolkit_secret(application)
    sync_redirect_uris(application, source=source, now=at)
    set_client_scopes(application, spec.scopes, by=by, source=source, now=at)
    record_change(
        "client.changed",
        entry=application.client_id,
        client_id=application.client_id,
        changes=changes,
        by=by,
        now=at,
    )
    return changes


@transaction.atomic
def delete_client(
    application: Any, *, reason: str, by: Any = None, now: datetime | None = None
) -> None:
    """Remove a client with all that hangs on it; what people decided stays in the ledger."""
    at = now or timezone.now()
    _end_consents(application, reason, by, at)
    end_authorizations(
        Authorization.objects.filter(application=application), reason="client_deleted", now=at
    )
    client_id = application.client_id
    application.delete()
    record_change(
        "client.deleted",
        entry=client_id,
        client_id=client_id,
        changes=[FieldChange("reason", "", reason)],
        by=by,
        now=at,
    )


def spec_of(application: Any) -> ClientSpec:
    """Return what a client is, as a description that changes nothing when applied."""
    policy = policy_of(application)
    public = application.client_type == "public"
    implied = "none" if public else "client_secret_basic"
    rows = ClientScope.objects.filter(application=application).select_related("scope")
    return ClientSpec(
        client_id=application.client_id,
        client_name=application.name,
        owner=application.user,
        grant_types=grant_types_of(application, policy),
        token_endpoint_auth_method=policy.token_endpoint_auth_method or implied,
        redirect_uris=registered_uris(application),
        post_logout_redirect_uris=registered_uris(application, "post_logout"),
        allowed_origins=tuple((application.allowed_origins or "").split()),
        scopes={row.scope.name: Choice(row.requirement, row.default) for row in rows},
        contacts=tuple(policy.contacts),
        **{name: getattr(policy, name) for name in POLICY_FIELDS},
    )


def _refuse(
    spec: ClientSpec, before: ClientSpec | None, now: datetime, *, taken: bool = False
) -> None:
    errors = list(judge_client(spec, before=before, now=now).errors)
    if taken:
        errors.append(("client_id", fault("taken", "Another client has this client id.")))
    if errors:
        raise ClientErrors(errors)


def _exists(client_id: str) -> bool:
    if "\x00" in client_id:
        return False
    return bool(application_model()._base_manager.filter(client_id=client_id).exists())


def _write_toolkit(application: Any, spec: ClientSpec) -> None:
    application.name = spec.client_name
    application.client_type = "public" if spec.public else "confidential"
    application.authorization_grant_type = spec.toolkit_flow
    application.redirect_uris = " ".join(spec.redirect_uris)
    application.post_logout_redirect_uris = " ".join(spec.post_logout_redirect_uris)
    application.allowed_origins = " ".join(spec.allowed_origins)
    # Without an algorithm the toolkit fails on "openid"; which key signs is our policy's word.
    application.algorithm = application.algorithm or "RS256"


def _end_consents(application: Any, reason: str, by: Any, now: datetime) -> None:
    consents = Consent.objects.filter(application=application)
    for consent in consents.exclude(ended_by_task=None):
        settle(consent)
    for consent in consents.live(now):
        revoke_consent(consent, actor="operator", reason=reason, by=str(by or ""), now=now)
