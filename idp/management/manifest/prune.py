"""Removing what a file does not name, in the sections that it has."""

from __future__ import annotations

from idp.conf import application_model
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
    removes everything of its kind. Scopes that were ever granted are only retired, and keep their
    API and policy.
    """
    named = work.manifest.named
    if "clients" in named:
        _prune_clients(work)
    if "scopes" in named:
        _prune_scopes(work)
    if "policies" in named:
        for policy in ScopePolicy.objects.exclude(name__in=named["policies"]):
            place = Place("policies", policy.name)
            if not policy.scopes.filter(active=False).exists():
                with work.entry(place):
                    remove_policy(policy, by=work.by, now=work.now)
                    work.note(place, "delete", (), even=True)
    if "apis" in named:
        for api in Api.objects.exclude(identifier__in=named["apis"]):
            place = Place("apis", api.identifier)
            if not api.scopes.filter(active=False).exists():
                with work.entry(place):
                    remove_api(api, by=work.by, now=work.now)
                    work.note(place, "delete", (), even=True)


def _prune_clients(work: Work) -> None:
    rows = application_model()._default_manager.exclude(
        client_id__in=work.manifest.named["clients"]
    )
    for application in rows:
        place = Place("clients", application.client_id)
        delete_client(application, reason="not in the applied file", by=work.by, now=work.now)
        work.note(place, "delete", (), even=True)


def _prune_scopes(work: Work) -> None:
    for scope in Scope.objects.exclude(name__in=work.manifest.named["scopes"]):
        place = Place("scopes", scope.name)
        action = remove_scope(scope, by=work.by, now=work.now)
        if action:
            work.note(place, action, (), even=True)
