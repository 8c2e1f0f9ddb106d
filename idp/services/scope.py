"""Scopes: their names, what they include, and their end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from idp.conf import access_token_model
from idp.domain.catalogue import find_cycle
from idp.domain.decision import Reason
from idp.models import ClientScope, ConsentEvent, ConsentScope, Scope
from idp.services.catalogue_change import finish_change, lock_catalogue, record_removal
from idp.services.change import FieldChange, Refused, fault, field_changes, model_faults
from idp.services.scope_text import Text, write_texts

SCOPE_FIELDS = ("name", "api", "policy", "active", "public", "default")


@transaction.atomic
def save_scope(
    scope: Scope,
    *,
    implies: Iterable[str] | None = None,
    texts: Mapping[str, Text] | None = None,
    prune_texts: bool = False,
    by: Any = None,
    now: datetime | None = None,
) -> list[FieldChange]:
    """Store a scope, what it includes, and its words.

    Args:
        scope: the row with its new values, saved before or not.
        implies: names of the scopes that it includes; None leaves them alone.
        texts: language code to words; None leaves them alone.
        prune_texts: whether languages that ``texts`` does not name are removed.
        by: the user who acts, or None.
        now: the time; defaults to the clock.

    Returns:
        What changed; nothing when it was stored like this already.

    Raises:
        Refused: the name is no scope-token or was granted and is changed, an included scope is
            unknown, the relation has a cycle, or a text is wrong.

    Source: RFC 6749 §3.3.
    """
    lock_catalogue()
    relation = {} if implies is None else {scope.name: sorted(set(implies))}
    problems = [*model_faults(scope), *_renamed(scope), *bad_implications(relation)]
    if problems:
        raise Refused(problems)
    changes = field_changes(scope, SCOPE_FIELDS)
    if changes:
        scope.save()
    for included in relation.values():
        changes += _set_implies(scope, included)
    if texts is not None:
        changes += write_texts(scope, texts, prune=prune_texts)
    return finish_change("scope", scope.name, changes, by, now)


def retire_scope(scope: Scope, *, by: Any = None, now: datetime | None = None) -> list[FieldChange]:
    """Refuse a scope from now on; its history and words remain."""
    scope.active = False
    return save_scope(scope, by=by, now=now)


@transaction.atomic
def remove_scope(scope: Scope, *, by: Any = None, now: datetime | None = None) -> str:
    """Delete a scope that was never granted, retire any other.

    Returns:
        ``delete`` or ``retire``; empty when it was retired already.
    """
    if ever_granted(scope.name):
        return "retire" if retire_scope(scope, by=by, now=now) else ""
    lock_catalogue()
    ClientScope.objects.filter(scope=scope).delete()
    name = scope.name
    scope.delete()
    record_removal("scope", name, by, now)
    return "delete"


@transaction.atomic
def save_implications(
    relation: Mapping[str, Iterable[str]], *, by: Any = None, now: datetime | None = None
) -> dict[str, list[FieldChange]]:
    """Store what several scopes include, judged together, so that a circle can be turned round.

    Args:
        relation: scope name to the names of the scopes that it includes; all are stored already.
        by: the user who acts, or None.
        now: the time; defaults to the clock.

    Returns:
        Scope name to what changed.

    Raises:
        Refused: a scope is unknown, or they include each other in a circle.
    """
    lock_catalogue()
    wanted = {name: sorted(set(included)) for name, included in relation.items()}
    problems = bad_implications(wanted)
    if problems:
        raise Refused(problems)
    return {
        scope.name: finish_change(
            "scope", scope.name, _set_implies(scope, wanted[scope.name]), by, now
        )
        for scope in Scope.objects.filter(name__in=list(wanted))
    }


def bad_implications(relation: Mapping[str, Iterable[str]]) -> list[tuple[str, Reason]]:
    """Return what is wrong with what scopes are to include, beside what is stored for the others.

    Args:
        relation: scope name to the names of the scopes that it is to include.
    """
    wanted = {name: list(included) for name, included in relation.items()}
    named = {name for included in wanted.values() for name in included}
    known = set(Scope.objects.filter(name__in=named).values_list("name", flat=True)) | set(wanted)
    problems = [
        ("implies", fault("unknown_scope", "There is no scope %(scope)s.", scope=missing))
        for missing in sorted(named - known)
    ]
    pairs = Scope.implies.through.objects.values_list("from_scope__name", "to_scope__name")
    stored: dict[str, list[str]] = {}
    for start, end in pairs if wanted else ():
        stored.setdefault(start, []).append(end)
    cycle = find_cycle({**stored, **wanted})
    if cycle:
        text = "Scopes include each other in a circle: %(cycle)s."
        problems.append(("implies", fault("implies_cycle", text, cycle=" → ".join(cycle))))
    return problems


def ever_granted(name: str) -> bool:
    """Return whether anybody ever got a scope, by consent or by a token that still exists."""
    if ConsentScope.objects.filter(scope=name).exists():
        return True
    events = ConsentEvent.objects.filter(scopes_after__contains=name)
    texts = events.values_list("scopes_after", flat=True).iterator()
    if any(name in text.split() for text in texts):
        return True
    tokens = access_token_model()._default_manager.filter(scope__contains=name)
    return any(name in text.split() for text in tokens.values_list("scope", flat=True).iterator())


def _set_implies(scope: Scope, included: list[str]) -> list[FieldChange]:
    old = sorted(scope.implies.values_list("name", flat=True))
    if old == included:
        return []
    scope.implies.set(Scope.objects.filter(name__in=included))
    return [FieldChange("implies", old, included)]


def _renamed(scope: Scope) -> list[tuple[str, Reason]]:
    if scope._state.adding:
        return []
    stored = Scope.objects.values_list("name", flat=True).get(pk=scope.pk)
    if stored == scope.name or not ever_granted(stored):
        return []
    text = "The scope %(scope)s was granted; retire it and make a new one."
    return [("name", fault("granted_name", text, scope=stored))]
