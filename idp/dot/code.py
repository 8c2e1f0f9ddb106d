"""Authorization codes: kept as digests, redeemed once, bound to client, URI and verifier."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from oauthlib.oauth2.rfc6749 import errors

from idp.conf import grant_model
from idp.domain import credential, pkce
from idp.dot.exchange import Exchange, exchange_of
from idp.dot.scope import describe
from idp.dot.site import SiteRules, insists_on_pkce
from idp.models import Authorization
from idp.services.authorization import (
    CODE_PREFIX,
    Granting,
    checksum,
    create_authorization,
    redeem_code,
    standing,
)
from idp.services.consent import DECIDED, note_expiry, record_decision
from idp.services.consent_scope import granted_scopes
from idp.services.redirect_uri_match import matching_uri, note_use, toolkit_allows
from idp.services.resolution import resolve_again, resolve_request
from idp.services.site_scope import offer_to

if TYPE_CHECKING:
    from datetime import datetime

    from oauthlib.common import Request

    from idp.models import Consent
    from idp.services.client import Client

DECISION = "idp_decision"
"""Attribute of a request whose scopes and consent were decided by our own view."""


class CodeRules(SiteRules):
    """The part of the validator that makes and redeems codes."""

    def validate_redirect_uri(
        self, client_id: str, redirect_uri: str, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Return whether a redirect URI is one of the client's, by exact comparison."""
        client = self._client(request)  # type: ignore[attr-defined]
        if matching_uri(client, redirect_uri, now=exchange_of(request).now) is None:
            if client.enforces("redirect_uri"):
                return False
            return toolkit_allows(client, redirect_uri)
        return self.site_agrees("validate_redirect_uri", client_id, redirect_uri, request)

    def get_default_redirect_uri(
        self, client_id: str, request: Request, *args: Any, **kwargs: Any
    ) -> str | None:
        """Return the one registered redirect URI where a request may leave it out, else None."""
        authorization = exchange_of(request).authorization
        if authorization is not None:
            return None if authorization.redirect_uri_sent else authorization.redirect_uri
        registered = request.client.redirect_uris.split()
        return registered[0] if len(registered) == 1 else None

    def _create_authorization_code(
        self, request: Request, code: dict[str, str], expires: Any = None
    ) -> Any:
        exchange = exchange_of(request)
        decision = getattr(request, DECISION, None) or self._decided_elsewhere(request, exchange)
        request.scopes = sorted(decision.scopes)
        stored = {**code, "code": stored_code(code["code"])}
        grant = super()._create_authorization_code(request, stored, expires)  # type: ignore[misc]
        create_authorization(decision, origin=exchange.origin, now=exchange.now)
        note_use(self._client(request), request.redirect_uri or "", exchange.now)  # type: ignore[attr-defined]
        return grant

    def _decided_elsewhere(self, request: Request, exchange: Exchange) -> Granting:
        """Record and enforce a decision that a site's own view took."""
        client = self._client(request)  # type: ignore[attr-defined]
        resolution = resolve_request(
            client,
            requested=frozenset(request.scopes),
            user=request.user,
            sign_in=None,
            grant_type="authorization_code",
            now=exchange.now,
            origin=exchange.origin,
            offer=offer_to(request.client, request),
        )
        if resolution.error:
            words = describe(resolution.description)
            raise errors.InvalidScopeError(description=words, request=request)
        consent = self._consent(request, client, resolution.granted, exchange)
        scopes = resolution.granted & granted_scopes(consent)
        if not scopes:
            raise errors.AccessDeniedError(request=request)
        return Granting(
            user=request.user,
            application=client.application,
            scopes=scopes,
            consent=consent,
            code=request.idp_code if hasattr(request, "idp_code") else "",
            redirect_uri=request.redirect_uri or "",
            nonce=request.nonce or "",
            resource=tuple(getattr(request, "resource", None) or ()),
            claims=getattr(request, "claims", None),
        )

    def _consent(
        self, request: Request, client: Client, granted: frozenset[str], exchange: Exchange
    ) -> Consent:
        """Return the consent that the site's view recorded in this request, or record one."""
        consent: Consent | None = request.headers.get(DECIDED)
        parties = (request.user.pk, client.application.pk)
        if consent is not None and (consent.user_id, consent.application_id) == parties:
            return consent
        recorded = record_decision(
            request.user,
            client.application,
            granted,
            allow=True,
            reason="site_view",
            origin=exchange.origin,
            now=exchange.now,
        )
        if recorded is None:
            raise errors.AccessDeniedError(request=request)
        return recorded

    def save_authorization_code(
        self, client_id: str, code: dict[str, str], request: Request, *args: Any, **kwargs: Any
    ) -> None:
        """Keep a code, as a digest where the site stores tokens so."""
        request.idp_code = code["code"]
        super().save_authorization_code(client_id, code, request, *args, **kwargs)  # type: ignore[misc]

    def get_authorization_code_scopes(
        self, client_id: str, code: str, redirect_uri: str, request: Request
    ) -> list[str]:
        """Return the scopes of a code, so that oauthlib can tell OpenID requests from others."""
        scopes = (
            Authorization.objects.filter(code_digest=checksum(code))
            .values_list("scopes", flat=True)
            .first()
        )
        if scopes is None:
            ask = super().get_authorization_code_scopes  # type: ignore[misc]
            return list(ask(client_id, code, redirect_uri, request))
        return scopes.split()

    def validate_code(
        self, client_id: str, code: str, client: Any, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Redeem a code; of several callers at once, one gets it.

        Source: RFC 6749 §4.1.3; RFC 9700 §4.5.
        """
        exchange = exchange_of(request)
        if code.startswith(CODE_PREFIX) or not credential.may_be(code, credential.CODE):
            return False
        exchange.authorization = redeem_code(code, client, exchange.now, exchange.origin)
        exchange.redeemed = exchange.authorization is not None
        if exchange.authorization is None:
            return self._redeem_unrecorded(code, client, request, exchange)
        exchange.grant = _grants(code).filter(application=client).first()
        if exchange.grant is None or exchange.grant.is_expired():
            return False
        authorization = exchange.authorization
        epoch = self._client(request).policy.epoch  # type: ignore[attr-defined]
        if standing(authorization, epoch, exchange.now) is not None:
            note_expiry(authorization.consent, exchange.now)
            return False
        request.nonce = authorization.nonce
        request.claims = authorization.claims
        return self._grant_again(
            request,
            exchange,
            authorization.user,
            authorization.scopes,
            since=authorization.created_at,
        )

    def _redeem_unrecorded(
        self, code: str, client: Any, request: Request, exchange: Exchange
    ) -> bool:
        """Redeem a code that was pending when the provider was added to the site."""
        grant = _grants(code).select_related("user").filter(application=client).first()
        known = Authorization.objects.filter(code_digest=checksum(code)).exists()
        if grant is None or known or grant.is_expired() or not grant.user.is_active:
            return False
        if not _grants(code).filter(pk=grant.pk).delete()[0]:
            return False
        exchange.grant = grant
        request.nonce = grant.nonce
        request.claims = json.loads(grant.claims or "{}")
        return self._grant_again(request, exchange, grant.user, grant.scope, since=grant.created)

    def _grant_again(
        self, request: Request, exchange: Exchange, user: Any, scopes: str, *, since: datetime
    ) -> bool:
        """Judge the scopes of a code by policy and consent as they are now."""
        resolution = resolve_again(
            self._client(request),  # type: ignore[attr-defined]
            granted=frozenset(scopes.split()),
            since=since,
            authorization=exchange.authorization and exchange.authorization.pk,
            user=user,
            grant_type="authorization_code",
            now=exchange.now,
            origin=exchange.origin,
            offer=offer_to(request.client, request),
        )
        exchange.resolution = resolution
        request.user = user
        request.scopes = sorted(resolution.granted)
        return bool(resolution.granted)

    def get_code_challenge(self, code: str, request: Request) -> str | None:
        """Return the PKCE challenge of the code at hand."""
        return exchange_of(request).grant.code_challenge or None

    def get_code_challenge_method(self, code: str, request: Request) -> str | None:
        """Return the PKCE method of the code at hand."""
        return exchange_of(request).grant.code_challenge_method or None

    def is_pkce_required(self, client_id: str, request: Request) -> bool:
        """Return whether a code without a challenge is refused, or its nonce stands in for it.

        A verifier beside it means that somebody took the challenge out of the request.

        Source: RFC 9700 §§2.1.1, 4.8.2.
        """
        authorization = exchange_of(request).authorization
        if authorization is None:
            return bool(super().is_pkce_required(client_id, request))  # type: ignore[misc]
        stands_in = not pkce.without_challenge(
            let_off=self._client(request).policy.nonce_instead_of_pkce,  # type: ignore[attr-defined]
            public=request.client.client_type != request.client.CLIENT_CONFIDENTIAL,
            scope=authorization.scopes,
            nonce=authorization.nonce,
        )
        if stands_in and not insists_on_pkce(self, client_id, request):
            return request.code_verifier is not None
        return bool(super().is_pkce_required(client_id, request))  # type: ignore[misc]

    def get_authorization_code_nonce(
        self, client_id: str, code: str, redirect_uri: str, request: Request
    ) -> str | None:
        """Return the nonce of the code at hand."""
        return request.nonce or None

    def confirm_redirect_uri(
        self,
        client_id: str,
        code: str,
        redirect_uri: str,
        client: Any,
        request: Request | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        """Return whether the redirect URI is the one of the authorization request.

        Raises:
            InvalidGrantError: it is another one (RFC 6749 §5.2).
        """
        if request is None or exchange_of(request).grant.redirect_uri != redirect_uri:
            raise errors.InvalidGrantError(
                description="The redirect_uri is not the one of the authorization request."
            )
        return True

    def invalidate_authorization_code(
        self, client_id: str, code: str, request: Request, *args: Any, **kwargs: Any
    ) -> None:
        """Remove the row of the code; it was redeemed before."""
        _grants(code).filter(application=request.client).delete()


def stored_code(code: str) -> str:
    """Return the text under which a code is stored."""
    return f"{CODE_PREFIX}{checksum(code)}" if digests_only() else code


def digests_only() -> bool:
    """Return whether the site stores tokens as digests only."""
    from oauth2_provider.settings import oauth2_settings

    return bool(oauth2_settings.COMPLIANT_BCP_RFC9700_TOKEN_STORAGE)


def _grants(code: str) -> Any:
    return grant_model()._default_manager.filter(code__in=[f"{CODE_PREFIX}{checksum(code)}", code])
