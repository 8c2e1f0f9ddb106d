"""The catalogue of scopes as the rules read it, kept in memory under its version."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils import translation

from idp.conf import idp_settings
from idp.domain.access_token import JWT
from idp.domain.catalogue import Catalogue, Policy, Scope, Unpoliced
from idp.models import Api, ClientPolicy, ScopePolicy, ScopeText, SiteState
from idp.models import Scope as ScopeRow
from idp.services.site import enforces, site_state
from idp.services.site_scope import SiteScopes, site_scopes
from idp.services.withdrawal import pending_withdrawals

KEPT_VERSIONS = 4
RECENT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Words:
    """What people read about a scope.

    Attributes:
        title: what it lets a client do, in plain words.
        description: one sentence of consequence; may be empty.
        version: version of the words of ``language``; 0 when the scope has no words at all.
        language: language code of the words, which may be a fallback; empty without words.
    """

    title: str
    description: str
    version: int
    language: str


@dataclass(frozen=True, slots=True)
class _Loaded:
    """One version of the catalogue.

    Attributes:
        catalogue: what the rules read.
        texts: scope name to language to words.
        servers: key of a client's policy to the APIs that it is a resource server of.
    """

    catalogue: Catalogue
    texts: Mapping[str, Mapping[str, Words]]
    servers: Mapping[int, frozenset[str]]


@dataclass(frozen=True, slots=True)
class _Variant:
    """A catalogue as it is judged by, with what it was made from."""

    catalogue: Catalogue
    loaded: _Loaded
    site: SiteScopes


# Owned by this module: version (and mode) to catalogue. A version is never used twice, not even
# when the transaction that made it is rolled back, so an entry can be old but never wrong.
_loaded: dict[int, _Loaded] = {}
_variants: dict[tuple[int, str], _Variant] = {}


def current_catalogue(version: int | None = None, *, unpoliced: str | None = None) -> Catalogue:
    """Return the catalogue as it is now: our scopes, and those that only the site's code knows.

    Args:
        version: version that came along with the client's row; the catalogue then costs no
            statement when this process knows it. None asks the database for the version.
        unpoliced: an ``Unpoliced``; None for what the site's setting says, or ``deny``.
    """
    loaded, site = _current(version), site_scopes()
    choice = unpoliced or idp_settings.unpoliced_scopes or Unpoliced.DENY
    key = (loaded.catalogue.version, choice)
    found = _variants.get(key)
    if found is None or found.loaded is not loaded or found.site is not site:
        found = _remember(_variants, key, _variant(loaded, site, choice))
    return found.catalogue


def _variant(loaded: _Loaded, site: SiteScopes, unpoliced: str) -> _Variant:
    scopes = MappingProxyType({**site.scopes, **loaded.catalogue.scopes})
    catalogue = replace(loaded.catalogue, scopes=scopes, unpoliced=unpoliced)
    return _Variant(catalogue, loaded, site)


def recent_catalogue() -> Catalogue:
    """Return the catalogue as this process knew it at most five seconds ago, for public documents.

    A scope without a policy gets what the site's mode says; clients may have a mode of their own.

    Costs no statement while that lasts. What decides takes ``current_catalogue``.
    """
    mode, version = _recent_state(int(time.monotonic() // RECENT_SECONDS))
    choice = unpoliced_choice(enforcing=enforces("scope", mode))
    return current_catalogue(version, unpoliced=choice)


def forget_recent() -> None:
    """Drop what ``recent_catalogue`` remembers."""
    _recent_state.cache_clear()


def forget_catalogues() -> None:
    """Drop every catalogue that this process keeps, as where a test stopped the clock."""
    _loaded.clear()
    _variants.clear()
    forget_recent()


def served_apis(policy: ClientPolicy, version: int) -> frozenset[str]:
    """Return the identifiers of the APIs that a client is a resource server of.

    Args:
        policy: the client's.
        version: version that came along with the client's row.
    """
    return _current(version).servers.get(policy.pk, frozenset())


def unpoliced_choice(*, enforcing: bool) -> str:
    """Return what a scope without a policy gets: the setting, or by whether the rules refuse."""
    fallback = Unpoliced.DENY if enforcing else Unpoliced.PASS_THROUGH
    return idp_settings.unpoliced_scopes or fallback


def words(language: str, version: int | None = None) -> Mapping[str, Words]:
    """Return the words of every scope, in the reader's language or the nearest one there is.

    Args:
        language: language code such as ``de-at``; falls back to ``de``, the site's language,
            English, any other language, then what the site's own code says, and at last the name.
        version: see ``current_catalogue``.
    """
    loaded = _current(version)
    chain = _fallbacks(language)
    site = _site_words(language)
    ours = {
        name: _choose(name, loaded.texts.get(name, {}), chain)
        for name in loaded.catalogue.scopes
        if name in loaded.texts or name not in site
    }
    return site | ours


def _site_words(language: str) -> dict[str, Words]:
    """Return the words that the site's own code has for its scopes."""
    with translation.override(language):
        return {
            name: Words(title=str(title or name), description="", version=0, language="")
            for name, title in site_scopes().titles.items()
        }


def catalogue_version() -> int:
    """Return the version of the catalogue in the database."""
    found = SiteState.objects.filter(pk=1).values_list("catalogue_version", flat=True).first()
    return site_state().catalogue_version if found is None else found


def bump_catalogue() -> None:
    """Give the catalogue a new version; call it in the same transaction as the change.

    The version is at least the time in microseconds: two transactions of which one is rolled back
    then never use the same number for different contents.
    """
    version = Greatest(F("catalogue_version") + 1, Value(time.time_ns() // 1000))
    row = SiteState.objects.filter(pk=1)
    if not row.update(catalogue_version=version):
        site_state()
        row.update(catalogue_version=version)
    forget_recent()
    transaction.on_commit(forget_recent)


def catalogue_changed(**_kwargs: Any) -> None:
    """Receive the change of an API, scope, policy or text that other code made."""
    bump_catalogue()


def _current(version: int | None) -> _Loaded:
    known = _loaded.get(catalogue_version() if version is None else version)
    return known or _load()


def _load() -> _Loaded:
    """Read the catalogue; keep it only if nobody changed it between the statements."""
    for _attempt in range(3):
        before = catalogue_version()
        loaded = _read(before)
        if catalogue_version() == before:
            _remember(_loaded, before, loaded)
            return loaded
    return loaded


def _remember(kept: dict[Any, Any], key: Any, value: Any) -> Any:
    while len(kept) >= KEPT_VERSIONS:
        kept.pop(next(iter(kept)), None)
    kept[key] = value
    return value


def _read(version: int) -> _Loaded:
    policies = {row.pk: policy_value(row) for row in ScopePolicy.objects.all()}
    implies: dict[int, set[str]] = {}
    pairs = ScopeRow.implies.through.objects.values_list("from_scope_id", "to_scope__name")
    for scope_id, name in pairs:
        implies.setdefault(scope_id, set()).add(name)
    scopes = {
        row.name: Scope(
            name=row.name,
            api=row.api.identifier,
            api_name=row.api.name,
            policy=policies.get(row.policy_id or 0),
            active=row.active,
            public=row.public,
            default=row.default,
            implies=frozenset(implies.get(row.pk, ())),
        )
        for row in ScopeRow.objects.select_related("api").order_by("name")
    }
    readers = Api.objects.filter(access_token_format=JWT).values_list("identifier", flat=True)
    return _Loaded(
        Catalogue(
            MappingProxyType(scopes),
            version,
            jwt_apis=frozenset(readers),
            withdrawals=pending_withdrawals(),
        ),
        MappingProxyType(_texts()),
        MappingProxyType(_servers()),
    )


def policy_value(row: ScopePolicy) -> Policy:
    """Return a policy row as the plain value that the rules read."""
    return Policy(
        name=row.name,
        sensitivity=row.sensitivity,
        clients=row.clients,
        groups=None if row.groups is None else frozenset(row.groups),
        permission=row.permission,
        user_check=row.user_check,
        grant_types=None if row.grant_types is None else frozenset(row.grant_types),
        consent=row.consent,
        consent_lifetime=row.consent_lifetime,
        optional=row.optional,
        choose_duration=row.choose_duration,
        max_authentication_age=row.max_authentication_age,
        acr_values=tuple(row.acr_values),
        access_token_lifetime=row.access_token_lifetime,
        refresh_token_lifetime=row.refresh_token_lifetime,
        refresh_token_idle_lifetime=row.refresh_token_idle_lifetime,
        refresh=row.refresh,
        approver_differs=row.approver_differs,
        revision=row.revision,
    )


def _texts() -> dict[str, dict[str, Words]]:
    found: dict[str, dict[str, Words]] = {}
    rows = ScopeText.objects.values_list(
        "scope__name", "language", "title", "description", "version"
    )
    for name, language, title, description, version in rows:
        found.setdefault(name, {})[language.lower()] = Words(title, description, version, language)
    return found


def _servers() -> dict[int, frozenset[str]]:
    pairs = Api.resource_servers.through.objects.values_list("clientpolicy_id", "api__identifier")
    found: dict[int, frozenset[str]] = {}
    for policy_id, identifier in pairs:
        found[policy_id] = found.get(policy_id, frozenset()) | {identifier}
    return found


@lru_cache(maxsize=1)
def _recent_state(_moment: int) -> tuple[str, int]:
    state = site_state()
    return state.mode, state.catalogue_version


def _fallbacks(language: str) -> tuple[str, ...]:
    chain: list[str] = []
    for code in (language.lower(), settings.LANGUAGE_CODE.lower(), "en"):
        parts = code.replace("_", "-").split("-")
        chain += ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return tuple(dict.fromkeys(chain))


def _choose(name: str, texts: Mapping[str, Words], chain: tuple[str, ...]) -> Words:
    for code in (*chain, *sorted(texts)):
        if code in texts:
            return texts[code]
    return Words(title=name, description="", version=0, language="")
