"""Taking a client from development to production: a new client, judged by production's rules."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from idp.domain import origin
from idp.domain.client import Environment
from idp.domain.decision import Reason
from idp.models import ClientPolicy
from idp.services.change import FieldChange, record_change
from idp.services.client import policy_of
from idp.services.client_judgement import judge_client
from idp.services.client_owner import set_owners
from idp.services.client_registration import register_client, spec_of
from idp.services.client_spec import ClientSpec, differences
from idp.services.redirect_uri import PURPOSES, inspect_uris

FRESH: Mapping[str, Any] = {
    "verified": False,
    "first_party": False,
    "consent_mode": "",
    "localhost_port": False,
}
"""Trust is given to a client, never copied to another."""

ADDRESSES = ("backchannel_logout_uri", "sector_identifier_uri", "jwks_uri")
"""Single addresses of a client that are left out where production refuses them."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """One value that does not come along, and why.

    Attributes:
        key: the field.
        value: as it is in development.
        reasons: what production's rules say against it.
    """

    key: str
    value: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A client as it would be in production.

    Attributes:
        spec: the new client, with a client id of its own.
        dropped: what does not come along.
    """

    spec: ClientSpec
    dropped: tuple[Dropped, ...]


def plan_production(application: Any, *, now: datetime) -> Plan:
    """Return what a client of the development environment would be in production."""
    before = spec_of(application)
    spec = replace(
        before,
        client_id=secrets.token_urlsafe(18),
        environment=str(Environment.PRODUCTION),
        **FRESH,
    )
    dropped: list[Dropped] = []
    spec = _without_origins(spec, dropped)
    for purpose, key in PURPOSES.items():
        spec = _without_uris(spec, purpose, key, dropped, now)
    spec = _without_addresses(spec, dropped, now)
    return Plan(spec, tuple(dropped))


def changes_of(application: Any, spec: ClientSpec) -> list[FieldChange]:
    """Return what is different between a client and the one that it becomes, its id first."""
    changes = differences(spec_of(application), spec)
    return [FieldChange("client_id", application.client_id, spec.client_id), *changes]


@transaction.atomic
def clone_client(
    application: Any, spec: ClientSpec, *, by: Any = None, now: datetime
) -> tuple[Any, str | None]:
    """Register the production client of one in development; return its row and its first secret.

    Owners come along; approvals are asked for anew; consents, tokens and secrets stay behind.

    Args:
        application: the client in development, which stays as it is.
        spec: what the new one is to be.
        by: the user who acts, or None.
        now: the time.

    Raises:
        ClientErrors: the description breaks rules, or the client id is taken.
    """
    made, plain = register_client(spec, by=by, source="admin", now=now)
    policy = policy_of(application)
    if policy.pk is not None:
        set_owners(made, users=policy.owner_users.all(), groups=policy.owner_groups.all(), by=by)
    record_change(
        "client.cloned",
        entry=made.client_id,
        client_id=made.client_id,
        changes=[FieldChange("client_id", application.client_id, made.client_id)],
        by=by,
        now=now,
    )
    return made, plain


def _without_origins(spec: ClientSpec, dropped: list[Dropped]) -> ClientSpec:
    kept = []
    for text in spec.allowed_origins:
        reasons = [r for r in origin.inspect(text, spec.kind, spec.environment) if r.is_error]
        if reasons:
            dropped.append(Dropped("allowed_origins", text, tuple(reasons)))
        else:
            kept.append(text)
    return replace(spec, allowed_origins=tuple(kept))


def _without_uris(
    spec: ClientSpec, purpose: str, key: str, dropped: list[Dropped], now: datetime
) -> ClientSpec:
    policy = ClientPolicy(kind=spec.kind, environment=spec.environment)
    kept = []
    for found in inspect_uris(
        getattr(spec, key),
        policy,
        purpose=purpose,
        allowed_origins=spec.allowed_origins,
        now=now,
    ):
        if found.is_error:
            reasons = tuple(reason for reason in found.findings if reason.is_error)
            dropped.append(Dropped(key, found.uri, reasons))
        else:
            kept.append(found.uri)
    left: dict[str, Any] = {key: tuple(kept)}
    return replace(spec, **left)


def _without_addresses(spec: ClientSpec, dropped: list[Dropped], now: datetime) -> ClientSpec:
    errors: dict[str, list[Reason]] = {}
    for key, reason in judge_client(spec, now=now).errors:
        errors.setdefault(key, []).append(reason)
    for key in ADDRESSES:
        value = getattr(spec, key, "")
        if value and key in errors:
            dropped.append(Dropped(key, str(value), tuple(errors[key])))
            empty: dict[str, Any] = {key: ""}
            spec = replace(spec, **empty)
    return spec
