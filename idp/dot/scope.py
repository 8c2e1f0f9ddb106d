"""Scopes: the catalogue's, and those of the site's own backend, which ours only narrows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import get_language
from oauth2_provider.scopes import BaseScopes
from oauthlib.oauth2.rfc6749 import errors

from idp.domain.scope import InvalidScope, parse
from idp.dot.exchange import Exchange, exchange_of
from idp.dot.site import SiteRules
from idp.services.catalogue import current_catalogue, words
from idp.services.client import client_of
from idp.services.resolution import resolve_request

if TYPE_CHECKING:
    from oauthlib.common import Request

SITE_BACKEND = "IDP_SITE_SCOPES_BACKEND_CLASS"
"""Key of ``OAUTH2_PROVIDER`` that names the backend the site had before."""


def site_backend() -> Any:
    """Return the site's own scopes backend, or None."""
    path = getattr(settings, "OAUTH2_PROVIDER", {}).get(SITE_BACKEND)
    return import_string(path)() if path else None


class CatalogueScopes(BaseScopes):
    """The scopes of the catalogue, beside and never beyond those of the site's own backend."""

    def get_all_scopes(self) -> dict[str, str]:
        """Return scope name to title, in the language of the reader."""
        backend = site_backend()
        titles: dict[str, str] = dict(backend.get_all_scopes()) if backend else {}
        shown = words(get_language() or settings.LANGUAGE_CODE)
        for name in current_catalogue().scopes:
            titles[name] = shown[name].title if name in shown else name
        return titles

    def get_available_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        """Return the scopes that a client may ask for."""
        if application is None:
            return sorted(self.get_all_scopes())
        client = client_of(application)
        held = {name for name in client.facts.scopes if name in client.catalogue().scopes}
        if not client.enforces("scope"):
            held |= set(client.catalogue().scopes)
        return sorted(held | _site_scopes("get_available_scopes", application, request))

    def get_default_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        """Return the scopes of a request that names none."""
        defaults: set[str] = set()
        if application is not None:
            defaults = {
                row.name for row in client_of(application).facts.scopes.values() if row.default
            }
        site = _site_scopes("get_default_scopes", application, request)
        return sorted(defaults or site)


def _site_scopes(method: str, application: Any, request: Any) -> set[str]:
    backend = site_backend()
    if backend is None:
        return set()
    return set(getattr(backend, method)(application=application, request=request))


def requested_scopes(text: str) -> frozenset[str] | None:
    """Return the scopes that a request names, or None when it names none.

    Raises:
        InvalidScopeError: the text is no scope.
    """
    if not text:
        return None
    try:
        return parse(text)
    except InvalidScope as error:
        raise errors.InvalidScopeError(description=describe(str(error))) from error


def describe(text: str) -> str:
    """Return a text in the characters that ``error_description`` may have (RFC 6749 §5.2)."""
    plain = text.replace("“", "'").replace("”", "'").replace('"', "'").replace("\\", "/")
    return "".join(char if " " <= char <= "~" else "?" for char in plain)


class ScopeRules(SiteRules):
    """The part of the validator that decides about scopes."""

    def get_default_scopes(
        self, client_id: str, request: Request, *args: Any, **kwargs: Any
    ) -> list[str]:
        """Return the scopes of a request that names none."""
        return sorted(self._resolved(request, None).granted)

    def validate_scopes(
        self,
        client_id: str,
        scopes: Iterable[str],
        client: Any,
        request: Request,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        """Return whether the scopes of a request may be granted, and leave the granted ones on it.

        Raises:
            InvalidScopeError: naming scope and rule.
        """
        exchange = exchange_of(request)
        resolution = exchange.resolution
        if resolution is None:
            resolution = self._resolved(request, requested_scopes(request.scope or ""))
        granted = self.narrowed_by_site(resolution.granted, request)
        if resolution.error or not granted:
            raise errors.InvalidScopeError(
                description=describe(resolution.description or "No scope is left to grant.")
            )
        request.scopes = sorted(granted)
        return True

    def narrowed_by_site(self, granted: frozenset[str], request: Request) -> frozenset[str]:
        """Return the scopes that the site's own backend and validator grant as well."""
        backend = site_backend()
        if backend is not None:
            available = backend.get_available_scopes(application=request.client, request=request)
            known = current_catalogue().scopes
            granted = frozenset(name for name in granted if name in available or name in known)
        agrees = self.site_agrees(
            "validate_scopes", request.client_id, sorted(granted), request.client, request
        )
        return granted if agrees else frozenset()

    def _resolved(self, request: Request, requested: frozenset[str] | None) -> Any:
        exchange: Exchange = exchange_of(request)
        exchange.resolution = resolve_request(
            self._client(request),  # type: ignore[attr-defined]
            requested=requested,
            user=getattr(request, "user", None)
            if request.grant_type != "client_credentials"
            else None,
            sign_in=None,
            grant_type=request.grant_type or "authorization_code",
            now=exchange.now,
            origin=exchange.origin,
        )
        return exchange.resolution
