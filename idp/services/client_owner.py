"""Owners of clients: the people and groups who look after a client without being operators."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from idp.conf import application_model
from idp.models import ClientPolicy
from idp.services.change import FieldChange, record_change
from idp.services.client import ensure_policy

SOURCE = "owner"
"""The ``RedirectUri.Source`` of what an owner enters."""


def owned_clients(user: Any) -> QuerySet[Any]:
    """Return the clients that a user owns, as a person or by a group, as a subquery of keys."""
    condition = Q(owner_users=user.pk)
    if hasattr(user, "groups"):  # a site's own model may have none
        condition |= Q(owner_groups__in=user.groups.values("pk"))
    rows = ClientPolicy.objects.filter(condition)
    found: QuerySet[Any] = application_model()._default_manager.filter(
        pk__in=rows.values("application")
    )
    return found


def owner_names(policy: ClientPolicy) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the sign-in names of a client's owners, and the names of its owning groups."""
    if policy._state.adding:
        return (), ()
    users = sorted(user.get_username() for user in policy.owner_users.all())
    return tuple(users), tuple(sorted(group.name for group in policy.owner_groups.all()))


@transaction.atomic
def set_owners(
    application: Any, *, users: Iterable[Any], groups: Iterable[Any], by: Any = None
) -> list[FieldChange]:
    """Make exactly these users and groups the owners of a client, and return what changed.

    Args:
        application: the client's row.
        users: rows of users; only members of staff get to the desk.
        groups: rows of groups.
        by: the user who acts, or None.
    """
    policy = ensure_policy(application)
    before = owner_names(policy)
    policy.owner_users.set(users)
    policy.owner_groups.set(groups)
    after = owner_names(policy)
    changes = [
        FieldChange(name, list(old), list(new))
        for name, old, new in zip(("owner_users", "owner_groups"), before, after, strict=True)
        if old != new
    ]
    if changes:
        record_change(
            "client.owners_changed",
            entry=application.client_id,
            client_id=application.client_id,
            changes=changes,
            by=by,
        )
    return changes
