"""What a client holds of a user by one act, as the rules about taking back read it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from idp.domain.offline_access import OFFLINE_ACCESS
from idp.domain.withdrawal import Holding, Withdrawal
from idp.models import Authorization, ConsentScope


def holding_of(
    withdrawals: Iterable[Withdrawal],
    *,
    user: Any,
    client: Any,
    since: datetime | None,
    authorization: Any = None,
) -> Holding:
    """Return what a client holds; costs a statement only while something of it is taken back.

    Args:
        withdrawals: what operators took back and is not written down yet.
        user: key of the user; None for a client in its own name.
        client: key of the client.
        since: when it was given; None where nobody knows.
        authorization: key of the act of authorization, or None where none was recorded.
    """
    holding = Holding(user=user, client=client, since=since)
    concerned = any(row.covers(user, client, None) for row in withdrawals)
    return _with_consent(holding, authorization) if authorization and concerned else holding


def _with_consent(holding: Holding, authorization: Any) -> Holding:
    rows = Authorization.objects.filter(pk=authorization).values_list(
        "scopes",
        "sign_in__ended_at",
        "consent__decided_at",
        "consent__scopes__scope",
        "consent__scopes__since",
        "consent__scopes__state",
    )
    found = list(rows)
    if not found:
        return holding
    scopes, signed_out, decided_at, *_scope = found[0]
    granted = {row[3]: row[4] for row in found if row[5] == ConsentScope.State.GRANTED}
    return replace(
        holding,
        decided_at=decided_at,
        scopes_since=MappingProxyType(granted),
        outlives=signed_out is not None and OFFLINE_ACCESS in scopes.split(),
    )
