"""What is wrong with a site, how bad it is and what to do; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connections, router

from idp.conf import HARDENED, application_model, idp_settings
from idp.domain.decision import Severity
from idp.models import (
    ClientPolicy,
    ClientSecret,
    ConsentEvent,
    RedirectUri,
    Scope,
    SigningKey,
    SiteState,
)
from idp.models.append_only import missing
from idp.services.client_secret import live
from idp.services.client_secret_value import has_toolkit_secret
from idp.services.consent_unused import MOST_COUNTED, count_unused
from idp.services.doctor_finding import Code, Finding, finding
from idp.services.key_seal import KeyUnavailable, private_jwk
from idp.services.ledger_check import last_check
from idp.services.logout import logout_state
from idp.services.redirect_uri import PURPOSES, findings, registered_uris, unused_redirect_uris
from idp.services.site import site_state

SOON = timedelta(days=30)
MIN_SECRET_KEY = 50
SECRETLESS_METHODS = frozenset({"none", "private_key_jwt"})

# Where the toolkit's own default is as strict as ours, an absent key is no finding.
TOOLKIT_AS_STRICT = frozenset(
    {
        "ALLOW_URI_WILDCARDS",
        "AUTHORIZATION_CODE_EXPIRE_SECONDS",
        "PKCE_REQUIRED",
        "REFRESH_TOKEN_GRACE_PERIOD_SECONDS",
        "ROTATE_REFRESH_TOKEN",
    }
)
# What a site offers is its own choice, and says nothing about how well it guards it.
NO_STRENGTH = frozenset(
    {
        "IDP_HARDENED",
        "SCOPES",
        "DEFAULT_SCOPES",
        "OIDC_ENABLED",
        "OIDC_RP_INITIATED_LOGOUT_ENABLED",
        "OAUTH2_GRANT_TYPES_SUPPORTED",
        "OIDC_RESPONSE_TYPES_SUPPORTED",
        "OAUTH2_RESPONSE_TYPES_SUPPORTED",
    }
)
CLASSES = ("OAUTH2_VALIDATOR_CLASS", "OAUTH2_SERVER_CLASS", "OAUTH2_BACKEND_CLASS")


def examine(now: datetime) -> list[Finding]:
    """Return everything that is wrong with the site, the worst first."""
    order = [str(severity) for severity in Severity]
    found = [each for part in PARTS for each in part(now)]
    return sorted(found, key=lambda each: order.index(each.severity))


def _site(now: datetime) -> Iterator[Finding]:
    if settings.DEBUG:
        yield finding(Code.DEBUG_ON)
    if "*" in settings.ALLOWED_HOSTS:
        yield finding(Code.ANY_HOST)
    key = settings.SECRET_KEY
    if len(key) < MIN_SECRET_KEY or len(set(key)) < 5:
        yield finding(Code.SHORT_SECRET_KEY)
    if not settings.SECURE_SSL_REDIRECT:
        yield finding(Code.NO_HTTPS)
    for name in ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"):
        if not getattr(settings, name):
            yield finding(Code.COOKIES_WITHOUT_HTTPS, name)
    if site_state().mode == SiteState.Mode.REPORT:
        yield finding(Code.REPORTING)


def _toolkit(now: datetime) -> Iterator[Finding]:
    given: dict[str, Any] = getattr(settings, "OAUTH2_PROVIDER", {})
    for name in CLASSES:
        if name not in given:
            yield finding(Code.NOT_WIRED, name)
    for name, strict in HARDENED.items():
        if name in NO_STRENGTH or (name not in given and name in TOOLKIT_AS_STRICT):
            continue
        if not _as_strict(given.get(name), strict):
            yield finding(Code.NOT_HARDENED, name)
    scopes = set(given.get("SCOPES") or {})
    known = Scope.objects.filter(name__in=scopes).values_list("name", flat=True)
    for name in sorted(scopes - set(known)):
        yield finding(Code.SCOPE_NOT_IN_CATALOGUE, name)


def _as_strict(value: Any, strict: Any) -> bool:
    if isinstance(strict, bool):
        return bool(value) == strict
    if isinstance(strict, int):
        seconds = value.total_seconds() if isinstance(value, timedelta) else value
        return seconds is not None and seconds <= strict
    return set(value or ("*",)) <= set(strict)


def _clients(now: datetime) -> Iterator[Finding]:
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
    if working and len(ends) == len(working) and max(ends) <= now + SOON:
        moment = max(ends).isoformat(timespec="minutes")
        yield finding(Code.SECRET_EXPIRING, application.client_id, moment)


def _redirect_uris(now: datetime) -> Iterator[Finding]:
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
        for found in findings(application, now=now):
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


def _scopes(now: datetime) -> Iterator[Finding]:
    active = Scope.objects.filter(active=True).order_by("name")
    for name in active.filter(policy=None).values_list("name", flat=True):
        yield finding(Code.SCOPE_WITHOUT_POLICY, name)
    for name in active.filter(texts=None).values_list("name", flat=True):
        yield finding(Code.SCOPE_WITHOUT_WORDS, name)


def _keys(now: datetime) -> Iterator[Finding]:
    keys = SigningKey.objects.exclude(state=SigningKey.State.RETIRED)
    active = [key for key in keys if key.state == SigningKey.State.ACTIVE]
    if not any(key.algorithm == "RS256" and key.use == SigningKey.Use.TOKENS for key in active):
        yield finding(Code.KEY_MISSING)
    for key in keys:
        try:
            private_jwk(key)
        except KeyUnavailable:
            yield finding(Code.KEY_UNREADABLE, key.kid)


def _ledger(now: datetime) -> Iterator[Finding]:
    absent = missing(connections[router.db_for_write(ConsentEvent)])
    if absent:
        yield finding(Code.TRIGGERS_MISSING, detail=", ".join(absent))
    check = last_check()
    if check is not None and check.broken:
        yield finding(Code.LEDGER_BROKEN, detail=str(check.broken))
    stale = check is None or check.started_at <= now - timedelta(days=7)
    if stale and ConsentEvent.objects.filter(at__lte=now - timedelta(days=7)).exists():
        yield finding(Code.LEDGER_UNVERIFIED)


def _consents(now: datetime) -> Iterator[Finding]:
    count = count_unused(now)
    if count:
        most = "at least " if count == MOST_COUNTED else ""
        after = f"{idp_settings.consent_unused_after.days} days"
        yield finding(Code.CONSENTS_UNUSED, after, f"{most}{count}")


def _logout(now: datetime) -> Iterator[Finding]:
    state = logout_state(now)
    if state.late:
        yield finding(Code.LOGOUT_LATE, detail=str(state.late))
    if state.failed:
        yield finding(Code.LOGOUT_FAILED, detail=str(state.failed))


PARTS = (_site, _toolkit, _clients, _redirect_uris, _scopes, _keys, _ledger, _consents, _logout)
"""What is looked at, in this order."""
