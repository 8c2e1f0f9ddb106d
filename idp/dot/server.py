"""The grants that are offered, and the tokens that they end in."""

from __future__ import annotations

from typing import Any

from oauth2_provider.settings import oauth2_settings
from oauthlib.oauth2.rfc6749.tokens import BearerToken
from oauthlib.openid import Server

from idp.domain.client import DEVICE_CODE
from idp.dot.device import DeviceCodeGrant
from idp.dot.token import (
    access_token_seconds,
    generate_access_token,
    generate_refresh_token,
    refreshable,
)

OFFERED = ("authorization_code", "client_credentials", "refresh_token", DEVICE_CODE)
"""Grant types of the hardened server; implicit and password are gone (RFC 9700 §§2.1.2, 2.4)."""


class PolicyBearerToken(BearerToken):
    """Bearer tokens whose lifetime and refresh token follow the policies of their scopes."""

    __slots__ = ()

    def create_token(self, request: Any, refresh_token: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        """Return the tokens of an answer; a refresh token only where policy allows one."""
        return super().create_token(request, refresh_token and refreshable(request), **kwargs)


class IdpServer(Server):
    """Every endpoint of oauthlib, with our tokens and the grants that the site offers."""

    def __init__(
        self,
        request_validator: Any,
        token_expires_in: Any = None,
        token_generator: Any = None,
        refresh_token_generator: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Build the endpoints; a site's own token generators are kept."""
        super().__init__(request_validator, *args, **kwargs)
        self.bearer = PolicyBearerToken(
            request_validator,
            token_generator or generate_access_token,
            access_token_seconds,
            refresh_token_generator or token_generator or generate_refresh_token,
        )
        self._default_token_type = self.bearer
        self._tokens["Bearer"] = self.bearer
        self._grant_types: dict[str, Any] = {
            name: grant
            for name, grant in self._grant_types.items()
            if name in offered_grant_types()
        }
        # oauthlib reads a code's scopes ahead to tell OpenID requests from others. This grant
        # serves both: it adds an ID token where ``openid`` was granted.
        self._grant_types["authorization_code"] = self.openid_connect_auth
        self._grant_types[DEVICE_CODE] = DeviceCodeGrant(request_validator)


def offered_grant_types() -> tuple[str, ...]:
    """Return the grant types that the token endpoint offers."""
    hardened = oauth2_settings.COMPLIANT_BCP_RFC9700_PASSWORD_GRANT
    return OFFERED if hardened else (*OFFERED, "password")
