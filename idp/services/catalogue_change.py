"""What every change of the catalogue does: one at a time, with a new version and an event."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from idp.models import SiteState
from idp.services.catalogue import bump_catalogue
from idp.services.change import FieldChange, record_change
from idp.services.site import site_state


def lock_catalogue() -> None:
    """Let one change of the catalogue at a time go on, until the end of the transaction."""
    site_state()
    SiteState.objects.select_for_update().get(pk=1)


def finish_change(
    subject: str, entry: str, changes: list[FieldChange], by: Any, now: datetime | None
) -> list[FieldChange]:
    """Give the catalogue a version and write the event, if anything changed; return the changes."""
    if changes:
        bump_catalogue()
        record_change(f"{subject}.changed", entry=entry, changes=changes, by=by, now=now)
    return changes


def record_removal(subject: str, entry: str, by: Any, now: datetime | None) -> None:
    """Give the catalogue a version and write the event of a removal."""
    bump_catalogue()
    record_change(f"{subject}.deleted", entry=entry, by=by, now=now)
