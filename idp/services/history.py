"""Django's own history of a row, for changes that no page of the admin makes itself."""

from __future__ import annotations

from typing import Any

from django.apps import apps


def log_change(row: Any, words: str, by: Any) -> None:
    """Write a line into the history of a row, as the admin does.

    Args:
        row: what changed.
        words: what was done.
        by: the user who did it; None, or a site without the admin, has no such history.
    """
    if by is None or not apps.is_installed("django.contrib.admin"):
        return
    from django.contrib.admin.models import CHANGE, LogEntry  # needs the app to be installed

    LogEntry.objects.log_actions(
        user_id=by.pk,
        queryset=[row],
        action_flag=CHANGE,
        change_message=words,
        single_object=True,
    )
