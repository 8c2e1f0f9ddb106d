"""Scope policies; what people agreed to grows a revision when it changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from idp.domain.policy import MEANING, inspect_policy
from idp.models import ScopePolicy
from idp.services.catalogue import policy_value
from idp.services.catalogue_change import finish_change, lock_catalogue, record_removal
from idp.services.change import FieldChange, Refused, fault, field_changes, model_faults

POLICY_FIELDS = (
    "name",
    "description",
    "clients",
    "groups",
    "permission",
    "user_check",
    "grant_types",
    "max_authentication_age",
    "acr_values",
    "approver_differs",
    *MEANING,
)


@transaction.atomic
def save_policy(
    policy: ScopePolicy, *, by: Any = None, now: datetime | None = None
) -> list[FieldChange]:
    """Store a policy; its revision grows when what people agreed to changes.

    Args:
        policy: the row with its new values, saved before or not.
        by: the user who acts, or None.
        now: the time; defaults to the clock.

    Returns:
        What changed; nothing when it was stored like this already.

    Raises:
        Refused: a value breaks a rule.
    """
    lock_catalogue()
    problems = list(model_faults(policy))
    if not problems:
        problems = [found for found in inspect_policy(policy_value(policy)) if found[1].is_error]
    if problems:
        raise Refused(problems)
    created = policy._state.adding
    changes = field_changes(policy, POLICY_FIELDS)
    if not created:
        policy.revision = ScopePolicy.objects.values_list("revision", flat=True).get(pk=policy.pk)
        policy.revision += any(change.field in MEANING for change in changes)
    if changes:
        policy.save()
    return finish_change("policy", policy.name, changes, by, now)


@transaction.atomic
def remove_policy(policy: ScopePolicy, *, by: Any = None, now: datetime | None = None) -> None:
    """Delete a policy that no scope follows.

    Raises:
        Refused: scopes follow it.
    """
    lock_catalogue()
    followers = list(policy.scopes.values_list("name", flat=True)[:5])
    if followers:
        text = "Scopes follow the policy: %(scopes)s."
        raise Refused([("name", fault("in_use", text, scopes=", ".join(followers)))])
    name = policy.name
    policy.delete()
    record_removal("policy", name, by, now)
