"""Scopes of clients that describe themselves: only what is open to every client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idp.domain.catalogue import Admission, Unpoliced

if TYPE_CHECKING:
    from collections.abc import Iterable

    from idp.domain.catalogue import Catalogue

_QUEUED = frozenset({Admission.ANY, Admission.LISTED, Admission.APPROVED})


def registrable(
    wanted: Iterable[str] | None, catalogue: Catalogue, *, answered_for: bool
) -> tuple[str, ...]:
    """Return the scopes that a client which registers itself is registered for, by name.

    Args:
        wanted: the scopes that it names; None for all that are open to everybody.
        catalogue: what judges.
        answered_for: whether a user of the site registers it; then scopes that want an approval,
            or an operator to list the client, are asked for as well, and wait for an operator.

    Source: RFC 7591 §2 (scope), §3.2.1: the server may register less than was asked for.
    """
    admitted = _QUEUED if answered_for else frozenset({Admission.ANY})
    names = _open_to_all(catalogue) if wanted is None else set(wanted)
    return tuple(sorted(name for name in names if _fits(name, catalogue, admitted)))


def _open_to_all(catalogue: Catalogue) -> set[str]:
    found = {name for name, scope in catalogue.scopes.items() if scope.public}
    return {name for name in found if _fits(name, catalogue, frozenset({Admission.ANY}))}


def _fits(name: str, catalogue: Catalogue, admitted: frozenset[Admission]) -> bool:
    """Return whether every policy of a scope, and of all that it includes, admits the client."""
    scope = catalogue.scopes.get(name)
    if scope is None or not scope.active:
        return False
    if scope.policy is None and catalogue.unpoliced != Unpoliced.PASS_THROUGH:
        return catalogue.unpoliced == Unpoliced.DEFAULTS_ONLY and scope.default
    return all(policy.clients in admitted for policy in catalogue.family(name).policies)
