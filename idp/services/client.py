"""Clients: read whole in one statement, switched off and on, and removed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone

from idp.conf import application_model
from idp.domain.catalogue import Catalogue
from idp.domain.client import DEVICE_CODE
from idp.domain.party import ClientFacts
from idp.domain.party import ClientScope as ScopeOfClient
from idp.models import ClientPolicy, ClientScope, SiteState
from idp.models.expression import JsonRows
from idp.models.prepared import Prepared
from idp.services.catalogue import current_catalogue, unpoliced_choice
from idp.services.change import name_of
from idp.services.client_secret_read import HeldSecret, secret_rows, secrets_from
from idp.services.event import NOWHERE, Origin, record_event
from idp.services.site import enforces, site_state
from idp.signals import client_disabled, client_enabled

MAX_CLIENT_ID = 255

GRANT_TYPES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "authorization-code": frozenset({"authorization_code", "refresh_token"}),
        "openid-hybrid": frozenset({"authorization_code", "implicit", "refresh_token"}),
        "implicit": frozenset({"implicit"}),
        "password": frozenset({"password", "refresh_token"}),
        "client-credentials": frozenset({"client_credentials"}),
        DEVICE_CODE: frozenset({DEVICE_CODE, "refresh_token"}),
    }
)
"""The toolkit's names of flows, and the grant types on the wire that they stand for."""


_SOURCES: Mapping[str, str] = MappingProxyType(
    {"dcr": ClientPolicy.Source.REGISTRATION, "cimd": ClientPolicy.Source.DOCUMENT}
)


@dataclass(frozen=True, eq=False)
class Client:
    """One client with all that decisions need.

    Attributes:
        application: the toolkit's row.
        policy: our row; an unsaved one with the strict defaults where there is none.
        facts: the same as plain values, for the rules.
        mode: ``report`` or ``enforce``, of the site.
        catalogue_version: version of the catalogue at the time of reading.
        secrets: its secrets, ended ones included; None where they were not asked for.
    """

    application: Any
    policy: ClientPolicy
    facts: ClientFacts
    mode: str
    catalogue_version: int
    secrets: Sequence[HeldSecret] | None = None

    def enforces(self, rule_set: str) -> bool:
        """Return whether a rule set refuses for this client, or only reports."""
        return enforces(rule_set, self.mode, self.policy)

    def catalogue(self) -> Catalogue:
        """Return the catalogue that this client is judged by; no statement in steady state."""
        choice = unpoliced_choice(enforcing=self.enforces("scope"))
        return current_catalogue(self.catalogue_version, unpoliced=choice)


def load_client(client_id: str, *, with_secrets: bool = False) -> Client | None:
    """Return a client with policy, scopes, mode and catalogue version, in one statement.

    Args:
        client_id: as sent; any text.
        with_secrets: whether the secrets ride along, for a client that is to be authenticated.

    Returns:
        None for an unknown client, and for a text that no client can have.
    """
    if not client_id or len(client_id) > MAX_CLIENT_ID or not client_id.isprintable():
        return None
    client = _client((_BY_ID_WITH_SECRETS if with_secrets else _BY_ID).first(client_id))
    if client is None or not with_secrets:
        return client
    return replace(client, secrets=secrets_from(client.application.idp_secret_rows or ()))


def client_of(application: Any) -> Client:
    """Return the client of a row at hand, read anew except for the row itself."""
    found = _client(_rows().filter(pk=application.pk).first())
    if found is None:
        raise application_model().DoesNotExist(f"{application} is gone")
    return Client(application, found.policy, found.facts, found.mode, found.catalogue_version)


def policy_of(application: Any) -> ClientPolicy:
    """Return the policy row of a client; an unsaved strict one where there is none."""
    policy: ClientPolicy | None = getattr(application, "idp_policy", None)
    return policy or default_policy(application)


def default_policy(application: Any) -> ClientPolicy:
    """Return the strict defaults for a client without a policy row; nothing is saved."""
    return ClientPolicy(
        application=application, kind=kind_of(application), source=source_of(application)
    )


def source_of(application: Any) -> str:
    """Return how a client came to be here, as far as the toolkit says it."""
    return _SOURCES.get(getattr(application, "registration_source", ""), "")


def kind_of(application: Any) -> str:
    """Return the kind that a client without a policy row most likely is."""
    if application.authorization_grant_type == "client-credentials":
        return ClientPolicy.Kind.SERVICE
    if application.authorization_grant_type == DEVICE_CODE:
        return ClientPolicy.Kind.DEVICE
    if application.client_type == "confidential":
        return ClientPolicy.Kind.WEB
    uris = application.redirect_uris.split()
    on_device = any(not uri.startswith("https://") for uri in uris)
    return ClientPolicy.Kind.NATIVE if on_device else ClientPolicy.Kind.SPA


def grant_types_of(application: Any, policy: ClientPolicy) -> frozenset[str]:
    """Return the grant types that a client may use, by their names on the wire."""
    if policy.grant_types:
        return frozenset(policy.grant_types)
    return GRANT_TYPES.get(application.authorization_grant_type, frozenset())


@transaction.atomic
def disable_client(
    application: Any,
    *,
    reason: str,
    by: Any = None,
    now: datetime | None = None,
    origin: Origin = NOWHERE,
    task: str = "",
) -> ClientPolicy:
    """Switch a client off: from the next request on, it and its tokens are refused.

    The event names the long work that it belongs to, where ``task`` is its id.
    """
    disabled = ClientPolicy.Status.DISABLED
    return _set_status(application, disabled, reason, by, now, origin=origin, task=task)


@transaction.atomic
def enable_client(
    application: Any, *, reason: str = "", by: Any = None, now: datetime | None = None
) -> ClientPolicy:
    """Switch a client on again; tokens that have not expired meanwhile work again."""
    return _set_status(application, ClientPolicy.Status.ACTIVE, reason, by, now)


@transaction.atomic
def ensure_policy(application: Any) -> ClientPolicy:
    """Return the policy row of a client, locked until the end of the transaction."""
    made = default_policy(application)
    known = {"kind": made.kind, "source": made.source}
    ClientPolicy.objects.get_or_create(application=application, defaults=known)
    policy = ClientPolicy.objects.select_for_update().get(application=application)
    policy.application = application
    return policy


def _set_status(
    application: Any,
    status: str,
    reason: str,
    by: Any,
    now: datetime | None,
    *,
    origin: Origin = NOWHERE,
    task: str = "",
) -> ClientPolicy:
    at = now or timezone.now()
    policy = ensure_policy(application)
    if policy.status == status:
        return policy
    policy.status, policy.status_reason, policy.status_changed_at = status, reason, at
    policy.save(update_fields=("status", "status_reason", "status_changed_at"))
    disabled = status == ClientPolicy.Status.DISABLED
    record_event(
        "client.disabled" if disabled else "client.enabled",
        severity="info",
        client_id=application.client_id,
        user=by if getattr(by, "pk", None) else None,
        origin=origin,
        detail={"reason": reason, "by": name_of(by), **({"task": task} if task else {})},
        distinct=uuid.uuid4().hex,
        now=at,
    )
    signal = client_disabled if disabled else client_enabled
    transaction.on_commit(
        lambda: signal.send(type(application), application=application, reason=reason)
    )
    return policy


def scope_rows(application: str) -> Subquery:
    """Return the scopes of a client as one JSON value, for a query that reads more besides.

    Args:
        application: name of the outer query's reference to the client.
    """
    row = JSONObject(
        name="scope__name",
        requirement="requirement",
        default="default",
        state="state",
        until="until",
    )
    scopes = ClientScope.objects.filter(application=OuterRef(application)).order_by()
    return Subquery(scopes.values("application").annotate(rows=JsonRows(row)).values("rows"))


def _rows() -> QuerySet[Any]:
    state = SiteState.objects.filter(pk=1)
    rows: QuerySet[Any] = application_model()._default_manager.select_related("idp_policy")
    annotated: QuerySet[Any] = rows.annotate(
        idp_mode=Subquery(state.values("mode")),
        idp_catalogue_version=Subquery(state.values("catalogue_version")),
        idp_scope_rows=scope_rows("pk"),
    )
    return annotated


_FOR_PEOPLE = (
    "idp_policy__status_reason",
    "idp_policy__status_changed_at",
    "idp_policy__client_uri",
    "idp_policy__logo_uri",
    "idp_policy__policy_uri",
    "idp_policy__tos_uri",
    "idp_policy__contacts",
    "idp_policy__software_id",
    "idp_policy__name_skeleton",
    "idp_policy__registered_from",
    "idp_policy__registration_token",
    "idp_policy__registration_token_expires_at",
    "idp_policy__created_at",
)
"""Columns that no request reads in which a client authenticates."""

_BY_ID: Prepared[Any] = Prepared(lambda client_id: _rows().filter(client_id=client_id))
_BY_ID_WITH_SECRETS: Prepared[Any] = Prepared(
    lambda client_id: (
        _rows()
        .filter(client_id=client_id)
        .annotate(idp_secret_rows=secret_rows("pk"))
        .defer(*_FOR_PEOPLE)
    )
)


def _client(application: Any | None) -> Client | None:
    if application is None:
        return None
    mode, version = application.idp_mode, application.idp_catalogue_version
    if mode is None:
        state = site_state()
        mode, version = state.mode, state.catalogue_version
    policy = policy_of(application)
    facts = client_facts(application, policy, application.idp_scope_rows or ())
    return Client(application, policy, facts, mode, version)


def client_facts(
    application: Any, policy: ClientPolicy, scopes: Iterable[Mapping[str, Any]]
) -> ClientFacts:
    """Return what the rules need to know of a client.

    Args:
        application: the toolkit's row.
        policy: our row.
        scopes: what ``scope_rows`` read.
    """
    return ClientFacts(
        client_id=application.client_id,
        kind=policy.kind,
        environment=policy.environment,
        active=policy.status == ClientPolicy.Status.ACTIVE,
        verified=policy.verified,
        first_party=policy.first_party,
        grant_types=grant_types_of(application, policy),
        scopes=MappingProxyType({row["name"]: _scope(row) for row in scopes}),
        access_token_lifetime=policy.access_token_lifetime,
        refresh_token_lifetime=policy.refresh_token_lifetime,
        refresh_token_idle_lifetime=policy.refresh_token_idle_lifetime,
    )


def _scope(row: Mapping[str, Any]) -> ScopeOfClient:
    until = datetime.fromisoformat(row["until"]) if row["until"] else None
    if until is not None and until.tzinfo is None:
        until = until.replace(tzinfo=UTC)  # how SQLite stores it
    return ScopeOfClient(row["name"], row["requirement"], bool(row["default"]), row["state"], until)
