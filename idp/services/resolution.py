"""Which scopes a request gets, by the rules as they are now; in report mode only told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from idp.conf import idp_settings
from idp.domain import scope as rules
from idp.domain.lifetime import ServerLifetimes
from idp.domain.party import SignInFacts, UserFacts
from idp.domain.resolution import Resolution
from idp.services.client import Client
from idp.services.event import NOWHERE, Origin, record_event
from idp.services.user import user_facts


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
    """
    resolution = rules.resolve(
        requested=requested,
        client=client.facts,
        user=_facts(client, user),
        sign_in=sign_in,
        catalogue=client.catalogue(),
        grant_type=grant_type,
        now=now,
        lifetimes=server_lifetimes(),
    )
    return _reported(client, resolution, user, origin, now)


def resolve_again(
    client: Client,
    *,
    granted: frozenset[str],
    user: Any,
    grant_type: str,
    now: datetime,
    origin: Origin = NOWHERE,
) -> Resolution:
    """Return what of an earlier grant still holds; what does not is left out."""
    resolution = rules.reconsider(
        granted,
        client=client.facts,
        user=_facts(client, user),
        catalogue=client.catalogue(),
        now=now,
        lifetimes=server_lifetimes(),
        grant_type=grant_type,
    )
    return _reported(client, resolution, user, origin, now)


def _facts(client: Client, user: Any) -> UserFacts | None:
    return None if user is None else user_facts(user, client.application, client.catalogue())


def _reported(
    client: Client, resolution: Resolution, user: Any, origin: Origin, now: datetime
) -> Resolution:
    if client.enforces("scope") or not (resolution.error or resolution.refused):
        return resolution
    record_event(
        "scope.would_refuse",
        severity="info",
        client_id=client.facts.client_id,
        user=user,
        origin=origin,
        reasons=[refusal.reason for refusal in resolution.refused],
        now=now,
    )
    return rules.as_report(resolution)
