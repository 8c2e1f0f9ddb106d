"""What is wrong with scopes, with the policies that they follow, and with the ready roles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.contrib.auth.models import Group, Permission
from django.utils.module_loading import import_string

from idp.models import Scope, ScopePolicy
from idp.services.doctor_code import Code
from idp.services.doctor_finding import Finding, finding
from idp.services.role import missing_permissions, role_changes


def examine_scopes(now: datetime) -> Iterator[Finding]:
    """Yield active scopes without a policy or without words."""
    active = Scope.objects.filter(active=True).order_by("name")
    for name in active.filter(policy=None).values_list("name", flat=True):
        yield finding(Code.SCOPE_WITHOUT_POLICY, name)
    for name in active.filter(texts=None).values_list("name", flat=True):
        yield finding(Code.SCOPE_WITHOUT_WORDS, name)


def examine_policies(now: datetime) -> Iterator[Finding]:
    """Yield policies of active scopes that no user can meet."""
    groups = set(Group.objects.values_list("name", flat=True))
    rows = ScopePolicy.objects.filter(scopes__active=True).distinct().order_by("name")
    for policy in rows:
        why = _nobody(policy, groups)
        if why:
            yield finding(Code.POLICY_FOR_NOBODY, policy.name, why)


def _nobody(policy: ScopePolicy, groups: set[str]) -> str:
    if policy.groups and not groups.intersection(policy.groups):
        return f"there is no group {' or '.join(policy.groups)}"
    app, _dot, codename = policy.permission.partition(".")
    known = Permission.objects.filter(content_type__app_label=app, codename=codename)
    if policy.permission and not known.exists():
        return f"there is no permission {policy.permission}"
    try:
        if policy.user_check:
            import_string(policy.user_check)
    except ImportError:
        return f"{policy.user_check} cannot be imported"
    return ""


def examine_roles(now: datetime) -> Iterator[Finding]:
    """Yield ready roles that are missing or are not what the table says."""
    for name in missing_permissions():
        yield finding(Code.PERMISSION_MISSING, name)
    for change in role_changes():
        if change.action == "create":
            yield finding(Code.ROLE_MISSING, change.group)
        elif change.action == "update":
            signs = [f"+{name}" for name in change.removed] + [f"-{name}" for name in change.added]
            yield finding(Code.ROLE_CHANGED, change.group, " ".join(signs))
