"""Applying a file: everything or nothing, and every error at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

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
from idp.services.catalogue_change import lock_catalogue

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
    """

    applied: bool
    changes: tuple[Change, ...]
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome as JSON-ready values."""
        return {
            "applied": self.applied,
            "changes": [change.as_dict() for change in self.changes],
            "errors": [error.as_dict() for error in self.errors],
            "warnings": [warning.as_dict() for warning in self.warnings],
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
    with transaction.atomic():
        lock_catalogue()
        for step in STEPS:
            step(work)
        if prune and not work.errors:
            prune_rest(work)
        refused = bool(work.errors)
        if refused or dry_run:
            transaction.set_rollback(True)
    return Outcome(
        applied=not (refused or dry_run),
        changes=() if refused else tuple(work.changes.values()),
        errors=tuple(work.errors),
        warnings=tuple(work.warnings),
    )
