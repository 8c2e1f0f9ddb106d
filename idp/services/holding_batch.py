"""What clients hold of many users at once, ended or narrowed in few statements.

The rows are locked in the order of the house: authorizations, refresh tokens, codes, access tokens;
of each kind in the order of their keys.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Model, QuerySet

from idp.conf import access_token_model, grant_model, refresh_token_model
from idp.domain.offline_access import OFFLINE_ACCESS
from idp.domain.scope import to_text
from idp.models import Authorization
from idp.models.expression import among
from idp.services.authorization import end_authorizations
from idp.services.narrowing import giving
from idp.services.removal import delete_rows

Pairs = frozenset[tuple[Any, Any]]


def end_holdings_of(pairs: Pairs, *, reason: str, now: datetime) -> None:
    """End everything that clients hold of users, recorded or older.

    Args:
        pairs: keys of user and client.
        reason: short code of the cause.
        now: the time.
    """
    live = _of(pairs, Authorization).filter(ended_at=None)
    acts = Authorization.objects.filter(among(Authorization, "pk", _keys(pairs, live)))
    end_authorizations(acts, reason=reason, now=now)
    refresh = _of(pairs, refresh_token_model()).filter(revoked=None)
    if keys := _keys(pairs, refresh):
        tokens = refresh_token_model()
        tokens._default_manager.filter(among(tokens, "pk", keys)).update(revoked=now)
    for model in (grant_model(), access_token_model()):
        if keys := _keys(pairs, _of(pairs, model)):
            delete_rows(model._default_manager.filter(among(model, "pk", keys)))


def shrink_holdings_of(pairs: Pairs, removed: frozenset[str], now: datetime) -> None:
    """Take scopes out of everything that clients hold of users; what is left with none ends.

    Args:
        pairs: keys of user and client.
        removed: the scopes.
        now: the time.
    """
    acts = _of(pairs, Authorization).filter(ended_at=None).exclude(expires_at__lte=now)
    shrink_rows(_held(pairs, acts.select_for_update(of=("self",)), "scopes"), removed, now)
    for model in (grant_model(), access_token_model()):
        rows = _of(pairs, model).filter(giving(model, now))
        shrink_rows(_held(pairs, rows, "scope"), removed, now, model=model)


def shrink_rows(
    held: Iterable[tuple[Any, str]],
    removed: frozenset[str],
    now: datetime,
    *,
    model: Any = Authorization,
) -> int:
    """Take scopes out of rows, all rows of the same scopes by one statement.

    What only ``offline_access`` let outlive its sign-in ends with it.

    Args:
        held: key and scopes of each row.
        removed: the scopes.
        now: the time.
        model: whose rows.

    Returns:
        How many rows lost something.
    """
    by_rest: dict[str, list[Any]] = defaultdict(list)
    called_back = []
    for pk, text in held:
        scopes = frozenset(text.split())
        if scopes & removed:
            by_rest[to_text(scopes - removed)].append(pk)
        if OFFLINE_ACCESS in scopes & removed and model is Authorization:
            called_back.append(pk)
    field = "scopes" if model is Authorization else "scope"
    for rest, keys in sorted(by_rest.items()):
        rows = model._default_manager.filter(among(model, "pk", keys))
        if rest:
            rows.update(**{field: rest})
        elif model is Authorization:
            end_authorizations(rows, reason="narrowed", now=now)
        else:
            delete_rows(rows)
    if called_back:
        acts = Authorization.objects.filter(among(Authorization, "pk", called_back))
        end_authorizations(acts.outliving(), reason="narrowed", now=now)
    return sum(map(len, by_rest.values()))


def _of(pairs: Pairs, model: type[Model]) -> QuerySet[Any]:
    """Return the rows of the users and of the clients of pairs, in any combination."""
    users, applications = zip(*pairs, strict=True)
    rows: QuerySet[Any] = model._default_manager.filter(
        among(model, "user", set(users)), among(model, "application", set(applications))
    )
    return rows.order_by("pk")


def _keys(pairs: Pairs, rows: QuerySet[Any]) -> list[Any]:
    """Return the keys of those rows that belong to one of the pairs."""
    found = rows.values_list("pk", "user_id", "application_id")
    return [pk for pk, user, application in found if (user, application) in pairs]


def _held(pairs: Pairs, rows: QuerySet[Any], field: str) -> list[tuple[Any, str]]:
    found = rows.values_list("pk", field, "user_id", "application_id")
    return [(pk, text) for pk, text, user, client in found if (user, client) in pairs]
