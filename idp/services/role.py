"""The ready roles as Django groups, made and kept as the table says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group
from django.contrib.auth.models import Permission as Row
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone

from idp.conf import (
    access_token_model,
    application_model,
    grant_model,
    id_token_model,
    refresh_token_model,
)
from idp.domain.role import ROLES, Permission, Role
from idp.services.change import FieldChange, record_change

_TOOLKIT = {
    "application": application_model,
    "access_token": access_token_model,
    "refresh_token": refresh_token_model,
    "grant": grant_model,
    "id_token": id_token_model,
}


class PermissionsMissing(LookupError):
    """Permissions of the table are not in the database; ``migrate`` makes them.

    Attributes:
        names: which, as ``app.codename``.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(", ".join(names))
        self.names = names


@dataclass(frozen=True, slots=True)
class RoleChange:
    """What one group needs to be what the table says.

    Attributes:
        role: key of the role.
        group: name of the group.
        is_new: whether the group does not exist yet.
        added, removed: permissions as ``app.codename``.
    """

    role: str
    group: str
    is_new: bool
    added: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def action(self) -> str:
        """Return ``create``, ``update`` or ``none``."""
        if self.is_new:
            return "create"
        return "update" if self.added or self.removed else "none"

    def as_dict(self) -> dict[str, Any]:
        """Return the change as JSON-ready values."""
        return {
            "role": self.role,
            "group": self.group,
            "action": self.action,
            "added": list(self.added),
            "removed": list(self.removed),
        }


def permission_name(permission: Permission) -> str:
    """Return a permission of the table as ``app.codename``, under this site's models."""
    model = _model(permission.model)
    codename = permission.codename.replace("*", str(model._meta.model_name))
    return f"{model._meta.app_label}.{codename}"


def permission_names(role: Role) -> frozenset[str]:
    """Return what a role may, as ``app.codename``."""
    return frozenset(permission_name(permission) for permission in role.permissions)


def role_changes() -> list[RoleChange]:
    """Return what the groups need to be what the table says, one entry a role.

    What a site added of other apps is left alone; of ours and the toolkit's a group has exactly
    what the table says.
    """
    held = _held()
    found = []
    for key, role in ROLES.items():
        wanted, present = permission_names(role), held.get(role.group)
        has = present or frozenset()
        found.append(
            RoleChange(
                key,
                role.group,
                present is None,
                tuple(sorted(wanted - has)),
                tuple(sorted(has - wanted)),
            )
        )
    return found


def missing_permissions() -> tuple[str, ...]:
    """Return the permissions of the table that the database lacks, as ``app.codename``."""
    try:
        _rows({name for role in ROLES.values() for name in permission_names(role)})
    except PermissionsMissing as error:
        return error.names
    return ()


@transaction.atomic
def update_roles(*, by: Any = None, now: datetime | None = None) -> list[RoleChange]:
    """Make the groups what the table says, and return what was done; again changes nothing.

    Raises:
        PermissionsMissing: ``migrate`` has not made the permissions yet.
    """
    at = now or timezone.now()
    changes = role_changes()
    rows = _rows({name for change in changes for name in (*change.added, *change.removed)})
    for change in changes:
        if change.action == "none":
            continue
        group, _made = Group.objects.get_or_create(name=change.group)
        group.permissions.add(*(rows[name] for name in change.added))
        group.permissions.remove(*(rows[name] for name in change.removed))
        record_change(
            "role.changed",
            entry=change.group,
            changes=[
                FieldChange(f"permissions.{name}", old, new)
                for names, old, new in ((change.added, "–", "yes"), (change.removed, "yes", "–"))
                for name in names
            ],
            by=by,
            now=at,
        )
    return changes


def _model(name: str) -> Any:
    return _TOOLKIT[name]() if name in _TOOLKIT else apps.get_model("idp", name)


def _held() -> dict[str, frozenset[str]]:
    """Return the permissions that each existing group of the table has of ours and the toolkit."""
    groups = Group.objects.filter(name__in=[role.group for role in ROLES.values()])
    kinds = [*apps.get_app_config("idp").get_models(), *(find() for find in _TOOLKIT.values())]
    known = {kind.pk for kind in ContentType.objects.get_for_models(*kinds).values()}
    return {
        group.name: frozenset(
            f"{row.content_type.app_label}.{row.codename}"
            for row in group.permissions.select_related("content_type")
            if row.content_type_id in known
        )
        for group in groups
    }


def _rows(names: set[str]) -> dict[str, Row]:
    found = {
        f"{row.content_type.app_label}.{row.codename}": row
        for row in Row.objects.filter(
            codename__in=[name.partition(".")[2] for name in names]
        ).select_related("content_type")
    }
    missing = names - set(found)
    if missing:
        raise PermissionsMissing(tuple(sorted(missing)))
    return found
