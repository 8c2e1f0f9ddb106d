"""What is wrong with a site's settings; no client and no token is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from idp.conf import HARDENED, idp_settings
from idp.models import Scope
from idp.services.doctor_code import Code
from idp.services.doctor_finding import Finding, finding

MIN_SECRET_KEY = 50
LONG_ACCESS = timedelta(hours=1)
LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})

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


def examine_settings() -> Iterator[Finding]:
    """Yield what the settings alone tell; the database is not asked."""
    yield from _django()
    yield from _addresses()
    yield from _lifetimes()
    yield from _toolkit()


def _django() -> Iterator[Finding]:
    if settings.DEBUG:
        yield finding(Code.DEBUG_ON)
    if "*" in settings.ALLOWED_HOSTS:
        yield finding(Code.ANY_HOST)
    key = settings.SECRET_KEY
    if len(key) < MIN_SECRET_KEY or len(set(key)) < 5:
        yield finding(Code.SHORT_SECRET_KEY)
    if not settings.SECURE_SSL_REDIRECT:
        yield finding(Code.NO_HTTPS)
    if not settings.SECURE_HSTS_SECONDS:
        yield finding(Code.NO_HSTS)
    for name in ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE"):
        if not getattr(settings, name):
            yield finding(Code.COOKIES_WITHOUT_HTTPS, name)


def _addresses() -> Iterator[Finding]:
    issuer = idp_settings.public_origin
    parts = urlsplit(issuer)
    if issuer and parts.scheme != "https" and parts.hostname not in LOCAL:
        yield finding(Code.ISSUER_WITHOUT_HTTPS, issuer)
    if not issuer:
        yield finding(Code.ISSUER_UNSET)
    if idp_settings.trusted_proxy_hops == 0:
        for name in ("SECURE_PROXY_SSL_HEADER", "USE_X_FORWARDED_HOST"):
            if getattr(settings, name):
                yield finding(Code.PROXY_NOT_COUNTED, name)


def _lifetimes() -> Iterator[Finding]:
    access = idp_settings.access_token_lifetime
    if access > LONG_ACCESS:
        yield finding(
            Code.WEAK_LIFETIME, "ACCESS_TOKEN_LIFETIME", f"{access.total_seconds():.0f} s"
        )
    ends = (idp_settings.refresh_token_lifetime, idp_settings.refresh_token_idle_lifetime)
    if ends == (None, None):
        yield finding(Code.WEAK_LIFETIME, "REFRESH_TOKEN_LIFETIME", "ever")


def _toolkit() -> Iterator[Finding]:
    given: dict[str, Any] = getattr(settings, "OAUTH2_PROVIDER", {})
    for name in CLASSES:
        if name not in given:
            yield finding(Code.NOT_WIRED, name)
    for name, strict in HARDENED.items():
        if name in NO_STRENGTH or (name not in given and name in TOOLKIT_AS_STRICT):
            continue
        if not _as_strict(given.get(name), strict):
            yield finding(Code.NOT_HARDENED, name)


def _as_strict(value: Any, strict: Any) -> bool:
    if isinstance(strict, bool):
        return bool(value) == strict
    if isinstance(strict, int):
        seconds = value.total_seconds() if isinstance(value, timedelta) else value
        return seconds is not None and seconds <= strict
    return set(value or ("*",)) <= set(strict)


def examine_site_scopes(now: datetime) -> Iterator[Finding]:
    """Yield the scopes of the settings that the catalogue lacks."""
    given: dict[str, Any] = getattr(settings, "OAUTH2_PROVIDER", {})
    scopes = set(given.get("SCOPES") or {})
    known = Scope.objects.filter(name__in=scopes).values_list("name", flat=True)
    for name in sorted(scopes - set(known)):
        yield finding(Code.SCOPE_NOT_IN_CATALOGUE, name)
