"""The scopes that the site's own code knows: its ``SCOPES``, or those of its own backend.

They stand in the catalogue beside our rows, without API and policy, so that a site that comes to
``idp`` keeps what its clients ask for until somebody gives it a policy.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from idp.conf import idp_settings
from idp.domain.catalogue import Catalogue, Scope

logger = logging.getLogger("idp.site_scope")

MEMORY_SECONDS = 60
"""How long a process remembers what the site's backend said; asking may cost it statements."""


@dataclass(frozen=True, slots=True)
class SiteScopes:
    """What the site's own code knows.

    Attributes:
        scopes: name to scope, without API and policy.
        titles: name to the site's words for people, which may be lazy.
    """

    scopes: Mapping[str, Scope] = field(default_factory=lambda: MappingProxyType({}))
    titles: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Offer:
    """What the site's own code says of one client's request.

    Attributes:
        withheld: scopes that it knows and does not offer to this client.
        defaults: scopes that it gives to a request of this client that names none.
    """

    withheld: frozenset[str] = frozenset()
    defaults: frozenset[str] | None = None


NO_OPINION = Offer()


def site_backend() -> Any | None:
    """Return the scopes backend that the site had before, or None."""
    path = idp_settings.site_scopes_backend
    return import_string(path)() if path else None


def site_scopes() -> SiteScopes:
    """Return what the site's own code knows; at most ``MEMORY_SECONDS`` old."""
    return _site_scopes(int(time.monotonic() // MEMORY_SECONDS))


def offer_to(application: Any, request: Any = None) -> Offer:
    """Return what the site's own backend offers to a client, as it says at this moment.

    Args:
        application: the client's row.
        request: what the backend gets as its request.
    """
    backend = site_backend()
    if backend is None:
        return NO_OPINION
    known = frozenset(backend.get_all_scopes())
    available = frozenset(backend.get_available_scopes(application=application, request=request))
    defaults = frozenset(backend.get_default_scopes(application=application, request=request))
    return Offer(known - available, defaults & available)


def offered(catalogue: Catalogue, offer: Offer) -> Catalogue:
    """Return the catalogue as one client may see it: less what the site's code withholds."""
    if offer == NO_OPINION:
        return catalogue
    scopes = {
        name: _default(scope, offer)
        for name, scope in catalogue.scopes.items()
        if name not in offer.withheld
    }
    same = len(scopes) == len(catalogue.scopes) and all(
        scope is catalogue.scopes[name] for name, scope in scopes.items()
    )
    return catalogue if same else replace(catalogue, scopes=MappingProxyType(scopes))


def is_site_scope(scope: Scope) -> bool:
    """Return whether only the site's own code knows a scope."""
    return not scope.api


def _default(scope: Scope, offer: Offer) -> Scope:
    """Mark a scope of the site as a default of this client, or not; ours stay what they are."""
    if offer.defaults is None or not is_site_scope(scope):
        return scope
    default = scope.name in offer.defaults
    return scope if scope.default == default else replace(scope, default=default)


@lru_cache(maxsize=1)
def _site_scopes(_minute: int) -> SiteScopes:
    backend = site_backend()
    if backend is None:
        return SiteScopes()
    titles = dict(backend.get_all_scopes())
    defaults = _site_defaults(backend)
    scopes = {name: Scope(name, default=name in defaults) for name in titles}
    return SiteScopes(MappingProxyType(scopes), MappingProxyType(titles))


def _site_defaults(backend: Any) -> Iterable[str]:
    """Return the defaults of a site; none where its backend knows them by client alone."""
    try:
        return frozenset(backend.get_default_scopes())
    except Exception:
        logger.info("the site's scopes backend names no defaults without a client", exc_info=True)
        return frozenset()


def _forget(*, setting: str, **_kwargs: Any) -> None:
    if setting == "OAUTH2_PROVIDER":
        _site_scopes.cache_clear()


setting_changed.connect(_forget, dispatch_uid="idp.services.site_scope")
