"""Which scopes a client may ask for, and the approvals behind them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from idp.models import ClientScope, Scope, ScopePolicy
from idp.services.change import FieldChange, Refused, fault, name_of, record_change

OPERATOR_SOURCES = frozenset({"admin", "file"})
"""Sources behind which an operator stands: what they list is listed."""


class Choice(NamedTuple):
    """How a client holds a scope: whether it can do without, and whether it is a default."""

    requirement: str = ClientScope.Requirement.REQUIRED
    default: bool = False

    def __str__(self) -> str:
        return f"{self.requirement}, default" if self.default else str(self.requirement)


@transaction.atomic
def set_client_scopes(
    application: Any,
    wanted: Mapping[str, Choice],
    *,
    by: Any = None,
    source: str = "admin",
    justification: str = "",
    now: datetime | None = None,
) -> list[FieldChange]:
    """Register a client for exactly these scopes; approvals that exist are kept.

    A scope whose policy wants an approval is requested and waits in the queue.

    Args:
        application: the client's row.
        wanted: scope name to how the client holds it.
        by: the user who acts, or None.
        source: a ``RedirectUri.Source``: who is behind the change.
        justification: why the client needs what has to be approved.
        now: the time; defaults to the clock.

    Returns:
        What changed, one field a scope.

    Raises:
        Refused: a scope is unknown or retired; the key is its name.
    """
    at = now or timezone.now()
    scopes = {row.name: row for row in _scopes(wanted)}
    rows = {row.scope.name: row for row in _rows(application)}
    problems = [
        (name, fault(*_missing(scopes.get(name)), reference="RFC 6749 §3.3", scope=name))
        for name in wanted
        if name not in scopes or not (scopes[name].active or name in rows)
    ]
    if problems:
        raise Refused(problems)
    changes = []
    for name, choice in wanted.items():
        row = rows.get(name) or _new_row(application, scopes[name], source, by, justification, at)
        changes += _hold(row, choice)
    for name in sorted(set(rows) - set(wanted)):
        changes.append(FieldChange(f"scopes.{name}", _describe(rows[name]), None))
        rows[name].delete()
    if changes:
        record_change(
            "client.scopes_changed",
            entry=application.client_id,
            client_id=application.client_id,
            changes=changes,
            by=by,
            now=at,
        )
    return changes


@transaction.atomic
def request_scope(
    application: Any,
    scope: Scope,
    *,
    justification: str,
    by: Any,
    now: datetime | None = None,
) -> ClientScope:
    """Ask that a client may have a scope; a refused or ended approval is asked for anew.

    Raises:
        Refused: the scope is retired, or the justification is empty.
    """
    at = now or timezone.now()
    if not scope.active:
        raise Refused([("scope", fault(*_missing(scope), scope=scope.name))])
    if not justification.strip():
        text = "An approval is requested with a reason."
        raise Refused([("justification", fault("no_justification", text))])
    row, _made = ClientScope.objects.get_or_create(application=application, scope=scope)
    row = _locked(row)
    row.state = ClientScope.State.REQUESTED
    row.justification = justification
    row.requested_by, row.requested_at = name_of(by), at
    row.decided_by, row.decided_at, row.decision_reason, row.until = "", None, "", None
    row.save()
    _record("client.scope_requested", row, by, at, justification)
    return row


def approve_scope(
    row: ClientScope,
    *,
    by: Any,
    reason: str = "",
    until: datetime | None = None,
    now: datetime | None = None,
) -> ClientScope:
    """Let a client have a scope, until an end or without one.

    Raises:
        Refused: the policy wants somebody else than the requester, or the end has passed.
    """
    at = now or timezone.now()
    if until is not None and until <= at:
        raise Refused([("until", fault("end_in_the_past", "The approval ends in the future."))])
    return _decide(row, ClientScope.State.APPROVED, by, reason, until, at)


def refuse_scope(
    row: ClientScope, *, by: Any, reason: str, now: datetime | None = None
) -> ClientScope:
    """Refuse a client a scope, with a reason that the client's owners read.

    Raises:
        Refused: there is no reason, or the policy wants somebody else than the requester.
    """
    at = now or timezone.now()
    if not reason.strip():
        raise Refused([("reason", fault("no_reason", "A refusal is given with a reason."))])
    return _decide(row, ClientScope.State.REFUSED, by, reason, None, at)


@transaction.atomic
def withdraw_scope(
    row: ClientScope, *, by: Any, reason: str = "", now: datetime | None = None
) -> None:
    """Take a scope from a client: the row is gone, and the next refresh narrows its tokens."""
    at = now or timezone.now()
    _record("client.scope_withdrawn", row, by, at, reason)
    row.delete()


def may_decide(row: ClientScope, by: Any) -> bool:
    """Return whether somebody may approve or refuse a request, or is its requester."""
    policy: ScopePolicy | None = row.scope.policy
    if policy is None or not policy.approver_differs or not row.requested_by:
        return True
    return bool(name_of(by)) and name_of(by) != row.requested_by


@transaction.atomic
def _decide(
    row: ClientScope, state: str, by: Any, reason: str, until: datetime | None, now: datetime
) -> ClientScope:
    row = _locked(row)
    if not may_decide(row, by):
        text = "The policy %(policy)s wants a decision by somebody else than %(requester)s."
        params = {"policy": str(row.scope.policy), "requester": row.requested_by}
        raise Refused([("decided_by", fault("approver_is_requester", text, **params))])
    row.state, row.until, row.decision_reason = state, until, reason
    row.decided_by, row.decided_at = name_of(by), now
    row.save()
    _record(f"client.scope_{state}", row, by, now, reason or row.justification)
    return row


def _hold(row: ClientScope, choice: Choice) -> list[FieldChange]:
    old = None if row._state.adding else _describe(row)
    row.requirement, row.default = choice
    new = _describe(row)
    if old == new:
        return []
    row.save()
    return [FieldChange(f"scopes.{row.scope.name}", old, new)]


def _new_row(
    application: Any, scope: Scope, source: str, by: Any, justification: str, now: datetime
) -> ClientScope:
    row = ClientScope(application=application, scope=scope, requested_by=name_of(by))
    row.requested_at = now
    if needs_approval(scope, source):
        row.state = ClientScope.State.REQUESTED
        row.justification = justification
    return row


def needs_approval(scope: Scope, source: str) -> bool:
    """Return whether a client that is registered for a scope still waits for an approval."""
    clients = scope.policy.clients if scope.policy else ScopePolicy.Clients.ANY
    if clients == ScopePolicy.Clients.LISTED:
        return source not in OPERATOR_SOURCES
    return clients == ScopePolicy.Clients.APPROVED


def _missing(scope: Scope | None) -> tuple[str, str]:
    if scope is None:
        return "unknown_scope", "There is no scope %(scope)s."
    return "retired", "The scope %(scope)s has been retired."


def _scopes(wanted: Mapping[str, Choice]) -> list[Scope]:
    return list(Scope.objects.filter(name__in=list(wanted)).select_related("policy"))


def _rows(application: Any) -> list[ClientScope]:
    rows = ClientScope.objects.filter(application=application).select_related("scope")
    return list(rows.select_for_update(of=("self",)))


def _locked(row: ClientScope) -> ClientScope:
    rows = ClientScope.objects.select_for_update(of=("self",)).select_related(
        "scope__policy", "application"
    )
    return rows.get(pk=row.pk)


def _describe(row: ClientScope) -> str:
    return f"{row.requirement}, default" if row.default else str(row.requirement)


def _record(kind: str, row: ClientScope, by: Any, now: datetime, reason: str = "") -> None:
    record_change(
        kind,
        entry=row.scope.name,
        client_id=row.application.client_id,
        reason=reason,
        by=by,
        now=now,
    )
