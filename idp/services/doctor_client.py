"""What is wrong with clients: their secrets, addresses, and what they can never do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from idp.conf import application_model
from idp.domain.decision import Severity
from idp.models import ClientPolicy, ClientSecret, RedirectUri, SecurityEvent
from idp.services import attention
from idp.services.client import grant_types_of, policy_of
from idp.services.client_name import borrowed_names
from idp.services.client_secret import live
from idp.services.client_secret_value import has_toolkit_secret
from idp.services.doctor_code import Code
from idp.services.doctor_finding import Finding, finding
from idp.services.event import printable
from idp.services.redirect_uri import (
    PURPOSES,
    UriFindings,
    findings,
    registered_uris,
    unused_redirect_uris,
)

SECRETLESS_METHODS = frozenset({"none", "private_key_jwt"})
KEY_METHODS = frozenset({"private_key_jwt"})
MOST = 1_000
"""Of what grows with use, no more than this is told."""


def examine_clients(now: datetime) -> Iterator[Finding]:
    """Yield clients without policy or secret, and those that can never succeed."""
    secrets: dict[Any, list[ClientSecret]] = {}
    for secret in live(ClientSecret.objects.filter(revoked_at=None), now):
        secrets.setdefault(secret.application_id, []).append(secret)
    ever = set(ClientSecret.objects.values_list("application_id", flat=True))
    applications = application_model()._default_manager.select_related("idp_policy")
    for application in applications.order_by("client_id").iterator():
        policy: ClientPolicy | None = getattr(application, "idp_policy", None)
        if policy is None:
            yield finding(Code.CLIENT_WITHOUT_POLICY, application.client_id)
        elif policy.status != ClientPolicy.Status.ACTIVE:
            continue
        if application.client_type == "public":
            continue
        if policy is None or policy.token_endpoint_auth_method not in SECRETLESS_METHODS:
            working = secrets.get(application.pk, [])
            yield from _secrets(application, working, now, ever=application.pk in ever)


def _secrets(
    application: Any, working: list[ClientSecret], now: datetime, *, ever: bool
) -> Iterator[Finding]:
    if not working and (ever or not has_toolkit_secret(application)):
        yield finding(Code.CLIENT_WITHOUT_SECRET, application.client_id)
    ends = [secret.expires_at for secret in working if secret.expires_at is not None]
    if working and len(ends) == len(working) and max(ends) <= now + attention.SECRET_WARNING:
        moment = max(ends).isoformat(timespec="minutes")
        yield finding(Code.SECRET_EXPIRING, application.client_id, moment)


def examine_addresses(now: datetime) -> Iterator[Finding]:
    """Yield addresses that break a rule, are doubtful or unused, and clients left without one."""
    rows: dict[Any, dict[tuple[str, str], RedirectUri]] = {}
    for row in RedirectUri.objects.all():
        rows.setdefault(row.application_id, {})[row.purpose, row.uri] = row
    applications = application_model()._default_manager.select_related("idp_policy")
    for application in applications.order_by("client_id").iterator():
        known = rows.get(application.pk, {})
        text = {
            (str(purpose), uri)
            for purpose in PURPOSES
            for uri in registered_uris(application, purpose)
        }
        if text != set(known):
            yield finding(Code.REDIRECT_URI_DRIFT, application.client_id)
        inspected = findings(application, now=now)
        why = _unreachable(application, inspected)
        if why:
            yield finding(Code.CLIENT_UNREACHABLE, application.client_id, why)
        for found in inspected:
            stored = known.get((found.purpose, found.uri))
            accepted = stored is not None and stored.accepted_at is not None
            subject = f"{application.client_id}: {found.uri}"
            for reason in found.findings:
                if reason.is_error:
                    yield finding(Code.REDIRECT_URI_BROKEN, subject, reason.message)
                elif reason.severity is Severity.WARNING and not accepted:
                    yield finding(Code.REDIRECT_URI_DOUBTFUL, subject, reason.message)
    for row in unused_redirect_uris(now):
        yield finding(Code.REDIRECT_URI_UNUSED, f"{row.application.client_id}: {row.uri}")


def _unreachable(application: Any, inspected: Iterable[UriFindings]) -> str:
    """Return why an active client can never get a token, or an empty text."""
    policy = policy_of(application)
    if policy.status != ClientPolicy.Status.ACTIVE:
        return ""
    by_key = policy.token_endpoint_auth_method in KEY_METHODS
    if by_key and not (policy.jwks or policy.jwks_uri):
        return "it proves itself by a key and has registered none"
    ways = set(grant_types_of(application, policy)) - {"refresh_token"}
    if not ways:
        return "it has no grant type that begins anything"
    redirects = [each for each in inspected if each.purpose == RedirectUri.Purpose.REDIRECT]
    if not any(not each.is_error for each in redirects):
        ways.discard("authorization_code")
    if application.client_type == "public":
        ways.discard("client_credentials")
    if ways:
        return ""
    if redirects:
        return "every address that it could return to breaks a rule"
    return "it has no address to return to, or no secret for what it may do without a user"


def examine_use(now: datetime) -> Iterator[Finding]:
    """Yield what clients did or left undone: replays, refusals, waiting requests, disuse."""
    for event in _events(attention.replays(now)):
        yield finding(Code.TOKEN_REPLAYED, event.client_id)
    for event in _events(attention.repeated_refusals(now)):
        yield finding(Code.REFUSALS_REPEAT, event.client_id or event.kind, str(event.count))
    waiting = attention.waiting_requests(now).select_related("application", "scope")[:MOST]
    for held in waiting:
        yield finding(Code.APPROVAL_WAITING, held.application.client_id, held.scope.name)
    unused = attention.unused_clients(now).select_related("application")[:MOST]
    for policy in unused:
        yield finding(Code.CLIENT_UNUSED, policy.application.client_id)
    let_off = ClientPolicy.objects.active().filter(nonce_instead_of_pkce=True)
    for policy in let_off.select_related("application")[:MOST]:
        yield finding(Code.PKCE_WAIVED, policy.application.client_id)
    for policy in borrowed_names().select_related("application")[:MOST]:
        application = policy.application
        yield finding(Code.NAME_BORROWED, application.client_id, printable(application.name))


def _events(rows: Any) -> Iterable[SecurityEvent]:
    found: Iterable[SecurityEvent] = rows.order_by("-last_at", "-id")[:MOST]
    return found
