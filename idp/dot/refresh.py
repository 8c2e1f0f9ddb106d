"""Refresh tokens: rotated, forgiving a retry, unforgiving a replay."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from idp.conf import idp_settings, refresh_token_model
from idp.domain import credential
from idp.domain.access import CONSENT_EXPIRED
from idp.domain.offline_access import without
from idp.domain.scope import to_text
from idp.dot.exchange import Exchange, exchange_of
from idp.dot.site import SiteRules
from idp.models import IssuedToken
from idp.models.prepared import Prepared
from idp.services.answer import unseal
from idp.services.authorization import checksum, report_replay, standing
from idp.services.consent import note_expiry, present_consent
from idp.services.consent_scope import refused_scopes
from idp.services.event import record_event
from idp.services.resolution import resolve_again
from idp.services.site_scope import offer_to
from idp.services.token import lock_family

if TYPE_CHECKING:
    from datetime import datetime

    from oauthlib.common import Request


class SameAnswer(Exception):
    """A refresh token came again within the time of a retry; the answer is the same again."""

    def __init__(self, body: str) -> None:
        super().__init__("retry")
        self.body = body


class RefreshRules(SiteRules):
    """The part of the validator that knows refresh tokens."""

    def validate_refresh_token(
        self, refresh_token: str, client: Any, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Return whether a refresh token may be exchanged now; its family is locked meanwhile.

        Raises:
            SameAnswer: it was exchanged a moment ago, and its answer is still kept.

        Source: RFC 6749 §6; RFC 9700 §4.14.2.
        """
        exchange = exchange_of(request)
        if not credential.may_be(refresh_token, credential.REFRESH):
            return False
        exchange.presented = refresh_token
        issued = lock_family(checksum(refresh_token), client, exchange.now)
        if issued is None:
            return self._validate_unrecorded(refresh_token, client, request, exchange)
        authorization = issued.authorization
        if authorization.application_id != client.pk:
            self._tell("refresh_token.wrong_client", request, exchange)
            return False
        if issued.used_at is not None:
            self._again(issued, refresh_token, exchange)
            return False
        row = _ROW.first(issued.checksum)
        if row is None or (issued.expires_at and issued.expires_at <= exchange.now):
            return False
        epoch = self._client(request).policy.epoch  # type: ignore[attr-defined]
        reason = standing(authorization, epoch, exchange.now)
        if reason is not None:
            note_expiry(authorization.consent, exchange.now)
            self._tell("refresh_token.refused", request, exchange, [reason])
            return False
        exchange.issued, exchange.authorization = issued, authorization
        request.refresh_token, request.refresh_token_instance = refresh_token, row
        return self._grant_again_on_refresh(
            request,
            exchange,
            authorization.user,
            authorization.scopes,
            since=authorization.created_at,
        )

    def get_original_scopes(
        self, refresh_token: str, request: Request, *args: Any, **kwargs: Any
    ) -> list[str]:
        """Return the scopes of the grant that hold now, whatever a refresh before asked for."""
        resolution = exchange_of(request).resolution
        if resolution is None:
            return list(super().get_original_scopes(refresh_token, request, *args, **kwargs))  # type: ignore[misc]
        return sorted(resolution.granted)

    def is_within_original_scope(
        self, request_scopes: list[str], refresh_token: str, request: Request, *args: Any, **kw: Any
    ) -> bool:
        """Return whether scopes that a refresh names hold but for one that was passed over.

        Who named ``offline_access`` in vain names it again (OpenID Connect Core §11).
        """
        asked = without(request_scopes)
        if not asked or not asked <= set(self.get_original_scopes(refresh_token, request)):
            return False
        request.scopes = sorted(asked)
        return True

    def _validate_unrecorded(
        self, refresh_token: str, client: Any, request: Request, exchange: Exchange
    ) -> bool:
        """Judge a token from before the provider by the toolkit's rules and live parties.

        Its scope stands in a row of the toolkit's. Where the user's decision is on record, it gives
        nothing that was declined or taken back; what that decision does not name is as it was:
        what a scope implies, and what is given without asking.
        """
        if not super().validate_refresh_token(refresh_token, client, request):  # type: ignore[misc]
            return False
        row = request.refresh_token_instance
        consent = present_consent(row.user, client)
        if consent is not None and not consent.is_live(exchange.now):
            note_expiry(consent, exchange.now)
            self._tell("refresh_token.refused", request, exchange, [CONSENT_EXPIRED])
            return False
        if not row.user.is_active:
            return False
        scopes = super().get_original_scopes(refresh_token, request)  # type: ignore[misc]
        text = scopes if isinstance(scopes, str) else " ".join(scopes)
        if consent is not None:
            text = to_text(frozenset(text.split()) - refused_scopes(consent))
        return self._grant_again_on_refresh(request, exchange, row.user, text, since=row.created)

    def _grant_again_on_refresh(
        self, request: Request, exchange: Exchange, user: Any, scopes: str, *, since: datetime
    ) -> bool:
        resolution = resolve_again(
            self._client(request),  # type: ignore[attr-defined]
            granted=frozenset(scopes.split()),
            since=since,
            authorization=exchange.authorization and exchange.authorization.pk,
            user=user,
            grant_type="refresh_token",
            now=exchange.now,
            origin=exchange.origin,
            offer=offer_to(request.client, request),
        )
        exchange.resolution = resolution
        request.user = user
        if not resolution.granted:
            reasons = [refusal.reason for refusal in resolution.refused]
            self._tell("refresh_token.refused", request, exchange, reasons)
        return bool(resolution.granted)

    def _again(self, issued: IssuedToken, presented: str, exchange: Exchange) -> None:
        """Give a retry its answer again; end the family of a replay."""
        used = issued.used_at
        recent = used is not None and exchange.now - used <= idp_settings.refresh_token_retry
        if recent and issued.answer and issued.authorization.ended_at is None:
            body = unseal(bytes(issued.answer), presented)
            if body is not None and _is_unused(json.loads(body)):
                raise SameAnswer(body)
        if issued.authorization.ended_at is None:
            report_replay(issued.authorization, "refresh_token", exchange.now, exchange.origin)

    def _tell(self, kind: str, request: Request, exchange: Exchange, reasons: Any = ()) -> None:
        record_event(
            kind,
            client_id=request.client_id or "",
            origin=exchange.origin,
            reasons=reasons,
            now=exchange.now,
        )


_ROW: Prepared[Any] = Prepared(
    lambda digest: (
        refresh_token_model()
        ._default_manager.filter(token_checksum=digest, revoked=None)
        .select_related("access_token")
    )
)


def _is_unused(answer: dict[str, Any]) -> bool:
    """Return whether the successor in an answer was not used yet.

    Once it was, the client has the answer, and whoever asks for it again is somebody else.
    """
    successor = answer.get("refresh_token") or ""
    used = IssuedToken.objects.filter(checksum=checksum(successor)).exclude(used_at=None)
    return not used.exists()
