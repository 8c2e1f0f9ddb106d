"""Which scopes a request gets, by the rules as they are now; in report mode only told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from idp.conf import idp_settings
from idp.domain import scope as rules
from idp.domain import withdrawal
from idp.domain.catalogue import Catalogue
from idp.domain.lifetime import ServerLifetimes
from idp.domain.offline_access import OFFLINE_ACCESS
from idp.domain.party import SignInFacts, UserFacts
from idp.domain.resolution import Resolution
from idp.services.catalogue import current_catalogue, unpoliced_choice
from idp.services.client import Client
from idp.services.event import NOWHERE, Origin, record_event
from idp.services.holding import holding_of
from idp.services.site_scope import NO_OPINION, Offer, offered
from idp.services.user import user_facts

UNKNOWN = frozenset({rules.Code.UNKNOWN_SCOPE.value})
"""What is refused in report mode too: neither we nor the site's own code know such a scope."""


def server_lifetimes() -> ServerLifetimes:
    """Return the longest lifetimes that the site allows."""
    return ServerLifetimes(
        access=idp_settings.access_token_lifetime,
        refresh=idp_settings.refresh_token_lifetime,
        refresh_idle=idp_settings.refresh_token_idle_lifetime,
    )


def resolve_request(
    client: Client,
    *,
    requested: frozenset[str] | None,
    user: Any,
    sign_in: SignInFacts | None,
    grant_type: str,
    now: datetime,
    origin: Origin = NOWHERE,
    offer: Offer = NO_OPINION,
) -> Resolution:
    """Return what a request gets.

    Args:
        client: who asks.
        requested: the scopes asked for, or None for the defaults.
        user: who would give them, or None while nobody signed in.
        sign_in: how that user signed in, or None to leave its age and strength alone.
        grant_type: as on the wire.
        now: the time.
        origin: where the request came from, for the event of a would-be refusal.
        offer: what the site's own code offers to the client; the rest is unknown to the rules.
    """
    giver = _facts(client, user)

    def judge(catalogue: Catalogue, asked: frozenset[str] | None) -> Resolution:
        return rules.resolve(
            requested=asked,
            client=client.facts,
            user=giver,
            sign_in=sign_in,
            catalogue=offered(catalogue, offer),
            grant_type=grant_type,
            now=now,
            lifetimes=server_lifetimes(),
        )

    resolution = judge(client.catalogue(), requested)
    if client.enforces("scope"):
        return resolution
    answer = rules.as_report(resolution, binding=UNKNOWN)
    if answer.error is None:
        _tell(client, judge(strict_catalogue(client), resolution.asked), user, origin, now)
    return answer


def askable(
    client: Client,
    scopes: frozenset[str],
    *,
    user: Any,
    now: datetime,
    offer: Offer = NO_OPINION,
) -> frozenset[str]:
    """Return those of some scopes that a client may ask a user for; of the rest, not a word."""
    giver = _facts(client, user) if scopes else None
    found = rules.reconsider(
        scopes,
        client=client.facts,
        user=giver,
        catalogue=offered(client.catalogue(), offer),
        now=now,
        lifetimes=server_lifetimes(),
        grant_type="authorization_code",
    )
    return found.granted


def resolve_again(
    client: Client,
    *,
    granted: frozenset[str],
    since: datetime | None,
    authorization: Any = None,
    user: Any,
    grant_type: str,
    now: datetime,
    origin: Origin = NOWHERE,
    offer: Offer = NO_OPINION,
) -> Resolution:
    """Return what of an earlier grant still holds; what does not is left out.

    Args:
        client: who holds it.
        granted: the scopes.
        since: when they were granted; None where nobody knows.
        authorization: key of the act that granted them, or None where none was recorded.
        user: who granted them, or None.
        grant_type: as on the wire.
        now: the time.
        origin: where the request came from, for the event of a would-be refusal.
        offer: what the site's own code offers to the client.
    """
    giver = _facts(client, user)
    withdrawals = client.catalogue().withdrawals
    holding = holding_of(
        withdrawals,
        user=getattr(user, "pk", None),
        client=client.application.pk,
        since=since,
        authorization=authorization,
    )
    held = granted - withdrawal.lost(withdrawals, granted, holding)

    def judge(catalogue: Catalogue) -> Resolution:
        return rules.reconsider(
            held,
            client=client.facts,
            user=giver,
            catalogue=offered(catalogue, offer),
            now=now,
            lifetimes=server_lifetimes(),
            grant_type=grant_type,
        )

    resolution = judge(client.catalogue())
    if client.enforces("scope"):
        return resolution
    _tell(client, judge(strict_catalogue(client)), user, origin, now)
    return rules.as_report(resolution)


def _facts(client: Client, user: Any) -> UserFacts | None:
    return None if user is None else user_facts(user, client.application, client.catalogue())


def strict_catalogue(client: Client) -> Catalogue:
    """Return the catalogue by which the client would be judged if the rules refused."""
    choice = unpoliced_choice(enforcing=True)
    return current_catalogue(client.catalogue_version, unpoliced=choice)


def _tell(client: Client, strict: Resolution, user: Any, origin: Origin, now: datetime) -> None:
    """Record what the rules would refuse, if they refused; what is passed over breaks nothing."""
    refused = [refusal for refusal in strict.refused if refusal.scope != OFFLINE_ACCESS]
    if not (strict.error or refused):
        return
    # Each scope of the catalogue has its own row; names from outside share one.
    first = refused[0].scope if refused else ""
    record_event(
        "scope.would_refuse",
        severity="info",
        client_id=client.facts.client_id,
        user=user,
        origin=origin,
        reasons=[refusal.reason for refusal in refused],
        detail=as_detail(strict),
        distinct=first if first in client.catalogue().scopes else "",
        now=now,
    )


def as_detail(resolution: Resolution) -> dict[str, str | int]:
    """Return what a request was judged by, so that an event can lead to its explanation."""
    question = resolution.question
    detail: dict[str, str | int] = {
        "scope": rules.to_text(resolution.asked),
        "grant_type": question.grant_type,
    }
    sign_in = question.sign_in
    if sign_in is not None:
        detail["acr"] = sign_in.acr
        if not sign_in.fresh:
            detail["auth_age"] = max(int((question.now - sign_in.at).total_seconds()), 0)
    return detail
