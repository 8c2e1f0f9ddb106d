"""Bearer tokens at APIs that use the toolkit's own checks: as strict as at ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idp.domain import credential
from idp.domain.access import TOKEN_MALFORMED
from idp.domain.scope import to_text
from idp.dot.exchange import exchange_of
from idp.dot.site import SiteRules
from idp.services.access import Refusal, judge_access_token
from idp.services.authorization import checksum

if TYPE_CHECKING:
    from oauthlib.common import Request


class BearerRules(SiteRules):
    """The part of the validator that judges access tokens."""

    def validate_bearer_token(self, token: str, scopes: Any, request: Request) -> bool:
        """Return whether a token may act: alive, live client, user and consent, enough scope."""
        if not credential.may_be(token or "", credential.ACCESS):
            request.oauth2_error = {
                "error": "invalid_token",
                "error_description": TOKEN_MALFORMED.message,
            }
            return False
        if not super().validate_bearer_token(token, scopes, request):  # type: ignore[misc]
            return False
        if request.access_token is None or request.access_token.pk is None:
            return False
        access = judge_access_token(checksum(token), exchange_of(request).now)
        if isinstance(access, Refusal):
            request.oauth2_error = {
                "error": "invalid_token",
                "error_description": access.reason.message,
            }
            return False
        missing = frozenset(scopes or ()) - access.effective
        if missing:
            request.oauth2_error = {
                "error": "insufficient_scope",
                "error_description": "The access token does not have the scope that is needed.",
            }
            return False
        request.scopes = sorted(access.scopes)
        # The toolkit's permission classes ask the row; this copy of it is never stored.
        request.access_token.scope = to_text(access.effective)
        return True
