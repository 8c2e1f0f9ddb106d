"""System checks of the provider; each says what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags
from django.db import router
from django.utils.module_loading import import_string

from idp.conf import RULE_SETS, IdpSettings, access_token_model, application_model
from idp.domain import uri
from idp.domain.outbound import Target, judge
from idp.models import ClientPolicy
from idp.services.claim import StandardClaims


class CheckId(StrEnum):
    """Every check of the provider."""

    UNKNOWN_SETTING = "idp.E001"
    WRONG_SETTING = "idp.E002"
    SPLIT_DATABASES = "idp.E003"
    VALIDATOR_WITHOUT_RULES = "idp.W001"


def register() -> None:
    """Register every check with Django."""
    checks.register(check_settings, Tags.security)
    checks.register(check_databases, Tags.models)
    checks.register(check_validator, Tags.security)


def check_settings(**_kwargs: Any) -> list[CheckMessage]:
    """Check the ``IDP`` setting key by key."""
    site = getattr(settings, "IDP", {})
    if not isinstance(site, dict):
        return [_error("The IDP setting is not a dictionary.", "", CheckId.WRONG_SETTING)]
    return [*_unknown(site), *_wrong(site)]


def check_databases(**_kwargs: Any) -> list[CheckMessage]:
    """Check that our tables and the toolkit's live in one database."""
    ours = router.db_for_write(ClientPolicy)
    theirs = {router.db_for_write(model()) for model in (application_model, access_token_model)}
    if theirs == {ours}:
        return []
    return [
        _error(
            "The database routers put idp and oauth2_provider into different databases.",
            "Route both apps to the same database; one transaction must hold them together.",
            CheckId.SPLIT_DATABASES,
        )
    ]


def check_validator(**_kwargs: Any) -> list[CheckMessage]:
    """Check that the configured validator carries our rules."""
    from idp.dot.validator import IdpValidatorMixin

    path = getattr(settings, "OAUTH2_PROVIDER", {}).get("OAUTH2_VALIDATOR_CLASS")
    validator = import_string(path) if isinstance(path, str) else path
    if validator is not None and issubclass(validator, IdpValidatorMixin):
        return []
    return [
        checks.Warning(
            "OAUTH2_VALIDATOR_CLASS does not carry the rules of idp; nothing enforces them.",
            hint="Use provider_settings(), or: class V(IdpValidatorMixin, YourValidator).",
            id=CheckId.VALIDATOR_WITHOUT_RULES,
        )
    ]


def _unknown(site: dict[str, Any]) -> Iterator[CheckMessage]:
    for key in sorted(set(site) - set(IdpSettings.DEFAULTS)):
        yield _error(
            f"IDP has no key {key!r}.",
            f"Known keys: {', '.join(sorted(IdpSettings.DEFAULTS))}.",
            CheckId.UNKNOWN_SETTING,
        )


_SECONDS = (
    "CONSENT_UNUSED_AFTER",
    "ACCESS_TOKEN_LIFETIME",
    "REFRESH_TOKEN_LIFETIME",
    "REFRESH_TOKEN_IDLE_LIFETIME",
    "REFRESH_TOKEN_RETRY_SECONDS",
    "SECRET_ROTATION_OVERLAP",
    "REGISTRATION_UNUSED_AFTER",
)


def _wrong(site: dict[str, Any]) -> Iterator[CheckMessage]:
    for key in _SECONDS:
        value = site.get(key)
        if value is not None and (
            isinstance(value, bool) or not isinstance(value, int) or value < 0
        ):
            yield _bad(key, "a number of seconds, 0 or more")
    if site.get("UNPOLICED_SCOPES") not in {None, "deny", "pass_through", "defaults_only"}:
        yield _bad("UNPOLICED_SCOPES", "'deny', 'pass_through' or 'defaults_only'")
    enforce = site.get("ENFORCE")
    if enforce is not None and (
        not isinstance(enforce, dict)
        or set(enforce) - set(RULE_SETS)
        or not all(isinstance(value, bool) for value in enforce.values())
    ):
        yield _bad("ENFORCE", f"None, or a dictionary of {', '.join(RULE_SETS)} to True or False")
    evidence = site.get("EVIDENCE", {})
    if not isinstance(evidence, dict) or set(evidence) - {"ip_address", "user_agent"}:
        yield _bad("EVIDENCE", "a dictionary of 'ip_address' and 'user_agent' to True or False")
    hops = site.get("TRUSTED_PROXY_HOPS", 0)
    if isinstance(hops, bool) or (isinstance(hops, int) and hops < 0):
        yield _bad("TRUSTED_PROXY_HOPS", "a number of proxies, a callable or its dotted path")
    keys = site.get("KEY_ENCRYPTION_KEYS")
    if keys is not None and (not isinstance(keys, list | tuple) or not all(keys)):
        yield _bad("KEY_ENCRYPTION_KEYS", "a list of secrets, newest first")
    listed = site.get("OUTBOUND_ALLOWED_HOSTS", ())
    if not isinstance(listed, list | tuple) or not all(map(_is_host_and_port, listed)):
        yield _bad("OUTBOUND_ALLOWED_HOSTS", "a list of 'host:port' texts")
    if not isinstance(site.get("NOTICES", False), bool):
        yield _bad("NOTICES", "True or False")
    limits = site.get("REGISTRATION_LIMITS", {})
    if not isinstance(limits, dict) or not all(map(_is_limit, limits.items())):
        yield _bad("REGISTRATION_LIMITS", "a dictionary of 'per_address', 'per_hour', 'unused'")
    for key in ("POLICY_URI", "TOS_URI", "SERVICE_DOCUMENTATION"):
        if not _is_page(site.get(key, "")):
            yield _bad(key, "empty or the https address of a page")
    yield from _wrong_identity(site)
    lifetime = site.get("CONSENT_LIFETIME")
    if lifetime is not None and not isinstance(lifetime, int | str) and not callable(lifetime):
        yield _bad("CONSENT_LIFETIME", "seconds, a callable or its dotted path")


def _is_limit(entry: tuple[object, object]) -> bool:
    name, value = entry
    known = name in IdpSettings.DEFAULTS["REGISTRATION_LIMITS"]
    return known and isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _wrong_identity(site: dict[str, Any]) -> Iterator[CheckMessage]:
    """Check what says who users are, and how they signed in."""
    provider = _imported(site.get("CLAIMS", StandardClaims))
    if not isinstance(provider, type) or not issubclass(provider, StandardClaims):
        yield _bad("CLAIMS", "a subclass of idp.services.claim.StandardClaims or its dotted path")
    hook = _imported(site.get("SIGN_IN"))
    if hook is not None and not callable(hook):
        yield _bad("SIGN_IN", "a callable(request, user) or its dotted path")
    values = site.get("ACR_VALUES", ())
    if not isinstance(values, list | tuple) or not all(map(_is_word, values)):
        yield _bad("ACR_VALUES", "a list of texts without spaces, the strongest last")


def _imported(value: Any) -> Any:
    """Return what a dotted path leads to, or the path itself where it leads nowhere."""
    if not isinstance(value, str):
        return value
    try:
        return import_string(value)
    except ImportError:
        return value


def _is_page(value: object) -> bool:
    return value == "" or (
        isinstance(value, str) and value.startswith("https://") and uri.is_absolute(value)
    )


def _is_word(value: object) -> bool:
    return isinstance(value, str) and value.split() == [value]


def _is_host_and_port(entry: object) -> bool:
    found = judge(f"https://{entry}/", (entry,)) if isinstance(entry, str) else None
    return isinstance(found, Target) and found.listed


def _bad(key: str, wanted: str) -> CheckMessage:
    return _error(f"IDP[{key!r}] is wrong.", f"It must be {wanted}.", CheckId.WRONG_SETTING)


def _error(message: str, hint: str, check_id: CheckId) -> CheckMessage:
    return checks.Error(message, hint=hint or None, id=check_id)
