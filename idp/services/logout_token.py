"""Logout tokens: signed words to one client that one session ended."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import OctKey

from idp.models import LogoutDelivery
from idp.services.client import policy_of
from idp.services.key import signing_key_at_hand
from idp.services.key_seal import private_jwk
from idp.services.signature import SIGNATURES

EVENT = "http://schemas.openid.net/event/backchannel-logout"
TYPE = "logout+jwt"
LIFETIME = timedelta(minutes=2)


def logout_token(delivery: LogoutDelivery, now: datetime) -> str:
    """Return the logout token of a message, signed as the client's ID tokens are.

    Args:
        delivery: with its client.
        now: the time; the token is good for two minutes.

    Source: OpenID Connect Back-Channel Logout §2.4.
    """
    application = delivery.application
    claims = {
        "iss": delivery.issuer,
        "sub": delivery.subject,
        "aud": application.client_id,
        "iat": int(now.timestamp()),
        "exp": int((now + LIFETIME).timestamp()),
        "jti": str(uuid.uuid4()),
        "sid": str(delivery.sid),
        "events": {EVENT: {}},
    }
    algorithm = policy_of(application).id_token_signed_response_alg or "RS256"
    if application.algorithm == "HS256":
        return _with_secret(claims, application)
    key = signing_key_at_hand(algorithm)
    header = {"typ": TYPE, "alg": algorithm, "kid": key.kid}
    return jwt.encode(header, claims, private_jwk(key), registry=SIGNATURES)


def _with_secret(claims: dict[str, Any], application: Any) -> str:
    """Return the token under the secret that the toolkit signs this client's ID tokens with."""
    key = OctKey.import_key(application.client_secret)
    return jwt.encode({"typ": TYPE, "alg": "HS256"}, claims, key, algorithms=["HS256"])
