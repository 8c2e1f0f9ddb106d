"""The end of many consents at once: as one after the other, in few statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from idp import signals
from idp.conf import access_token_model, grant_model, refresh_token_model
from idp.domain.consent import EventKind
from idp.models import Authorization, Consent, ConsentScope
from idp.services.authorization import end_authorizations
from idp.services.consent_change import Cause, announce
from idp.services.ledger import append_many

Pairs = frozenset[tuple[Any, Any]]


@transaction.atomic
def end_consents(keys: Sequence[Any], status: str, kind: EventKind, cause: Cause) -> int:
    """End consents with every token that rests on them, and return how many ended.

    The rows are locked in the order of their keys, those that ended meanwhile are passed over, and
    so are, where they are to expire, those that were renewed meanwhile.

    Args:
        keys: primary keys of the consents.
        status: ``Consent.Status`` from now on.
        kind: of the events.
        cause: who and why.
    """
    consents = [row for row in _locked(keys) if status != "expired" or not row.is_live(cause.at)]
    if not consents:
        return 0
    before: dict[int, set[str]] = {row.pk: set() for row in consents}
    granted = ConsentScope.objects.filter(consent__in=before, state=ConsentScope.State.GRANTED)
    for pk, scope in granted.values_list("consent_id", "scope"):
        before[pk].add(scope)
    ended = Consent.objects.filter(pk__in=before)
    ended.update(
        status=status,
        epoch=F("epoch") + 1,
        ended_at=cause.at,
        ended_reason=(cause.reason or status)[:100],
    )
    granted.update(state=ConsentScope.State.NARROWED, since=cause.at)
    _end_holdings(consents, f"consent_{status}", cause)
    drafts = [
        (
            row.user,
            cause.draft(kind, row.application, before=before[row.pk], expires_at=row.expires_at),
        )
        for row in consents
    ]
    append_many(drafts)
    fresh = ended.select_related("user", "application").in_bulk()
    for row, (_user, new) in zip(consents, drafts, strict=True):
        announce(signals.consent_revoked, consent=fresh[row.pk], event=new.event)
    return len(consents)


def _locked(keys: Sequence[Any]) -> QuerySet[Consent]:
    rows = Consent.objects.filter(pk__in=keys, status=Consent.Status.ACTIVE).order_by("pk")
    return rows.select_related("user", "application").select_for_update(of=("self",), no_key=True)


def _end_holdings(consents: Sequence[Consent], reason: str, cause: Cause) -> None:
    """End everything that the clients hold of the users, recorded or older."""
    pairs = frozenset((row.user_id, row.application_id) for row in consents)
    live = _of(pairs, Authorization).filter(ended_at=None)
    acts = Authorization.objects.filter(pk__in=_keys(pairs, live))
    end_authorizations(acts, reason=reason, now=cause.at)
    refresh = _of(pairs, refresh_token_model()).filter(revoked=None)
    refresh.filter(pk__in=_keys(pairs, refresh)).update(revoked=cause.at)
    for model in (access_token_model(), grant_model()):
        rows = _of(pairs, model)
        rows.filter(pk__in=_keys(pairs, rows)).delete()


def _of(pairs: Pairs, model: Any) -> QuerySet[Any]:
    """Return the rows of the users and of the clients of pairs, in any combination."""
    users, applications = zip(*pairs, strict=True)
    rows: QuerySet[Any] = model._default_manager.filter(
        user__in=set(users), application__in=set(applications)
    )
    return rows


def _keys(pairs: Pairs, rows: QuerySet[Any]) -> list[Any]:
    """Return the keys of those rows that belong to one of the pairs."""
    found = rows.order_by("pk").values_list("pk", "user_id", "application_id")
    return [pk for pk, user, application in found if (user, application) in pairs]
