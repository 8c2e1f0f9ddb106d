"""Applying a file: everything or nothing, and every error at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from idp.conf import application_model
from idp.domain.catalogue import Catalogue
from idp.management.manifest.apply_catalogue import (
    apply_apis,
    apply_policies,
    apply_resource_servers,
    apply_scopes,
)
from idp.management.manifest.apply_client import apply_clients
from idp.management.manifest.parse import parse
from idp.management.manifest.problem import Problem
from idp.management.manifest.prune import prune as prune_rest
from idp.management.manifest.work import Change, Work
from idp.services.catalogue import current_catalogue
from idp.services.catalogue_change import lock_catalogue
from idp.services.impact import Future, Impact, changed_scopes, foresee, impact_of
from idp.services.rule_sweep import Range

STEPS = (apply_policies, apply_apis, apply_scopes, apply_clients, apply_resource_servers)
"""The order in which a file is applied: each step may name what the ones before made."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a file did, or would do.

    Attributes:
        applied: whether the database now says what the file says.
        changes: what was changed, or would be.
        errors: what is wrong; nothing is changed when there is any.
        warnings: what an operator should know.
        impact: what a dry run would take from clients and users; None for a real run.
        concerned: what a real run speaks of, for whoever takes it from what is out there too.
    """

    applied: bool
    changes: tuple[Change, ...]
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    impact: Impact | None = None
    concerned: Range = field(default_factory=Range)

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome as JSON-ready values."""
        return {
            "applied": self.applied,
            "changes": [change.as_dict() for change in self.changes],
            "errors": [error.as_dict() for error in self.errors],
            "warnings": [warning.as_dict() for warning in self.warnings],
            **({} if self.impact is None else {"impact": self.impact.as_dict()}),
        }


def apply_manifest(
    data: bytes,
    *,
    environ: Mapping[str, str],
    now: datetime,
    dry_run: bool = False,
    prune: bool = False,
    by: Any = None,
) -> Outcome:
    """Make the database say what a file says.

    A dry run does the same work in a transaction and takes it back, so that its plan and its errors
    are those of the real run.

    Args:
        data: the file's contents.
        environ: where secrets are read from.
        now: the time.
        dry_run: whether to only say what would change.
        prune: whether to remove what the file does not name.
        by: who acts, for the events.
    """
    manifest, problems = parse(data)
    work = Work(manifest, environ, prune=prune, by=by, now=now, errors=problems)
    future = None
    with transaction.atomic():
        lock_catalogue()
        before, standing = current_catalogue(), list(_standing(work))
        for step in STEPS:
            step(work)
        if prune and not work.errors:
            prune_rest(work)
        refused = bool(work.errors)
        if not refused:
            future = foresee([row for row in standing if _changed(work, row)])
        if refused or dry_run:
            transaction.set_rollback(True)
    return Outcome(
        applied=not (refused or dry_run),
        changes=() if refused else tuple(work.changes.values()),
        errors=tuple(work.errors),
        warnings=tuple(work.warnings),
        impact=impact_of(future, now=now) if future and dry_run else None,
        concerned=_concerned(work, before, future, standing) if future and not dry_run else Range(),
    )


def _standing(work: Work) -> Iterator[Any]:
    """Yield the clients that the file names, or may remove, as they are before it is applied."""
    rows = application_model()._default_manager.all()
    if not (work.prune and "clients" in work.manifest.named):
        rows = rows.filter(client_id__in=[entry.spec.client_id for entry in work.manifest.clients])
    yield from rows


def _changed(work: Work, row: Any) -> bool:
    return any(change.id == row.client_id for change in work.changes.values())


def _concerned(work: Work, before: Catalogue, future: Future, standing: list[Any]) -> Range:
    """Return what the file speaks of, changed or not: the same file takes up a broken run."""
    after = future.catalogue
    policies = {entry.name for entry in work.manifest.policies}
    named = {entry.name for entry in work.manifest.scopes} | {
        scope.name
        for scope in after.scopes.values()
        if scope.policy is not None and scope.policy.name in policies
    }
    including = {name for name in after.scopes if not named.isdisjoint(after.effective([name]))}
    return Range(
        scopes=changed_scopes(before, after) | including,
        applications=tuple(row for row in standing if future.clients.get(row.pk, row) is not None),
    )
