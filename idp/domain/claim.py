"""The ``claims`` parameter: read without trust, and limited to what was granted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

CARRIERS = "scopes"
"""Where kept claims name the scopes that were asked for their sake alone."""


class Member(StrEnum):
    """Where a claim is told."""

    USERINFO = "userinfo"
    ID_TOKEN = "id_token"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Wish:
    """How one claim is asked for.

    Attributes:
        essential: whether the client cannot do without it.
        values: those that will do; empty for any.
    """

    essential: bool = False
    values: tuple[Any, ...] = ()

    def accepts(self, value: Any) -> bool:
        """Return whether a value is one of those that were asked for."""
        return not self.values or value in self.values


def parse_claims(text: str) -> dict[str, Any] | None:
    """Return the object that a ``claims`` parameter holds, or None where it is malformed.

    Also refused is JSON that no database keeps: NUL characters, lone surrogates, numbers that are
    not finite, and nesting deeper than a reader follows. Members that mean nothing to us are left
    out, as the specification asks.

    Source: OpenID Connect Core §§5.5, 5.5.1; RFC 8259 §§6, 8.2, 9.
    """
    try:
        claims = json.loads(text)
        kept = json.dumps(claims, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return None
    if not isinstance(claims, dict) or rb"\u0000" in kept:
        return None
    given = {member.value: claims.get(member) for member in Member}
    if not all(named is None or isinstance(named, dict) for named in given.values()):
        return None
    members = {member: named for member, named in given.items() if named}
    asked = (wish for named in members.values() for wish in named.values())
    return members if all(map(_is_wish, asked)) else None


def wishes(claims: Mapping[str, Any] | None, member: Member) -> dict[str, Wish]:
    """Return the claims that a member of parsed or kept claims asks for, by name."""
    named = (claims or {}).get(member)
    if not isinstance(named, Mapping):
        return {}
    return {name: _wish(asked) for name, asked in named.items()}


def wanted_subjects(claims: Mapping[str, Any]) -> frozenset[str] | None:
    """Return the subjects that an answer may be about, or None for any.

    Source: OpenID Connect Core §5.5.1.
    """
    asked = [w.values for m in Member for n, w in wishes(claims, m).items() if n == "sub"]
    given = [frozenset(map(str, values)) for values in asked if values]
    return frozenset.intersection(*given) if given else None


def wanted_acr(claims: Mapping[str, Any]) -> tuple[tuple[str, ...], bool]:
    """Return the authentication contexts that the ID token is to name, and whether it must.

    Source: OpenID Connect Core §5.5.1.1.
    """
    wish = wishes(claims, Member.ID_TOKEN).get("acr", Wish())
    values = tuple(value for value in wish.values if isinstance(value, str))
    return values, wish.essential and bool(values)


def carriers(claims: Mapping[str, Any], scope_of: Mapping[str, str]) -> frozenset[str]:
    """Return the scopes that carry the named claims.

    A claim is asked of the user as the scope that carries it; there is no other way to it.

    Args:
        claims: as parsed.
        scope_of: claim to the scope that carries it.
    """
    named = {name for member in Member for name in wishes(claims, member)}
    return frozenset(scope_of[name] for name in named if name in scope_of) - {"openid"}


def keep(claims: Mapping[str, Any], extra: frozenset[str]) -> dict[str, Any]:
    """Return claims as they are kept with what was granted.

    Args:
        claims: as parsed.
        extra: granted scopes that were asked for the sake of named claims alone.
    """
    return {**claims, **({CARRIERS: sorted(extra)} if claims and extra else {})}


def kept_carriers(claims: Mapping[str, Any] | None) -> frozenset[str]:
    """Return the scopes that release nothing but the claims that were named."""
    found = (claims or {}).get(CARRIERS)
    return frozenset(map(str, found)) if isinstance(found, list) else frozenset()


def _is_wish(asked: Any) -> bool:
    if asked is None:
        return True
    if not isinstance(asked, dict) or not isinstance(asked.get("essential", False), bool):
        return False
    return isinstance(asked.get("values", []), list)


def _wish(asked: Any) -> Wish:
    if not isinstance(asked, Mapping):
        return Wish()
    values = asked.get("values")
    given = tuple(values) if isinstance(values, list) else ()
    if "value" in asked:
        given = (asked["value"], *given)
    return Wish(bool(asked.get("essential")), given)
