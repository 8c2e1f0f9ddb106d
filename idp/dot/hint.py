"""ID tokens that come back as hints: who they speak of, if they are ours."""

from __future__ import annotations

from dataclasses import dataclass

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from idp.models import SigningKey
from idp.services.key import ALGORITHMS, signing_key


@dataclass(frozen=True, slots=True)
class Hint:
    """What an ID token says.

    Attributes:
        sub: subject.
        audience: client ids that it was made for.
        sid: session id, or empty.
        expires_at: seconds since the epoch, or 0.
    """

    sub: str
    audience: tuple[str, ...]
    sid: str = ""
    expires_at: int = 0


def read_hint(text: str, issuer: str) -> Hint | None:
    """Return what an ID token of ours says, also an expired one; None for any other text.

    Every key that ever signed tokens is tried, so that a hint outlives the rotation of keys.

    Source: OpenID Connect Core §3.1.2.1; RP-Initiated Logout §2.
    """
    rows = SigningKey.objects.filter(use=SigningKey.Use.TOKENS)
    if not rows:
        signing_key()  # takes over the keys that the site had, so that they are tried as well
        rows = rows.all()
    keys = KeySet.import_key_set({"keys": [row.public_jwk for row in rows]})
    try:
        token = jwt.decode(text, keys, algorithms=list(ALGORITHMS))
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    if str(token.header.get("typ", "JWT")).upper() != "JWT":
        return None  # signed by us, but for another purpose (RFC 8725 §3.11)
    claims = token.claims
    audience = claims.get("aud")
    sub, sid, end = claims.get("sub"), claims.get("sid", ""), claims.get("exp", 0)
    if claims.get("iss") != issuer or not isinstance(sub, str):
        return None
    named = (audience,) if isinstance(audience, str) else audience
    if not isinstance(named, list | tuple) or not all(isinstance(name, str) for name in named):
        return None
    return Hint(sub, tuple(named), str(sid), end if isinstance(end, int) else 0)
