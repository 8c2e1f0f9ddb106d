"""What decisions need to know of a user."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.module_loading import import_string

from idp.domain.catalogue import Catalogue, Policy
from idp.domain.party import UserFacts

logger = logging.getLogger("idp.user")


def user_facts(
    user: Any, application: Any, catalogue: Catalogue, *, scopes: Iterable[str] | None = None
) -> UserFacts:
    """Return what the policies ask of a user; nothing that no policy names is looked up.

    Args:
        user: a user of the site; models without groups or permissions have none.
        application: the client's row, which the site's own checks receive.
        catalogue: the catalogue whose policies decide.
        scopes: look only at the policies of these scopes; None for all.
    """
    names = catalogue.scopes if scopes is None else scopes
    policies = catalogue.policies(names)
    permissions = {policy.permission for policy in policies if policy.permission}
    checks = {policy.user_check for policy in policies if policy.user_check}
    return UserFacts(
        active=bool(getattr(user, "is_active", True)),
        groups=_groups(user, policies),
        permissions=frozenset(name for name in sorted(permissions) if _has_permission(user, name)),
        checks={path: _passes(path, user, application) for path in sorted(checks)},
    )


def find_user(name: str) -> Any | None:
    """Return the user of a sign-in name, or None; any text may be asked for."""
    model = get_user_model()
    if "\x00" in name:
        return None
    try:
        return model._default_manager.get_by_natural_key(name)
    except (model.DoesNotExist, ValueError):
        return None


def _groups(user: Any, policies: Iterable[Policy]) -> frozenset[str]:
    wanted = frozenset().union(*(policy.groups or () for policy in policies))
    groups = getattr(user, "groups", None)
    if not wanted or groups is None or not hasattr(groups, "filter"):
        return frozenset()
    return frozenset(groups.filter(name__in=wanted).values_list("name", flat=True))


def _has_permission(user: Any, permission: str) -> bool:
    has_perm = getattr(user, "has_perm", None)
    return has_perm is not None and bool(has_perm(permission))


def _passes(path: str, user: Any, application: Any) -> bool:
    """Return what the site's own check says; a check that fails to answer says no."""
    try:
        return import_string(path)(user, application) is True
    except Exception:
        logger.exception("user check %s failed and counts as a refusal", path)
        return False
