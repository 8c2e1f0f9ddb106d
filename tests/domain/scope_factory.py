"""Plain values for questions about scopes, with what does not matter filled in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from idp.domain.scope import (
    Catalogue,
    ClientFacts,
    ClientScope,
    Policy,
    Resolution,
    Scope,
    ServerLifetimes,
    SignInFacts,
    UserFacts,
    resolve,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SERVER = ServerLifetimes(timedelta(minutes=10), timedelta(days=90), timedelta(days=30))
GRANTS = frozenset({"authorization_code", "refresh_token"})


def catalogue(*scopes: Scope, unpoliced: str = "deny") -> Catalogue:
    return Catalogue({scope.name: scope for scope in scopes}, 1, unpoliced)


def policed(name: str = "read", **rules: Any) -> Scope:
    return Scope(name, policy=Policy(**{"name": f"policy-{name}", **rules}))


def client(*rows: ClientScope | str, **facts: Any) -> ClientFacts:
    named = [ClientScope(row) if isinstance(row, str) else row for row in rows]
    facts = {"client_id": "app", "grant_types": GRANTS, **facts}
    return ClientFacts(scopes={row.name: row for row in named}, **facts)


def ask(
    requested: Iterable[str] | None, catalogue: Catalogue, client: ClientFacts, **facts: Any
) -> Resolution:
    question = {
        "user": UserFacts(),
        "sign_in": SignInFacts(NOW),
        "grant_type": "authorization_code",
        "now": NOW,
        "lifetimes": SERVER,
        **facts,
    }
    names = None if requested is None else frozenset(requested)
    return resolve(requested=names, catalogue=catalogue, client=client, **question)
