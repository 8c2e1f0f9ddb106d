"""What long work is about, as a task stores it and as its steps need it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model

from idp.conf import application_model
from idp.models import BulkTask
from idp.services.chosen import Chosen
from idp.services.consent_reach import Target
from idp.services.rule_sweep import Range
from idp.services.scope_sweep import Unused

Work = Target | Range | Chosen | Unused


def stored(work: Work) -> dict[str, Any]:
    """Return what a task stores: plain values and keys."""
    if isinstance(work, Chosen):
        return {"what": work.what, "keys": [_plain(key) for key in work.keys]}
    if isinstance(work, Unused):
        return {"application": str(work.application.pk), "scope": work.scope}
    if isinstance(work, Range):
        return {
            "scopes": sorted(work.scopes),
            "applications": [str(row.pk) for row in work.applications],
        }
    return {
        "user": str(work.user.pk) if work.user is not None else None,
        "application": str(work.application.pk) if work.application is not None else None,
        "scope": work.scope,
        "unused_since": work.unused_since.isoformat() if work.unused_since is not None else None,
    }


def _plain(key: Any) -> Any:
    return key if isinstance(key, int) else str(key)


def target_of(task: BulkTask) -> Target | None:
    """Return what a task takes back; None where its user or client is gone with all it held."""
    found: dict[str, Any] = {}
    for name, model in (("user", get_user_model()), ("application", application_model())):
        key = task.target.get(name)
        if key is not None:
            found[name] = model._default_manager.filter(pk=key).first()
            if found[name] is None:
                return None
    since = task.target.get("unused_since")
    unused_since = datetime.fromisoformat(since) if since else None
    return Target(scope=task.target.get("scope") or "", unused_since=unused_since, **found)


def range_of(task: BulkTask) -> Range:
    """Return what a sweep of changed rules looks at."""
    keys = task.target["applications"]
    rows = application_model()._default_manager.filter(pk__in=keys)
    return Range(scopes=frozenset(task.target["scopes"]), applications=tuple(rows))


def chosen_of(task: BulkTask) -> Chosen:
    """Return the rows that an operator chose."""
    return Chosen(what=task.target["what"], keys=tuple(task.target["keys"]))


def unused_of(task: BulkTask) -> Unused | None:
    """Return what was given and never used; None where the client is gone."""
    key = task.target["application"]
    application = application_model()._default_manager.filter(pk=key).first()
    return Unused(application=application, scope=task.target["scope"]) if application else None
