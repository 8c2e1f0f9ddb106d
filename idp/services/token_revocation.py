"""Ending tokens by an operator's hand: whole families, in batches, and rows that have no family."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from idp.conf import access_token_model, grant_model, refresh_token_model
from idp.models import Authorization, IssuedToken
from idp.models.expression import among
from idp.services.authorization import begun_by, end_authorizations, unended
from idp.services.consent_change import Cause
from idp.services.event import NOWHERE, Origin, record_event
from idp.services.loss import record_losses
from idp.services.removal import delete_keys

BATCH = 500
TAKEN_BACK = "taken_back"
"""Why something ended where no operator said it in words."""


def end_in_batches(authorizations: QuerySet[Authorization], cause: Cause) -> int:
    """End authorizations by batches, so that no lock is held for long; return how many ended.

    Args:
        authorizations: which; those that ended before are left alone.
        cause: who and why; its reason becomes that of the end.
    """
    live = authorizations.filter(ended_at=None).order_by("pk")
    keys = list(live.values_list("pk", flat=True))
    return sum(
        end_named(keys[start : start + BATCH], cause) for start in range(0, len(keys), BATCH)
    )


@transaction.atomic
def end_named(keys: Sequence[Any], cause: Cause) -> int:
    """End authorizations by their keys, with an event for each user; return how many ended."""
    rows = Authorization.objects.filter(unended(cause.task), among(Authorization, "pk", keys))
    locked = rows.order_by("pk").select_for_update(of=("self",))
    held = list(locked.values_list("pk", "user_id", "application_id"))
    found = Authorization.objects.filter(among(Authorization, "pk", [row[0] for row in held]))
    ended = _end(found, cause)
    record_losses("authorization.ended_by_operator", [(u, app) for _pk, u, app in held], cause)
    return ended


@transaction.atomic
def begin_ends(keys: Iterable[Any], cause: Cause) -> None:
    """End authorizations by one statement, so that no token of theirs works from now on.

    ``end_named`` ends what hangs on them.

    Args:
        keys: of the authorizations.
        cause: who and why; it belongs to a task.
    """
    live = Authorization.objects.filter(among(Authorization, "pk", keys), ended_at=None)
    locked = live.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True)
    rows = Authorization.objects.filter(among(Authorization, "pk", list(locked)))
    rows.update(ended_at=cause.at, ended_reason=begun_by(cause.task))


@transaction.atomic
def revoke_tokens(model: Any, keys: Sequence[Any], cause: Cause) -> int:
    """End tokens by their keys with their families, with an event for each user.

    Args:
        model: the toolkit's access tokens or refresh tokens.
        keys: of its rows.
        cause: who and why.

    Returns:
        How many tokens there were.
    """
    tokens = list(model._default_manager.filter(among(model, "pk", keys)))
    families = _families(tokens)
    acts = Authorization.objects.filter(among(Authorization, "pk", set(families.values())))
    _end(acts, cause)
    for token in tokens:
        if token.pk not in families:
            token.revoke()
    held = [(token.user_id, token.application_id) for token in tokens]
    record_losses("token.revoked", held, cause)
    return len(tokens)


def begin_revoking(model: Any, keys: Sequence[Any], cause: Cause) -> None:
    """Make tokens and their families worthless at once; ``revoke_tokens`` does the rest.

    A token without a family has nothing that says so, and works until it is revoked.

    Args:
        model: the toolkit's access tokens or refresh tokens.
        keys: of its rows.
        cause: who and why; it belongs to a task.
    """
    tokens = list(model._default_manager.filter(among(model, "pk", keys)))
    begin_ends(set(_families(tokens).values()), cause)


def _end(acts: QuerySet[Authorization], cause: Cause) -> int:
    reason = cause.reason or TAKEN_BACK
    return end_authorizations(acts, reason=reason, now=cause.at, task=cause.task)


def _families(tokens: Sequence[Any]) -> dict[Any, Any]:
    """Return the authorizations of tokens by the keys of the tokens; those without one lack."""
    digests = [token.token_checksum for token in tokens]
    issued = IssuedToken.objects.filter(among(IssuedToken, "checksum", digests))
    by_digest = dict(issued.values_list("checksum", "authorization_id"))
    named = {getattr(token, "token_family", None) for token in tokens} - {None}
    acts = Authorization.objects.filter(among(Authorization, "pk", named))
    known = set(acts.values_list("pk", flat=True))
    found = {}
    for token in tokens:
        family = by_digest.get(token.token_checksum) or getattr(token, "token_family", None)
        if token.token_checksum in by_digest or family in known:
            found[token.pk] = family
    return found


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
    token: Any, *, reason: str, by: str = "", origin: Origin = NOWHERE, now: datetime
) -> None:
    """End a token with its family; one without a family ends as the toolkit ends it.

    Args:
        token: a row of the toolkit's access tokens or refresh tokens.
        reason: why, in a few words.
        by: name of the operator.
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
        user=token.user,
        origin=origin,
        detail={"reason": reason, "authorization": str(family or ""), "by": by},
        distinct=str(family or token.pk),
        now=now,
    )


def end_tokens_of_client(application: Any, cause: Cause) -> int:
    """End what a client holds without an authorization: its own tokens, and those of before.

    Returns:
        How many access and refresh tokens ended.
    """
    grant_model()._default_manager.filter(application=application).delete()
    ended = 0
    for model, live in (
        (refresh_token_model(), {"revoked": None}),
        (access_token_model(), {}),
    ):
        rows = model._default_manager.filter(application=application, **live).order_by("pk")
        while keys := list(rows.values_list("pk", flat=True)[:BATCH]):
            ended += end_rows(model, keys, cause)
    return ended


@transaction.atomic
def end_rows(model: Any, keys: Sequence[Any], cause: Cause) -> int:
    """End the toolkit's rows of tokens as they are, with an event for each user.

    Args:
        model: the toolkit's access tokens, which go, or refresh tokens, which are marked.
        keys: of its rows.
        cause: who and why.
    """
    rows = model._default_manager.filter(among(model, "pk", keys))
    held = list(rows.values_list("user_id", "application_id"))
    if model is refresh_token_model():
        rows.update(revoked=cause.at)
    else:
        delete_keys(model, keys)
    record_losses("token.revoked", held, cause)
    return len(held)
