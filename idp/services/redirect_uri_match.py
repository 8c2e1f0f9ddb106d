"""Which registered URI a request may use: the one rule for sign-in and sign-out alike."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from idp.conf import idp_settings
from idp.domain import redirect_uri as rules
from idp.models import ClientPolicy, RedirectUri
from idp.services.redirect_uri import PURPOSES, record_use, uri_digest

if TYPE_CHECKING:
    from idp.services.client import Client


def matching_uri(
    client: Client,
    requested: str,
    *,
    now: datetime,
    purpose: str = RedirectUri.Purpose.REDIRECT,
) -> str | None:
    """Return the registered URI that a requested one matches, or None.

    Texts are compared as they stand. Where the client's rules are enforced, an entry that breaks
    an error rule never matches, however it got into the database. No statement is sent, unless
    the requested URI fits a wildcard of a development client on a site that allows wildcards.

    Args:
        client: who asks.
        requested: the URI after one form-decoding of what was received.
        now: the time, by which a wildcard may have ended.
        purpose: which list of the client the URI must stand in.

    Source: RFC 9700 §2.1, §4.1; RFC 8252 §7.3; RP-Initiated Logout §3.
    """
    kind, environment = client.facts.kind, client.facts.environment
    on_device = kind in {ClientPolicy.Kind.NATIVE, ClientPolicy.Kind.AGENT}
    listed = (getattr(client.application, PURPOSES[purpose]) or "").split(" ")
    for registered in listed:
        if not rules.match(
            requested,
            registered,
            loopback_port=on_device,
            localhost=on_device and client.policy.localhost_port,
        ):
            continue
        if not client.enforces("redirect_uri") or rules.registrable(registered, kind, environment):
            return registered
    if purpose != RedirectUri.Purpose.REDIRECT or not idp_settings.redirect_uri_wildcards:
        return None
    fitting = (uri for uri in listed if rules.match_wildcard(requested, uri))
    return next((uri for uri in fitting if _is_live_wildcard(client, uri, now)), None)


def note_use(client: Client, requested: str, now: datetime) -> None:
    """Note, once the transaction at hand is done, that a registered URI was used.

    The note holds up nobody: it is no part of the transaction, at most one statement an hour and
    process for one URI, and its failure is logged and does no harm.

    Args:
        client: whose URI it is.
        requested: the URI of the request, which has matched.
        now: the time.
    """
    uri = matching_uri(client, requested, now=now) if requested else None
    if uri is not None:
        transaction.on_commit(lambda: record_use(client.application, uri, now), robust=True)


def _is_live_wildcard(client: Client, uri: str, now: datetime) -> bool:
    """Return whether a wildcard may be used now, by the end date in the URI's own row."""
    if client.facts.environment != ClientPolicy.Environment.DEVELOPMENT:
        return False
    until = (
        RedirectUri.objects.filter(
            application=client.application,
            purpose=RedirectUri.Purpose.REDIRECT,
            uri_digest=uri_digest(uri),
        )
        .values_list("wildcard_until", flat=True)
        .first()
    )
    return rules.registrable(
        uri,
        client.facts.kind,
        client.facts.environment,
        allow_wildcard=True,
        wildcard_until=until,
        now=now,
    )
