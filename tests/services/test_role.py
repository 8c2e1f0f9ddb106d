"""The ready roles as groups."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from idp.domain.role import ROLES
from idp.models import SecurityEvent
from idp.services.role import PermissionsMissing, permission_names, role_changes, update_roles

pytestmark = pytest.mark.django_db


def _held(group: str) -> set[str]:
    rows = Permission.objects.filter(group__name=group).select_related("content_type")
    return {f"{row.content_type.app_label}.{row.codename}" for row in rows}


def test_the_groups_have_exactly_what_the_table_says() -> None:
    update_roles()
    for role in ROLES.values():
        assert _held(role.group) == permission_names(role)


def test_a_second_run_changes_and_records_nothing() -> None:
    update_roles()
    events = SecurityEvent.objects.count()
    assert {change.action for change in update_roles()} == {"none"}
    assert SecurityEvent.objects.count() == events == len(ROLES)


def test_what_the_site_added_of_other_apps_stays_and_what_it_added_of_ours_goes() -> None:
    update_roles()
    desk = Group.objects.get(name=ROLES["help_desk"].group)
    desk.permissions.add(Permission.objects.get(codename="view_user"))
    desk.permissions.add(Permission.objects.get(codename="switch_mode"))
    desk.permissions.remove(Permission.objects.get(codename="revoke_consent"))
    changed = {change.role: change for change in update_roles()}["help_desk"]
    assert (changed.added, changed.removed) == (("idp.revoke_consent",), ("idp.switch_mode",))
    assert _held(desk.name) == permission_names(ROLES["help_desk"]) | {"auth.view_user"}


def test_a_dry_run_makes_nothing_and_says_what_it_would_make() -> None:
    out = StringIO()
    call_command("idp", "roles", "--dry-run", "--json", stdout=out, stderr=StringIO())
    answer = json.loads(out.getvalue())
    assert answer["applied"] is False
    assert [change["action"] for change in answer["changes"]] == ["create"] * len(ROLES)
    assert not Group.objects.exists()


def test_without_the_permissions_the_command_says_to_migrate_and_makes_nothing() -> None:
    Permission.objects.filter(codename="switch_mode").delete()
    err = StringIO()
    with pytest.raises(SystemExit, match="1"):
        call_command("idp", "roles", stdout=StringIO(), stderr=err)
    assert "Run `migrate` first; these permissions do not exist: idp.switch_mode" in err.getvalue()
    assert not Group.objects.exists()
    with pytest.raises(PermissionsMissing):
        update_roles()


def test_the_command_names_every_permission_that_it_gives() -> None:
    err = StringIO()
    call_command("idp", "roles", stdout=StringIO(), stderr=err)
    assert f"{ROLES['help_desk'].group}: create" in err.getvalue()
    assert "  + idp.end_authorization" in err.getvalue()
    assert {change.action for change in role_changes()} == {"none"}


def test_the_help_desk_reads_no_secret_and_changes_no_rule() -> None:
    names = permission_names(ROLES["help_desk"])
    assert not [name for name in names if "secret" in name or "switch" in name or "rotate" in name]
    assert not [name for name in names if ".change_" in name or ".add_" in name]
    assert not [name for name in names if ".delete_" in name]
