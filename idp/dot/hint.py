"""ID tokens that come back as hints: who they speak of, if they are ours."""

from __future__ import annotations

import json
from dataclasses import dataclass

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey
from joserfc.jwt import Token

from idp.conf import application_model
from idp.models import SigningKey
from idp.services.key import signing_key
from idp.services.signature import SIGNATURES


@dataclass(frozen=True, slots=True)
class Hint:
    """What an ID token says.

    Attributes:
        sub: subject.
        audience: client ids that it was made for.
        sid: session id, or empty.
        expires_at: seconds since the epoch.
    """

    sub: str
    audience: tuple[str, ...]
    sid: str
    expires_at: int


def read_own_jwt(text: str) -> Token | None:
    """Return a JWT that a key of ours signed, also an expired one; None for any other text.

    Source: RFC 7515 §5.2.
    """
    try:
        return _opened(text)
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        return None


def read_hint(text: str, issuer: str) -> Hint | None:
    """Return what an ID token of ours says, also an expired one; None for any other text.

    Every key that ever signed tokens is tried, so that a hint outlives the rotation of keys.

    Source: OpenID Connect Core §3.1.2.1; RP-Initiated Logout §2.
    """
    token = read_own_jwt(text)
    if token is None:
        return None
    if str(token.header.get("typ", "JWT")).upper() != "JWT":
        return None  # signed by us, but for another purpose (RFC 8725 §3.11)
    claims = token.claims
    audience = claims.get("aud")
    sub, sid, end = claims.get("sub"), claims.get("sid", ""), claims.get("exp")
    if claims.get("iss") != issuer or not isinstance(sub, str):
        return None
    if not isinstance(end, int):
        return None  # what UserInfo says is signed as well, and is no token (Core §§2, 5.3.2)
    named = (audience,) if isinstance(audience, str) else audience
    if not isinstance(named, list | tuple) or not all(isinstance(name, str) for name in named):
        return None
    return Hint(sub, tuple(named), str(sid), end)


def _opened(text: str) -> Token:
    """Return the token once its signature is proven.

    Raises:
        joserfc.errors.JoseError, ValueError, TypeError, KeyError: it is no token of ours.
    """
    found = jws.extract_compact(text.encode("utf-8", "surrogatepass"))
    if found.headers().get("alg") == "HS256":
        return jwt.decode(text, _secret_of(json.loads(found.payload)["aud"]), algorithms=["HS256"])
    rows = SigningKey.objects.filter(use=SigningKey.Use.TOKENS)
    if not rows:
        signing_key()  # takes over the keys that the site had, so that they are tried as well
        rows = rows.all()
    keys = KeySet.import_key_set({"keys": [row.public_jwk for row in rows]})
    return jwt.decode(text, keys, registry=SIGNATURES)


def _secret_of(audience: object) -> OctKey:
    """Return the secret that a client's ID tokens are signed with (OpenID Connect Core §10.1).

    Raises:
        ValueError: there is no such client, or it has a key pair of ours sign for it.
    """
    names = audience if isinstance(audience, list) else [audience]
    if len(names) != 1 or not isinstance(names[0], str) or "\0" in names[0]:
        raise ValueError("no single client")
    clients = application_model()._default_manager.filter(client_id=names[0], algorithm="HS256")
    secret = clients.values_list("client_secret", flat=True).first()
    if not secret:
        raise ValueError("no client with a signing secret")
    return OctKey.import_key(secret)
