"""Removing what a file does not name, in the sections that it has."""

from __future__ import annotations

from collections.abc import Iterable

from idp.conf import application_model
from idp.management.manifest.entry import Manifest
from idp.management.manifest.problem import Place
from idp.management.manifest.work import Work
from idp.models import Api, Scope, ScopePolicy
from idp.services.api import remove_api
from idp.services.client_registration import delete_client
from idp.services.scope import remove_scope
from idp.services.scope_policy import remove_policy


def prune(work: Work) -> None:
    """Remove clients, scopes, policies and APIs that the file leaves out.

    A section that the file does not have at all is left alone; an empty one (``clients = []``)
    removes everything of its kind. What an entry refers to counts as named: the scopes of a client
    are kept although the file leaves their own entries out. Scopes that were ever granted are only
    retired. A policy or an API that a scope still needs stays, with a warning.
    """
    named = _named(work.manifest)
    if "clients" in named:
        _prune_clients(work, named["clients"])
    if "scopes" in named:
        _prune_scopes(work, named["scopes"])
    if "policies" in named:
        _prune_policies(work, named["policies"])
    if "apis" in named:
        _prune_apis(work, named["apis"])


def _named(manifest: Manifest) -> dict[str, frozenset[str]]:
    """Return what each section of the file names, references from other entries included."""
    scopes, clients = manifest.scopes, manifest.clients
    referred: dict[str, set[str]] = {
        "apis": {entry.api for entry in scopes},
        "policies": {entry.policy for entry in scopes},
        "scopes": {name for entry in scopes for name in entry.implies}
        | {name for entry in clients for name in entry.spec.scopes},
        "clients": {name for entry in manifest.apis for name in entry.resource_servers},
    }
    return {section: ids | referred[section] for section, ids in manifest.named.items()}


def _prune_clients(work: Work, kept: frozenset[str]) -> None:
    rows = application_model()._default_manager.exclude(client_id__in=kept)
    for application in rows:
        place = Place("clients", application.client_id)
        delete_client(application, reason="not in the applied file", by=work.by, now=work.now)
        work.note(place, "delete", (), even=True)


def _prune_scopes(work: Work, kept: frozenset[str]) -> None:
    for scope in Scope.objects.exclude(name__in=kept):
        place = Place("scopes", scope.name)
        action = remove_scope(scope, by=work.by, now=work.now)
        if action:
            work.note(place, action, (), even=True)


def _prune_policies(work: Work, kept: frozenset[str]) -> None:
    for policy in ScopePolicy.objects.exclude(name__in=kept):
        place = Place("policies", policy.name)
        if _is_free(work, place, policy.scopes.values_list("name", flat=True)):
            remove_policy(policy, by=work.by, now=work.now)
            work.note(place, "delete", (), even=True)


def _prune_apis(work: Work, kept: frozenset[str]) -> None:
    for api in Api.objects.exclude(identifier__in=kept):
        place = Place("apis", api.identifier)
        if _is_free(work, place, api.scopes.values_list("name", flat=True)):
            remove_api(api, by=work.by, now=work.now)
            work.note(place, "delete", (), even=True)


def _is_free(work: Work, place: Place, scopes: Iterable[str]) -> bool:
    """Return whether no scope is left that needs an entry; warn where one is."""
    users = ", ".join(sorted(scopes)[:5])
    if users:
        text = "It stays, because scopes need it: %(scopes)s."
        work.warn(place, "", "in_use", text, scopes=users)
    return not users
