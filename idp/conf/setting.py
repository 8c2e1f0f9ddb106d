"""The ``IDP`` setting, read live."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

RULE_SETS = ("scope", "redirect_uri", "consent", "protocol")
"""Names of the rule sets that can report instead of enforce."""


class IdpSettings:
    """The ``IDP`` dictionary of the site, one typed property a key, read at each access."""

    DEFAULTS: Mapping[str, Any] = {
        "ENFORCE": None,
        "UNPOLICED_SCOPES": None,
        "CONSENT_LIFETIME": None,
        "CONSENT_UNUSED_AFTER": 7_776_000,
        "ACCESS_TOKEN_LIFETIME": None,
        "REFRESH_TOKEN_LIFETIME": None,
        "REFRESH_TOKEN_IDLE_LIFETIME": None,
        "REFRESH_TOKEN_RETRY_SECONDS": 10,
        "EVIDENCE": {"ip_address": True, "user_agent": True},
        "KEY_ENCRYPTION_KEYS": None,
        "TRUSTED_PROXY_HOPS": 0,
        "OUTBOUND_ALLOWED_HOSTS": (),
        "SECRET_ROTATION_OVERLAP": 604_800,
        "SITE_NAME": "",
        "NOTICES": False,
        "APPLICATION_MIGRATION": None,
        "REDIRECT_URI_WILDCARDS": False,
        "REGISTRATION_LIMITS": {"per_address": 100, "per_hour": 1_000, "unused": 10_000},
        "REGISTRATION_UNUSED_AFTER": 2_592_000,
        "DEMO": "",
        "CLAIMS": "idp.services.claim.StandardClaims",
        "SIGN_IN": None,
        "ACR_VALUES": (),
        "APPLIED_FILE": "",
        "POLICY_URI": "",
        "TOS_URI": "",
        "SERVICE_DOCUMENTATION": "",
    }

    def _get(self, key: str) -> Any:
        return getattr(settings, "IDP", {}).get(key, self.DEFAULTS[key])

    @property
    def enforce(self) -> Mapping[str, bool] | None:
        """Return the rule sets that are switched by the site's code, or None for ``SiteState``."""
        value: Mapping[str, bool] | None = self._get("ENFORCE")
        return value

    @property
    def unpoliced_scopes(self) -> str | None:
        """Return ``deny``, ``pass_through``, ``defaults_only``, or None for the site's mode."""
        value: str | None = self._get("UNPOLICED_SCOPES")
        return value

    @property
    def consent_lifetime(self) -> int | str | Callable[..., int | None] | None:
        """Return seconds, or a callable or its dotted path, or None for until revoked."""
        value: int | str | Callable[..., int | None] | None = self._get("CONSENT_LIFETIME")
        return value

    @property
    def consent_unused_after(self) -> timedelta:
        """Return how long a consent may lie unused before its removal is proposed."""
        return timedelta(seconds=self._get("CONSENT_UNUSED_AFTER"))

    @property
    def access_token_lifetime(self) -> timedelta:
        """Return the site's longest access-token lifetime."""
        seconds = self._get("ACCESS_TOKEN_LIFETIME")
        if seconds is None:
            seconds = _provider("ACCESS_TOKEN_EXPIRE_SECONDS", 36_000)
        return timedelta(seconds=seconds)

    @property
    def refresh_token_lifetime(self) -> timedelta | None:
        """Return the longest life of a token family, or None for no end."""
        seconds = self._get("REFRESH_TOKEN_LIFETIME")
        if seconds is None and _provider("IDP_HARDENED", default=False):
            seconds = 7_776_000
        return None if seconds is None else timedelta(seconds=seconds)

    @property
    def refresh_token_idle_lifetime(self) -> timedelta | None:
        """Return how long a refresh token may lie unused, or None for no end."""
        seconds = self._get("REFRESH_TOKEN_IDLE_LIFETIME")
        if seconds is None:
            seconds = _provider("REFRESH_TOKEN_EXPIRE_SECONDS", None)
        if seconds is None:
            return None
        return seconds if isinstance(seconds, timedelta) else timedelta(seconds=seconds)

    @property
    def refresh_token_retry(self) -> timedelta:
        """Return how long a repeated refresh gets the same answer again."""
        return timedelta(seconds=self._get("REFRESH_TOKEN_RETRY_SECONDS"))

    @property
    def evidence(self) -> Mapping[str, bool]:
        """Return what is kept with a decision: ``ip_address`` and ``user_agent``."""
        value: Mapping[str, bool] = self._get("EVIDENCE")
        return value

    @property
    def key_encryption_keys(self) -> Sequence[str]:
        """Return the secrets that private keys are encrypted under, newest first."""
        configured: Sequence[str] | None = self._get("KEY_ENCRYPTION_KEYS")
        if configured:
            return tuple(configured)
        return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)

    @property
    def trusted_proxy_hops(self) -> int | str | Callable[..., str]:
        """Return how many proxies to believe, or a callable or its dotted path."""
        value: int | str | Callable[..., str] = self._get("TRUSTED_PROXY_HOPS")
        return value

    @property
    def outbound_allowed_hosts(self) -> Sequence[str]:
        """Return ``host:port`` texts that outgoing requests may reach although private."""
        value: Sequence[str] = self._get("OUTBOUND_ALLOWED_HOSTS")
        return value

    @property
    def secret_rotation_overlap(self) -> timedelta:
        """Return how long an old client secret lives beside a new one."""
        return timedelta(seconds=self._get("SECRET_ROTATION_OVERLAP"))

    @property
    def redirect_uri_wildcards(self) -> bool:
        """Return whether development clients may register one wildcard label, with an end date."""
        return bool(self._get("REDIRECT_URI_WILDCARDS"))

    @property
    def registration_limits(self) -> Mapping[str, int]:
        """Return how many clients may register themselves, defaults included.

        ``per_address`` and ``per_hour`` count attempts in an hour, ``unused`` the clients that
        nobody has used yet.
        """
        return {**self.DEFAULTS["REGISTRATION_LIMITS"], **self._get("REGISTRATION_LIMITS")}

    @property
    def registration_unused_after(self) -> timedelta:
        """Return after how long an unused client that registered itself is removed."""
        return timedelta(seconds=self._get("REGISTRATION_UNUSED_AFTER"))

    @property
    def claims(self) -> str | type[Any]:
        """Return the class that answers the standard claims, or its dotted path."""
        value: str | type[Any] = self._get("CLAIMS")
        return value

    @property
    def sign_in(self) -> str | Callable[..., Mapping[str, Any] | None] | None:
        """Return a callable(request, user) that says how a user signed in, or its dotted path."""
        value: str | Callable[..., Mapping[str, Any] | None] | None = self._get("SIGN_IN")
        return value

    @property
    def acr_values(self) -> Sequence[str]:
        """Return the authentication contexts that a sign-in at this site can reach."""
        return tuple(self._get("ACR_VALUES"))

    @property
    def applied_file(self) -> str:
        """Return the path of the file that is applied to the site, or empty."""
        return str(self._get("APPLIED_FILE"))

    @property
    def links(self) -> Mapping[str, str]:
        """Return the pages about the provider that the site names, by their names in metadata.

        Source: OpenID Connect Discovery §3; RFC 8414 §2.
        """
        pages = {
            "op_policy_uri": self._get("POLICY_URI"),
            "op_tos_uri": self._get("TOS_URI"),
            "service_documentation": self._get("SERVICE_DOCUMENTATION"),
        }
        return {name: str(address) for name, address in pages.items() if address}

    @property
    def demo(self) -> str:
        """Return the dotted path of a callable(base_url, stdout) that makes demo content."""
        value: str = self._get("DEMO")
        return value

    @property
    def site_scopes_backend(self) -> str:
        """Return the dotted path of the scopes backend that an existing site had, or empty."""
        value: str = _provider("IDP_SITE_SCOPES_BACKEND_CLASS", "")
        return value

    @property
    def approves_automatically(self) -> bool:
        """Return whether the site asked nobody who holds a live token for the same scopes."""
        return bool(_provider("REQUEST_APPROVAL_PROMPT", "force") == "auto")

    @property
    def notices(self) -> bool:
        """Return whether users hear by mail of new clients and of new sensitive scopes."""
        return bool(self._get("NOTICES"))

    @property
    def issuer(self) -> str:
        """Return the issuer that the site sets, or empty where it follows each request's host."""
        return str(_provider("OIDC_ISS_ENDPOINT", "") or "")

    @property
    def public_origin(self) -> str:
        """Return scheme, host and port of the site's own address, or empty where none is set."""
        parts = urlsplit(str(_provider("OIDC_ISS_ENDPOINT", "") or ""))
        return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else ""

    @property
    def site_name(self) -> str:
        """Return the name under which the site speaks to people; empty for a neutral word."""
        value: str = self._get("SITE_NAME")
        return value


def _provider(key: str, default: Any) -> Any:
    return getattr(settings, "OAUTH2_PROVIDER", {}).get(key, default)


idp_settings = IdpSettings()
"""The site's ``IDP`` setting."""
