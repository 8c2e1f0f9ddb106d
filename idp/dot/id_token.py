"""ID tokens: signed with keys from the database, saying what is recorded of the sign-in."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from joserfc import jwt
from oauth2_provider.settings import oauth2_settings

from idp.domain.claim import Member, kept_carriers, wishes
from idp.dot.exchange import exchange_of
from idp.dot.site import SiteRules
from idp.services.claim import claims_provider
from idp.services.client import policy_of
from idp.services.key import signing_key_at_hand
from idp.services.key_seal import private_jwk
from idp.services.signature import SIGNATURES
from idp.services.subject_identifier import subject_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oauthlib.common import Request


class IdTokenRules(SiteRules):
    """The part of the validator that makes ID tokens and answers for a user's claims."""

    def get_claim_dict(self, request: Request) -> dict[str, Any]:
        """Return every claim that could be told of the user, the site's own words last."""
        user = request.user
        claims = claims_provider().claims(user) if user is not None else {}
        claims.update(super().get_claim_dict(request))  # type: ignore[misc]
        if user is not None:
            claims["sub"] = self._subject(claims.get("sub"), request)
        return claims

    def _subject(self, told: Any, request: Request) -> str:
        """Return the subject for the client; another word of the site's own validator stands.

        Source: OpenID Connect Core §8.
        """
        text = str(told(request) if callable(told) else told)
        client = request.client
        pairwise = client is not None and policy_of(client).subject_type
        if client is None or (text != str(request.user.pk) and not pairwise):
            return text
        return subject_for(client, request.user)

    def get_discovery_claims(self, request: Request) -> list[str]:
        """Return the names of the claims that users may have."""
        site = super().get_discovery_claims(request)  # type: ignore[misc]
        return sorted({"sub", *claims_provider().names(), *site})

    def get_oidc_claims(self, token: Any, token_handler: Any, request: Request) -> dict[str, Any]:
        """Return the claims that the granted scopes release; empty ones are left out."""
        # Only UserInfo has no handler of tokens.
        member = Member.USERINFO if token_handler is None else Member.ID_TOKEN
        claims = self._claims_by_scope(token, token_handler, request)
        claims |= self._claims_by_name(member, request)
        return {name: value for name, value in claims.items() if value not in (None, "")}

    def _claims_by_scope(self, token: Any, token_handler: Any, request: Request) -> dict[str, Any]:
        """Return what whole scopes release; not those that only carry claims asked by name."""
        scopes, carriers = request.scopes, kept_carriers(_asked(request))
        request.scopes = [scope for scope in scopes if scope not in carriers]
        try:
            return dict(super().get_oidc_claims(token, token_handler, request))  # type: ignore[misc]
        finally:
            request.scopes = scopes

    def _claims_by_name(self, member: Member, request: Request) -> dict[str, Any]:
        """Return the claims that were asked for by name and whose scope was granted.

        Source: OpenID Connect Core §5.5.
        """
        scope_of = self.oidc_claim_scope or {}  # type: ignore[attr-defined]
        asked = wishes(_asked(request), member)
        named = [name for name in asked if scope_of.get(name) in request.scopes]
        known = self.get_claim_dict(request) if named else {}
        values = {name: known[name] for name in named if name in known}
        told = {name: v(request) if callable(v) else v for name, v in values.items()}
        return {name: value for name, value in told.items() if asked[name].accepts(value)}

    def refresh_id_token(self, request: Request) -> bool:
        """Return whether a refresh gets an ID token: where ``openid`` still holds."""
        return True

    def get_id_token_dictionary(
        self, token: Any, token_handler: Any, request: Request
    ) -> tuple[dict[str, Any], Any]:
        """Return claims and end of an ID token; the time of sign-in is the recorded one.

        Source: OpenID Connect Core §2.
        """
        claims, _end = super().get_id_token_dictionary(token, token_handler, request)  # type: ignore[misc]
        exchange = exchange_of(request)
        end = exchange.now + timedelta(seconds=oauth2_settings.ID_TOKEN_EXPIRE_SECONDS)
        claims["exp"] = int(end.timestamp())
        claims["jti"] = str(uuid.uuid4())
        authorization = exchange.authorization
        if authorization is None:
            return claims, end
        claims.pop("auth_time", None)
        if authorization.auth_time is not None:
            claims["auth_time"] = int(authorization.auth_time.timestamp())
        if authorization.acr:
            claims["acr"] = authorization.acr
        if authorization.amr:
            claims["amr"] = authorization.amr
        if authorization.sign_in is not None:
            claims["sid"] = str(authorization.sign_in.sid)
        return claims, end

    def finalize_id_token(
        self, id_token: dict[str, Any], token: Any, token_handler: Any, request: Request
    ) -> str:
        """Return the signed ID token.

        Source: OpenID Connect Core §§2, 3.1.3.6.
        """
        if request.client.algorithm == request.client.HS256_ALGORITHM:
            return str(super().finalize_id_token(id_token, token, token_handler, request))  # type: ignore[misc]
        exchange = exchange_of(request)
        policy = self._client(request).policy  # type: ignore[attr-defined]
        algorithm = policy.id_token_signed_response_alg or "RS256"
        claims, _end = self.get_id_token_dictionary(token, token_handler, request)
        id_token.update(claims)
        id_token["azp"] = request.client.client_id
        id_token["iat"] = int(exchange.now.timestamp())
        if "access_token" in token:
            id_token["at_hash"] = _left_half(token["access_token"], algorithm)
        if request.nonce and request.grant_type == "authorization_code":
            id_token["nonce"] = request.nonce
        return sign(id_token, algorithm)

    def validate_jwt_bearer_token(self, token: str, scopes: Any, request: Request) -> bool:
        """Return whether a token that looks like a JWT may act, by what is stored of it alone.

        An ID token never was stored as an access token, so it opens nothing, whatever it says.

        Source: RFC 9068 §4; RFC 9700 §2.3; OpenID Connect Core §2.
        """
        return bool(self.validate_bearer_token(token, scopes, request))  # type: ignore[attr-defined]

    def validate_id_token(self, token: str, scopes: Any, request: Request) -> bool:
        """Return False: an ID token opens nothing."""
        return False

    def _load_id_token(self, token: str) -> None:
        """Return None: ID tokens are not stored; what they say is in the authorization."""
        return


def sign(claims: dict[str, Any], algorithm: str, typ: str = "JWT") -> str:
    """Return claims as a JWS signed with the active key of an algorithm."""
    key = signing_key_at_hand(algorithm)
    header = {"typ": typ, "alg": algorithm, "kid": key.kid}
    payload = json.loads(json.dumps(claims, default=str))
    return jwt.encode(header, payload, private_jwk(key), registry=SIGNATURES)


def _asked(request: Request) -> Mapping[str, Any] | None:
    """Return the claims that were asked for by name, as kept with the authorization."""
    authorization = exchange_of(request).authorization
    found = authorization.claims if authorization is not None else request.claims
    return found if isinstance(found, dict) else None


def _left_half(value: str, algorithm: str) -> str:
    """Return the left half of a hash, with the hash that the signature uses (Core §3.1.3.6)."""
    hasher = hashlib.sha512 if algorithm == "EdDSA" else hashlib.sha256
    digest = hasher(value.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).decode("ascii").rstrip("=")
