"""The subject identifier of a user, as one client sees it, wherever the client sees it."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from idp.domain import subject as rules
from idp.models import ClientPolicy
from idp.services.claim import claims_provider
from idp.services.client import policy_of
from idp.services.site import site_state

# Owned by this module: the salt as this process read it. It never changes once it is committed.
_salt: list[bytes] = []


def subject_for(client: Any, user: Any) -> str:
    """Return the ``sub`` that a client gets to know a user by.

    The same in ID tokens, at UserInfo, in introspection and in logout tokens.

    Args:
        client: the ``Client``, or the toolkit's row of it.
        user: the user.

    Source: OpenID Connect Core §8.
    """
    application = getattr(client, "application", client)
    policy = policy_of(application)
    if policy.subject_type != ClientPolicy.SubjectType.PAIRWISE:
        return claims_provider().subject(user)
    return rules.pairwise(_pairwise_salt(), _sector(application, policy), str(user.pk))


def forget_salt() -> None:
    """Drop this process's copy of the salt."""
    _salt.clear()


def _sector(application: Any, policy: ClientPolicy) -> str:
    """Return the client's sector; the client itself where it has none, or no single one."""
    uris = application.redirect_uris.split()
    try:
        found = rules.sector(uris, policy.sector_identifier_uri)
    except rules.SectorMissing:
        found = ""
    return found or f"client:{application.client_id}"


def _pairwise_salt() -> bytes:
    """Return the site's salt, which outlives every rotation of ``SECRET_KEY``."""
    if _salt:
        return _salt[0]
    salt = bytes.fromhex(site_state().pairwise_salt)
    transaction.on_commit(lambda: _salt.append(salt))
    return salt
