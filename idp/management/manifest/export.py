"""Writing what is stored as a file that applies back without a change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from idp.conf import application_model
from idp.domain.toml import dumps
from idp.models import Api, ClientSecret, Scope, ScopePolicy
from idp.services.client_entry import client_entry, plain
from idp.services.client_registration import spec_of
from idp.services.client_secret import live

HEADER = """\
# Written by `manage.py idp export`. Apply it with `manage.py idp apply`.
# Secrets are not in here: a label alone says that the client has such a secret. To take this file
# to another site, add `env = "NAME"` beside the label and put the secret into that variable.

"""


def export_manifest(now: datetime) -> str:
    """Return APIs, policies, scopes and clients as TOML, ordered by name."""
    document: dict[str, list[Mapping[str, Any]]] = {
        "apis": [
            _api(row) for row in Api.objects.prefetch_related("resource_servers__application")
        ],
        "policies": [_policy(row) for row in ScopePolicy.objects.all()],
        "scopes": [
            _scope(row)
            for row in Scope.objects.select_related("api", "policy").prefetch_related(
                "implies", "texts"
            )
        ],
        "clients": list(_clients(now)),
    }
    return HEADER + dumps(document)


def _api(row: Api) -> dict[str, Any]:
    servers = sorted(server.application.client_id for server in row.resource_servers.all())
    return _sparse(
        {
            "identifier": row.identifier,
            "name": row.name,
            "resource_servers": servers,
            "access_token_format": row.access_token_format,
        }
    )


def _policy(row: ScopePolicy) -> dict[str, Any]:
    users = _sparse({"groups": row.groups, "permission": row.permission, "check": row.user_check})
    return {
        "name": row.name,
        "sensitivity": row.sensitivity,
        "clients": row.clients,
        **_sparse({"description": row.description, "users": users, "grant_types": row.grant_types}),
        "consent": row.consent,
        **_sparse({"consent_lifetime": row.consent_lifetime}),
        "optional": row.optional,
        "choose_duration": row.choose_duration,
        **_sparse(
            {
                "max_authentication_age": row.max_authentication_age,
                "acr_values": row.acr_values,
                "access_token_lifetime": row.access_token_lifetime,
            }
        ),
        "refresh": row.refresh,
        **_sparse(
            {
                "refresh_token_lifetime": row.refresh_token_lifetime,
                "refresh_token_idle_lifetime": row.refresh_token_idle_lifetime,
            }
        ),
        "approver_differs": row.approver_differs,
    }


def _scope(row: Scope) -> dict[str, Any]:
    words = {
        text.language: _sparse({"title": text.title, "description": text.description})
        for text in sorted(row.texts.all(), key=lambda text: text.language)
    }
    return {
        "name": row.name,
        "api": row.api.identifier,
        **_sparse({"policy": row.policy.name if row.policy else ""}),
        "active": row.active,
        "public": row.public,
        "default": row.default,
        "implies": sorted(scope.name for scope in row.implies.all()),
        **_sparse({"text": words}),
    }


def _clients(now: datetime) -> Iterator[dict[str, Any]]:
    rows = application_model()._default_manager.select_related("idp_policy", "user")
    labels: dict[Any, list[str]] = {}
    for secret in live(ClientSecret.objects.filter(expires_at=None), now):
        labels.setdefault(secret.application_id, []).append(secret.label)
    for application in rows.order_by("client_id"):
        yield client_entry(spec_of(application), labels.get(application.pk, []))


def _sparse(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values that say something; an absent key stands for None and for nothing."""
    found = {key: plain(value) for key, value in values.items()}
    return {key: value for key, value in found.items() if value not in (None, "", [], {})}
