"""Changes of the catalogue: protected resources, policies, scopes and their words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from idp.conf import access_token_model
from idp.domain import uri
from idp.domain.catalogue import find_cycle
from idp.domain.decision import Reason
from idp.domain.policy import MEANING, inspect_policy
from idp.models import (
    Api,
    ClientPolicy,
    ClientScope,
    ConsentEvent,
    ConsentScope,
    Scope,
    ScopePolicy,
    SiteState,
)
from idp.services.catalogue import bump_catalogue, policy_value
from idp.services.change import (
    FieldChange,
    Refused,
    fault,
    field_changes,
    model_faults,
    record_change,
)
from idp.services.scope_text import Text, write_texts
from idp.services.site import site_state

API_FIELDS = ("identifier", "name")
POLICY_FIELDS = (
    "name",
    "description",
    "clients",
    "groups",
    "permission",
    "user_check",
    "grant_types",
    "max_authentication_age",
    "acr_values",
    "approver_differs",
    *MEANING,
)
SCOPE_FIELDS = ("name", "api", "policy", "active", "public", "default")


@transaction.atomic
def save_api(
    api: Api,
    *,
    resource_servers: Iterable[ClientPolicy] | None = None,
    by: Any = None,
    now: datetime | None = None,
) -> list[FieldChange]:
    """Store a protected resource.

    Args:
        api: the row with its new values, saved before or not.
        resource_servers: the clients that may introspect its tokens; None leaves them alone.
        by: the user who acts, or None.
        now: the time; defaults to the clock.

    Returns:
        What changed; nothing when it was stored like this already.

    Raises:
        Refused: the identifier is no absolute URI without fragment, or a field is wrong.

    Source: RFC 8707 §2.
    """
    lock_catalogue()
    problems = list(model_faults(api))
    if api.identifier and not uri.is_absolute(api.identifier):
        text = "An API is identified by an absolute URI without fragment."
        problems.append(("identifier", fault("not_absolute", text, "RFC 8707 §2")))
    if problems:
        raise Refused(problems)
    changes = field_changes(api, API_FIELDS)
    if changes:
        api.save()
    if resource_servers is not None:
        changes += _set_servers(api, list(resource_servers))
    return _finish("api", api.identifier, changes, by, now)


@transaction.atomic
def save_policy(
    policy: ScopePolicy, *, by: Any = None, now: datetime | None = None
) -> list[FieldChange]:
    """Store a policy; its revision grows when what people agreed to changes.

    Args:
        policy: the row with its new values, saved before or not.
        by: the user who acts, or None.
        now: the time; defaults to the clock.

    Returns:
        What changed; nothing when it was stored like this already.

    Raises:
        Refused: a value breaks a rule.
    """
    lock_catalogue()
    problems = list(model_faults(policy))
    if not problems:
        problems = [found for found in inspect_policy(policy_value(policy)) if found[1].is_error]
    if problems:
        raise Refused(problems)
    created = policy._state.adding
    changes = field_changes(policy, POLICY_FIELDS)
    if not created:
        policy.revision = ScopePolicy.objects.values_list("revision", flat=True).get(pk=policy.pk)
        policy.revision += any(change.field in MEANING for change in changes)
    if changes:
        policy.save()
    return _finish("policy", policy.name, changes, by, now)


@transaction.atomic
def save_scope(
    scope: Scope,
    *,
    implies: Iterable[str] | None = None,
    texts: Mapping[str, Text] | None = None,
    prune_texts: bool = False,
    by: Any = None,
    now: datetime | None = None,
) -> list[FieldChange]:
    """Store a scope, what it includes, and its words.

    Args:
        scope: the row with its new values, saved before or not.
        implies: names of the scopes that it includes; None leaves them alone.
        texts: language code to words; None leaves them alone.
        prune_texts: whether languages that ``texts`` does not name are removed.
        by: the user who acts, or None.
        now: the time; defaults to the clock.

    Returns:
        What changed; nothing when it was stored like this already.

    Raises:
        Refused: the name is no scope-token or was granted and is changed, an included scope is
            unknown, the relation has a cycle, or a text is wrong.

    Source: RFC 6749 §3.3.
    """
    lock_catalogue()
    included = None if implies is None else sorted(set(implies))
    problems = [*model_faults(scope), *_renamed(scope), *_bad_implies(scope.name, included)]
    if problems:
        raise Refused(problems)
    changes = field_changes(scope, SCOPE_FIELDS)
    if changes:
        scope.save()
    if included is not None:
        changes += _set_implies(scope, included)
    if texts is not None:
        changes += write_texts(scope, texts, prune=prune_texts)
    return _finish("scope", scope.name, changes, by, now)


def retire_scope(scope: Scope, *, by: Any = None, now: datetime | None = None) -> list[FieldChange]:
    """Refuse a scope from now on; its history and words remain."""
    scope.active = False
    return save_scope(scope, by=by, now=now)


@transaction.atomic
def remove_scope(scope: Scope, *, by: Any = None, now: datetime | None = None) -> str:
    """Delete a scope that was never granted, retire any other.

    Returns:
        ``delete`` or ``retire``; empty when it was retired already.
    """
    if ever_granted(scope.name):
        return "retire" if retire_scope(scope, by=by, now=now) else ""
    lock_catalogue()
    ClientScope.objects.filter(scope=scope).delete()
    name = scope.name
    scope.delete()
    _record_removal("scope", name, by, now)
    return "delete"


@transaction.atomic
def remove_policy(policy: ScopePolicy, *, by: Any = None, now: datetime | None = None) -> None:
    """Delete a policy that no scope follows.

    Raises:
        Refused: scopes follow it.
    """
    lock_catalogue()
    followers = list(policy.scopes.values_list("name", flat=True)[:5])
    if followers:
        text = "Scopes follow the policy: %(scopes)s."
        raise Refused([("name", fault("in_use", text, scopes=", ".join(followers)))])
    name = policy.name
    policy.delete()
    _record_removal("policy", name, by, now)


@transaction.atomic
def remove_api(api: Api, *, by: Any = None, now: datetime | None = None) -> None:
    """Delete an API that has no scopes.

    Raises:
        Refused: it has scopes, retired ones included.
    """
    lock_catalogue()
    scopes = list(api.scopes.values_list("name", flat=True)[:5])
    if scopes:
        text = "The API has scopes: %(scopes)s."
        raise Refused([("identifier", fault("in_use", text, scopes=", ".join(scopes)))])
    identifier = api.identifier
    api.delete()
    _record_removal("api", identifier, by, now)


def ever_granted(name: str) -> bool:
    """Return whether anybody ever got a scope, by consent or by a token that still exists."""
    if ConsentScope.objects.filter(scope=name).exists():
        return True
    events = ConsentEvent.objects.filter(scopes_after__contains=name)
    texts = events.values_list("scopes_after", flat=True).iterator()
    if any(name in text.split() for text in texts):
        return True
    tokens = access_token_model()._default_manager.filter(scope__contains=name)
    return any(name in text.split() for text in tokens.values_list("scope", flat=True).iterator())


def lock_catalogue() -> None:
    """Let one change of the catalogue at a time go on, until the end of the transaction."""
    site_state()
    SiteState.objects.select_for_update().get(pk=1)


def _finish(
    subject: str, entry: str, changes: list[FieldChange], by: Any, now: datetime | None
) -> list[FieldChange]:
    if changes:
        bump_catalogue()
        record_change(f"{subject}.changed", entry=entry, changes=changes, by=by, now=now)
    return changes


def _record_removal(subject: str, entry: str, by: Any, now: datetime | None) -> None:
    bump_catalogue()
    record_change(f"{subject}.deleted", entry=entry, by=by, now=now)


def _set_servers(api: Api, servers: list[ClientPolicy]) -> list[FieldChange]:
    old = set(api.resource_servers.values_list("application__client_id", flat=True))
    new = {server.application.client_id for server in servers}
    if old == new:
        return []
    api.resource_servers.set(servers)
    return [FieldChange("resource_servers", sorted(old), sorted(new))]


def _set_implies(scope: Scope, included: list[str]) -> list[FieldChange]:
    old = sorted(scope.implies.values_list("name", flat=True))
    if old == included:
        return []
    scope.implies.set(Scope.objects.filter(name__in=included))
    return [FieldChange("implies", old, included)]


def _renamed(scope: Scope) -> list[tuple[str, Reason]]:
    if scope._state.adding:
        return []
    stored = Scope.objects.values_list("name", flat=True).get(pk=scope.pk)
    if stored == scope.name or not ever_granted(stored):
        return []
    text = "The scope %(scope)s was granted; retire it and make a new one."
    return [("name", fault("granted_name", text, scope=stored))]


def _bad_implies(name: str, included: list[str] | None) -> list[tuple[str, Reason]]:
    if included is None:
        return []
    known = set(Scope.objects.filter(name__in=included).values_list("name", flat=True))
    problems = [
        ("implies", fault("unknown_scope", "There is no scope %(scope)s.", scope=missing))
        for missing in included
        if missing not in known and missing != name
    ]
    relation: dict[str, set[str]] = {}
    for start, end in Scope.implies.through.objects.values_list(
        "from_scope__name", "to_scope__name"
    ):
        relation.setdefault(start, set()).add(end)
    cycle = find_cycle({**relation, name: included})
    if cycle:
        text = "Scopes include each other in a circle: %(cycle)s."
        problems.append(("implies", fault("implies_cycle", text, cycle=" → ".join(cycle))))
    return problems
