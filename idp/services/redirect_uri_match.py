"""Which registered URI a request may use: the one rule for sign-in and sign-out alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from idp.conf import idp_settings
from idp.domain import redirect_uri as rules
from idp.domain import uri as syntax
from idp.domain.decision import Reason, Severity
from idp.models import ClientPolicy, RedirectUri
from idp.services.event import NOWHERE, Origin, record_event
from idp.services.redirect_uri import PURPOSES, record_use, registered_uris, uri_digest

if TYPE_CHECKING:
    from idp.services.client import Client

MISMATCH = Reason(
    "redirect_uri_mismatch",
    Severity.ERROR,
    "The app asks for the answer to be sent to an address that is not registered for it.",
    "RFC 9700 §4.1",
)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Why a redirect URI is refused.

    Attributes:
        reason: for everybody; reveals no registered URI.
        detail: for the operator: which component differs, and the URI, shortened and escaped.
    """

    reason: Reason
    detail: Mapping[str, str]


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


def prove_redirect_uri(
    client: Client, requested: str, *, origin: Origin = NOWHERE, now: datetime
) -> Mismatch | None:
    """Return why a redirect URI is none of the client's, or None where it may be used.

    Where the client's rules only report, the toolkit's laxer comparison decides, and the operator
    is told what enforcing would refuse.

    Args:
        client: who asks.
        requested: the URI after one form-decoding of what was received.
        origin: where the request came from.
        now: the time.
    """
    matched = matching_uri(client, requested, now=now)
    enforces = client.enforces("redirect_uri")
    if matched is not None:
        reasons = [] if enforces else _faults(client, requested, matched)
        detail = {"redirect_uri": rules.shorten(matched)}
    else:
        listed = registered_uris(client.application)
        reasons = [MISMATCH]
        detail = {
            "differs_in": rules.differing_component(requested, listed),
            "redirect_uri": rules.shorten(requested),
        }
        if enforces or not toolkit_allows(client, requested):
            return Mismatch(MISMATCH, detail)
    if reasons:
        record_event(
            "redirect_uri.would_refuse",
            severity="info",
            client_id=client.facts.client_id,
            origin=origin,
            reasons=reasons,
            detail=detail,
            now=now,
        )
    return None


def toolkit_allows(client: Client, requested: str) -> bool:
    """Return whether the toolkit's own comparison, laxer than ours, lets a redirect URI pass.

    It raises on much that is no URI, so that only absolute ones are shown to it.
    """
    if not syntax.is_absolute(requested):
        return False
    try:
        return bool(client.application.redirect_uri_allowed(requested))
    except ValueError:
        return False


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


def _faults(client: Client, requested: str, matched: str) -> list[Reason]:
    """Return what forbids a registered URI; nothing for a wildcard, which matched as a live one."""
    if matched != requested and "*" in matched:
        return []
    found = rules.inspect(matched, client.facts.kind, client.facts.environment)
    return [reason for reason in found if reason.is_error]


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
