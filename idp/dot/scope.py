"""Scopes: the catalogue's, and those of the site's own backend, which ours only narrows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import get_language
from oauth2_provider.scopes import BaseScopes
from oauthlib.oauth2.rfc6749 import errors

from idp.domain.scope import InvalidScope, defaults, holdings, parse
from idp.dot.exchange import Exchange, exchange_of
from idp.dot.site import SiteRules
from idp.services.catalogue import words
from idp.services.client import client_of
from idp.services.resolution import resolve_request
from idp.services.site_scope import offer_to, offered

if TYPE_CHECKING:
    from oauthlib.common import Request


class CatalogueScopes(BaseScopes):
    """The scopes of the catalogue, never beyond what the site's own backend offers."""

    def get_all_scopes(self) -> dict[str, str]:
        """Return scope name to title, in the language of the reader."""
        shown = words(get_language() or settings.LANGUAGE_CODE)
        return {name: shown[name].title for name in shown}

    def get_available_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        """Return the scopes that a client may ask for."""
        if application is None:
            return sorted(self.get_all_scopes())
        client = client_of(application)
        catalogue = offered(client.catalogue(), offer_to(application, request))
        if not client.enforces("scope"):
            return sorted(catalogue.scopes)
        return sorted(holdings(client.facts, catalogue))

    def get_default_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        """Return the scopes of a request that names none."""
        if application is None:
            return []
        client = client_of(application)
        catalogue = offered(client.catalogue(), offer_to(application, request))
        return sorted(defaults(client.facts, catalogue))


def requested_scopes(request: Request) -> frozenset[str] | None:
    """Return the scopes that a request names, or None when it names none.

    Raises:
        InvalidScopeError: the text is no scope.
    """
    if not request.scope:
        return None
    try:
        return parse(request.scope)
    except InvalidScope as error:
        words = describe(str(error))
        raise errors.InvalidScopeError(description=words, request=request) from error


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
            resolution = self._resolved(request, requested_scopes(request))
        granted = self.narrowed_by_site(resolution.granted, request)
        if resolution.error or not granted:
            words = describe(resolution.description or "No scope is left to grant.")
            raise errors.InvalidScopeError(description=words, request=request)
        request.scopes = sorted(granted)
        return True

    def narrowed_by_site(self, granted: frozenset[str], request: Request) -> frozenset[str]:
        """Return the scopes, or none where the site's own validator does not grant them as well."""
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
            grant_type=request.grant_type or _grant_type_of(request.response_type),
            now=exchange.now,
            origin=exchange.origin,
            offer=offer_to(request.client, request),
        )
        return exchange.resolution


def _grant_type_of(response_type: str | None) -> str:
    """Return the grant type that an authorization request is about."""
    codeless = response_type and "code" not in response_type.split()
    return "implicit" if codeless else "authorization_code"
