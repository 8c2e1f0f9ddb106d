"""When a consent ends: the strictest of policy, client, site and the user's choice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import import_string

from idp.conf import idp_settings
from idp.domain.consent import expiry
from idp.domain.lifetime import ServerLifetimes, strictest

if TYPE_CHECKING:
    from idp.domain.catalogue import Catalogue
    from idp.services.client import Client


def consent_end(
    *, client: Client, user: Any, granted: frozenset[str], duration: str, now: datetime
) -> datetime | None:
    """Return when a consent to scopes ends, or None for until revoked.

    Args:
        client: who is allowed.
        user: who allows.
        granted: all scopes that the consent holds.
        duration: what the user chose, a ``Duration``; one given once ends with the access token.
        now: the time of the decision.
    """
    catalogue = client.catalogue()
    ends = expiry(
        granted=granted,
        catalogue=catalogue,
        duration=duration,
        access_token_lifetime=_access_token_lifetime(client, granted, catalogue),
        now=now,
        client_lifetime=client.policy.consent_lifetime,
    )
    site = _site_lifetime(user, client.application, granted)
    return ends if site is None else earliest(ends, now + site)


def earliest(*moments: datetime | None) -> datetime | None:
    """Return the first of some moments, of which None never comes."""
    return min((moment for moment in moments if moment is not None), default=None)


def _access_token_lifetime(
    client: Client, granted: frozenset[str], catalogue: Catalogue
) -> timedelta:
    return strictest(
        server=ServerLifetimes(access=idp_settings.access_token_lifetime),
        client=client.facts,
        policies=catalogue.policies(granted),
    ).access


def _site_lifetime(user: Any, application: Any, scopes: frozenset[str]) -> timedelta | None:
    configured = idp_settings.consent_lifetime
    if isinstance(configured, str):
        configured = import_string(configured)
    seconds = configured(user, application, scopes) if callable(configured) else configured
    return None if seconds is None else timedelta(seconds=seconds)
