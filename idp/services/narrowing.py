"""Taking scopes out of what a client already holds, without ending the rest."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q

from idp.conf import access_token_model, grant_model, refresh_token_model
from idp.domain.offline_access import OFFLINE_ACCESS
from idp.domain.scope import to_text
from idp.models import Authorization
from idp.services.authorization import end_authorizations


def shrink_holdings(user: Any, application: Any, removed: frozenset[str], now: datetime) -> None:
    """Take scopes out of every authorization, code and access token that a client has of a user.

    What is left without any scope ends, and so does what only ``offline_access`` let outlive its
    sign-in. The rows are locked in the order of the house:
    authorizations first, then codes, then access tokens. Call it inside a transaction that holds
    the consent.
    """
    _shrink_authorizations(user, application, removed, now)
    for model in (grant_model(), access_token_model()):
        rows = model._default_manager.filter(giving(model, now), user=user, application=application)
        for pk, text in rows.order_by("pk").values_list("pk", "scope"):
            rest = _rest(text, removed)
            if rest == "":
                model._default_manager.filter(pk=pk).delete()
            elif rest is not None:
                model._default_manager.filter(pk=pk).update(scope=rest)


def giving(model: Any, now: datetime) -> Q:
    """Return the condition on the toolkit's codes or access tokens that they still give something.

    An expired access token does where a refresh token points at it: of one that is older than our
    records, the toolkit reads the scope there.

    Args:
        model: whose rows.
        now: the time.
    """
    if model is not access_token_model():
        return Q(expires__gt=now)
    refresh = refresh_token_model()._default_manager.filter(
        access_token=OuterRef("pk"), revoked=None
    )
    return Q(expires__gt=now) | Q(Exists(refresh))


def _shrink_authorizations(
    user: Any, application: Any, removed: frozenset[str], now: datetime
) -> None:
    pair = Authorization.objects.filter(user=user, application=application)
    live = pair.live(now).order_by("pk").select_for_update(of=("self",))
    emptied, called_back = [], []
    for pk, text in live.values_list("pk", "scopes"):
        rest = _rest(text, removed)
        if rest == "":
            emptied.append(pk)
        elif rest is not None:
            pair.filter(pk=pk).update(scopes=rest)
            if OFFLINE_ACCESS in removed.intersection(text.split()):
                called_back.append(pk)
    if emptied:
        end_authorizations(pair.filter(pk__in=emptied), reason="narrowed", now=now)
    if called_back:
        behind = pair.filter(pk__in=called_back).outliving()
        end_authorizations(behind, reason="narrowed", now=now)


def _rest(text: str, removed: frozenset[str]) -> str | None:
    """Return the scopes that remain, or None when nothing changes."""
    held = frozenset(text.split())
    return to_text(held - removed) if held & removed else None
