"""What an access token says of itself: whom it is for, and in which form it says so."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from idp.domain.catalogue import Catalogue

PROVIDER_API = "urn:idp:account"
"""The API that the scopes of sign-in belong to: the provider itself."""

JWT = "jwt"
OPAQUE = "opaque"
TYPE = "at+jwt"
"""Header that tells an access token from every other JWT (RFC 9068 §2.1)."""


def audience(
    resources: Iterable[str], scopes: Iterable[str], catalogue: Catalogue
) -> tuple[str, ...]:
    """Return the APIs that a token is for, in order; the provider only where there is no other.

    Args:
        resources: what was asked for and granted (RFC 8707); it alone counts where there is any.
        scopes: of the token; they tell the APIs of a token without resources.
        catalogue: which scope belongs to which API.

    Source: RFC 9068 §§2.2, 3; RFC 8707 §2.2.
    """
    named = tuple(dict.fromkeys(resources))
    if named:
        return named
    known = catalogue.scopes
    apis = {known[name].api for name in catalogue.effective(scopes) if name in known} - {""}
    return tuple(sorted(apis - {PROVIDER_API} or apis))


def spoken(apis: tuple[str, ...], issuer: str) -> str | list[str]:
    """Return an ``audience`` as ``aud`` on the wire: one text where it is one.

    The provider goes by its issuer identifier, and stands for the APIs of scopes that have none.
    """
    named = [issuer if api == PROVIDER_API else api for api in apis] or [issuer]
    return named[0] if len(named) == 1 else named


def is_jwt(choice: str, apis: Iterable[str], catalogue: Catalogue) -> bool:
    """Return whether a new token is a JWT.

    Args:
        choice: what the client's policy says; empty where the APIs decide.
        apis: the token's ``audience``. One that reads tokens by itself is enough: the others ask
            at the introspection endpoint, which answers for either form.
        catalogue: which APIs read tokens by themselves.
    """
    if choice:
        return choice == JWT
    return not catalogue.jwt_apis.isdisjoint(apis)


def claims(token: str) -> Mapping[str, Any]:
    """Return what a JWT says that is known to be ours; nothing for an opaque token."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return payload if isinstance(payload, dict) else {}
