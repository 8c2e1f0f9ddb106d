"""Clients that describe themselves: what is read of their metadata, and what is made of it.

What is not named here is ignored, so that nothing that only an operator decides can be set from
outside: whose client it is, whether it is verified, how users are asked, how long tokens live.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from idp.domain import uri
from idp.domain.client_kind import DEVICE_CODE, Kind
from idp.domain.registration_value import (
    BadValue,
    Value,
    flag,
    key_set,
    link,
    names,
    seconds,
    text,
    texts,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from idp.domain.decision import Reason

LONGEST_DOCUMENT = 65_536
"""Bytes of a whole description."""

VALUES: Mapping[str, Value] = {
    "redirect_uris": texts(20, 2_000),
    "post_logout_redirect_uris": texts(20, 2_000),
    "client_name": text(100),
    "client_uri": link,
    "logo_uri": link,
    "policy_uri": link,
    "tos_uri": link,
    "contacts": texts(10, 320),
    "software_id": text(255),
    "grant_types": texts(10, 100),
    "response_types": texts(10, 100),
    "token_endpoint_auth_method": text(100),
    "token_endpoint_auth_signing_alg": text(10),
    "application_type": text(10),
    "scope": names,
    "jwks": key_set,
    "jwks_uri": text(500),
    "id_token_signed_response_alg": text(10),
    "userinfo_signed_response_alg": text(10),
    "subject_type": text(10),
    "sector_identifier_uri": text(500),
    "default_max_age": seconds,
    "require_pushed_authorization_requests": flag,
    "backchannel_logout_uri": text(500),
    "backchannel_logout_session_required": flag,
}
"""Every registered name that has an effect, and how its value is read (RFC 7591 §2)."""


@dataclass(frozen=True, slots=True)
class Described:
    """What a client says of itself.

    Attributes:
        values: name to value, read and bounded; absent names are absent.
        faults: pairs of name and reason for what could not be read.
    """

    values: Mapping[str, Any]
    faults: tuple[tuple[str, Reason], ...] = field(default=())

    def get(self, name: str, default: Any) -> Any:
        """Return a value, or what its absence means."""
        return self.values.get(name, default)


def read(document: Mapping[str, Any]) -> Described:
    """Return what a description says; a value of null stands for its absence (RFC 7591 §2).

    Args:
        document: a JSON object.
    """
    values, faults = {}, []
    for name, take in VALUES.items():
        if document.get(name) is None:
            continue
        try:
            values[name] = take(document[name])
        except BadValue as bad:
            faults.append((name, bad.reason(name)))
    return Described(values, tuple(faults))


def grant_types_of(described: Described, *, in_own_name: bool) -> frozenset[str]:
    """Return the grant types that a description asks for.

    Who names none signs users in and stays signed in, which is what nearly all of them do.

    Args:
        described: the description.
        in_own_name: whether the client may act without a user, for whom somebody has to answer.

    Raises:
        BadValue: it asks to act in its own name, or for a response type without its grant.
    """
    default = ("authorization_code", "refresh_token")
    found = frozenset(described.get("grant_types", default))
    if "client_credentials" in found and not in_own_name:
        raise BadValue(
            "own_name",
            "A client that registers itself acts for users, not in its own name.",
            "RFC 7591 §5",
        )
    responses = set(described.get("response_types", ()))
    if responses - {"code"} or (responses and "authorization_code" not in found):
        raise BadValue(
            "response_types",
            "The only response type is code, and it belongs to authorization_code.",
            "RFC 7591 §2.1",
        )
    return found


def kind_of(described: Described, grant_types: Collection[str], method: str) -> Kind:
    """Return what kind of client a description fits.

    Whoever returns to the user's own machine, or to an app on it, is native; with a secret, which
    no app on a device keeps, it can only be an agent. Everything else lives at an https address.

    Args:
        described: the description.
        grant_types: see ``grant_types_of``.
        method: how it authenticates at the token endpoint.

    Source: RFC 8252 §8.4; OpenID Connect Registration §2 (application_type).
    """
    if "authorization_code" not in grant_types:
        return Kind.DEVICE if DEVICE_CODE in grant_types else Kind.SERVICE
    public = method == "none"
    if described.get("application_type", "") == "native" or not _all_https(described):
        return Kind.NATIVE if public else Kind.AGENT
    return Kind.SPA if public else Kind.WEB


def origins_of(described: Described) -> tuple[str, ...]:
    """Return the origins of the https redirect URIs, from which an app in a browser calls."""
    parts = [uri.split(text) for text in described.get("redirect_uris", ())]
    found = [
        f"https://{part.host}{f':{part.port}' if part.port else ''}" for part in parts if part.host
    ]
    return tuple(dict.fromkeys(found))


def name_of(described: Described) -> str:
    """Return the name that people read: the one given, else the host that it returns to."""
    given = described.get("client_name", "")
    if given:
        return str(given)
    hosts = [uri.split(text).host for text in described.get("redirect_uris", ())]
    return next((host for host in hosts if host), "") or "Unnamed app"


def _all_https(described: Described) -> bool:
    uris = described.get("redirect_uris", ())
    return all((uri.split(text).scheme or "").lower() == "https" for text in uris)
