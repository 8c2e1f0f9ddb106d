"""Ending tokens by an operator's hand: whole families, in batches, and rows that have no family."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from idp.conf import access_token_model, grant_model, refresh_token_model
from idp.models import Authorization, IssuedToken
from idp.services.authorization import end_authorizations
from idp.services.event import NOWHERE, Origin, record_event

BATCH = 500


def end_in_batches(authorizations: QuerySet[Authorization], *, reason: str, now: datetime) -> int:
    """End authorizations by batches, so that no lock is held for long; return how many ended.

    Args:
        authorizations: which; those that ended before are left alone.
        reason: why, in a few words or as a code.
        now: the time.
    """
    live = authorizations.filter(ended_at=None).order_by("pk")
    keys = list(live.values_list("pk", flat=True))
    return sum(
        end_authorizations(
            Authorization.objects.filter(pk__in=keys[start : start + BATCH]), reason=reason, now=now
        )
        for start in range(0, len(keys), BATCH)
    )


def family_of(token: Any) -> Any | None:
    """Return the id of the authorization that a token belongs to, or None for a token without one.

    Args:
        token: a row of the toolkit's access tokens or refresh tokens.
    """
    issued = IssuedToken.objects.filter(pk=token.token_checksum).first()
    if issued is not None:
        return issued.authorization_id
    family = getattr(token, "token_family", None)
    return family if family and Authorization.objects.filter(pk=family).exists() else None


@transaction.atomic
def revoke_token_row(
    token: Any, *, reason: str, by: Any = None, origin: Origin = NOWHERE, now: datetime
) -> None:
    """End a token with its family; one without a family ends as the toolkit ends it.

    Args:
        token: a row of the toolkit's access tokens or refresh tokens.
        reason: why, in a few words.
        by: the user who acts, or None.
        origin: where the operator's request came from.
        now: the time.
    """
    family = family_of(token)
    if family is not None:
        end_authorizations(Authorization.objects.filter(pk=family), reason=reason, now=now)
    else:
        token.revoke()
    record_event(
        "token.revoked",
        severity="info",
        client_id=token.application.client_id if token.application else "",
        user=by,
        origin=origin,
        detail={"reason": reason, "authorization": str(family or ""), "by": "operator"},
        now=now,
    )


def end_tokens_of_client(application: Any, *, now: datetime) -> int:
    """End what a client holds without an authorization: its own tokens, and those of before.

    Returns:
        How many access and refresh tokens ended.
    """
    refresh = refresh_token_model()._default_manager.filter(application=application, revoked=None)
    ended: int = refresh.update(revoked=now)
    grant_model()._default_manager.filter(application=application).delete()
    access = access_token_model()._default_manager.filter(application=application)
    while keys := list(access.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        ended += len(keys)
        access.filter(pk__in=keys).delete()
    return ended
