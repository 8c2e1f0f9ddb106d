"""Applying the sections ``policies``, ``apis`` and ``scopes``."""

from __future__ import annotations

from idp.conf import application_model
from idp.management.manifest.entry import ApiEntry, PolicyEntry, ScopeEntry
from idp.management.manifest.problem import Place, problem
from idp.management.manifest.work import Work
from idp.models import Api, ClientPolicy, Scope, ScopePolicy
from idp.services.api import save_api
from idp.services.change import FieldChange
from idp.services.client import ensure_policy
from idp.services.scope import bad_implications, save_implications, save_scope
from idp.services.scope_policy import save_policy

POLICY_KEYS = {
    "groups": "users.groups",
    "permission": "users.permission",
    "user_check": "users.check",
}


def apply_policies(work: Work) -> None:
    """Store every policy of the file."""
    rows = {row.name: row for row in ScopePolicy.objects.all()}
    for entry in work.manifest.policies:
        with work.entry(entry.place, POLICY_KEYS):
            _apply_policy(work, entry, rows.get(entry.name))


def apply_apis(work: Work) -> None:
    """Store every API of the file, without its resource servers."""
    rows = {row.identifier: row for row in Api.objects.all()}
    for entry in work.manifest.apis:
        row = rows.get(entry.identifier)
        with work.entry(entry.place):
            api = row or Api(identifier=entry.identifier)
            api.name = entry.name
            api.access_token_format = entry.access_token_format
            changes = save_api(api, by=work.by, now=work.now)
            work.note(entry.place, "update" if row else "create", changes)


def apply_scopes(work: Work) -> None:
    """Store every scope of the file with its words, then what they include, as one."""
    rows = {row.name: row for row in Scope.objects.select_related("api", "policy")}
    apis = {row.identifier: row for row in Api.objects.all()}
    policies = {row.name: row for row in ScopePolicy.objects.all()}
    for entry in work.manifest.scopes:
        _apply_scope(work, entry, rows.get(entry.name), apis, policies)
    _apply_implications(work)


def apply_resource_servers(work: Work) -> None:
    """Connect every API of the file with its resource servers, which exist by now."""
    for entry in work.manifest.apis:
        with work.entry(entry.place):
            servers = _servers(work, entry)
            api = Api.objects.filter(identifier=entry.identifier).first()
            if api is not None:
                changes = save_api(api, resource_servers=servers, by=work.by, now=work.now)
                work.note(entry.place, "update", changes)


def _apply_policy(work: Work, entry: PolicyEntry, row: ScopePolicy | None) -> None:
    policy = row or ScopePolicy(name=entry.name)
    for name, value in entry.values.items():
        setattr(policy, name, value)
    changes = save_policy(policy, by=work.by, now=work.now)
    renamed = [_renamed(change) for change in changes]
    work.note(entry.place, "update" if row else "create", renamed)


def _renamed(change: FieldChange) -> FieldChange:
    return FieldChange(POLICY_KEYS.get(change.field, change.field), change.old, change.new)


def _apply_scope(
    work: Work,
    entry: ScopeEntry,
    row: Scope | None,
    apis: dict[str, Api],
    policies: dict[str, ScopePolicy],
) -> None:
    api, policy = apis.get(entry.api), policies.get(entry.policy)
    if api is None and not work.names("apis", entry.api):
        work.refuse(entry.place, "api", "unknown_api", "There is no API %(api)s.", api=entry.api)
    if entry.policy and policy is None and not work.names("policies", entry.policy):
        text = "There is no policy %(policy)s."
        work.refuse(entry.place, "policy", "unknown_policy", text, policy=entry.policy)
    if not entry.policy:
        work.warn(entry.place, "policy", "no_policy", "The scope has no policy.")
    if api is None or (entry.policy and policy is None):
        return
    with work.entry(entry.place):
        scope = row or Scope(name=entry.name)
        scope.api, scope.policy, scope.active = api, policy, entry.active
        scope.public, scope.default = entry.public, entry.default
        changes = save_scope(
            scope, texts=entry.text, prune_texts=work.prune, by=work.by, now=work.now
        )
        work.note(entry.place, "update" if row else "create", changes)
        if not scope.texts.exists():
            text = "The scope has no words, so that people will read its bare name."
            work.warn(entry.place, "text", "no_words", text)


def _apply_implications(work: Work) -> None:
    known = set(Scope.objects.values_list("name", flat=True))
    for entry in work.manifest.scopes:
        for missing in sorted(set(entry.implies) - known):
            if not work.names("scopes", missing):
                text = "There is no scope %(scope)s."
                work.refuse(entry.place, "implies", "unknown_scope", text, scope=missing)
    stored = [entry for entry in work.manifest.scopes if entry.name in known]
    relation = {entry.name: sorted(set(entry.implies) & known) for entry in stored}
    places = {entry.name: entry.place for entry in stored}
    for key, reason in bad_implications(relation):
        first = str(reason.params["cycle"]).split(" → ")[0]
        work.errors.append(problem(places.get(first, Place()), key, reason))
        return
    for name, changes in save_implications(relation, by=work.by, now=work.now).items():
        work.note(places[name], "update", changes)


def _servers(work: Work, entry: ApiEntry) -> list[ClientPolicy]:
    rows = application_model()._default_manager.filter(client_id__in=entry.resource_servers)
    found = {row.client_id: row for row in rows}
    for client_id in entry.resource_servers:
        if client_id not in found and not work.names("clients", client_id):
            text = "There is no client %(client_id)s."
            work.refuse(
                entry.place, "resource_servers", "unknown_client", text, client_id=client_id
            )
    return [ensure_policy(row) for row in found.values()]
