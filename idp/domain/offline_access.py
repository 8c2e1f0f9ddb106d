"""Access while the user is away: a scope that is granted or passed over, and never an error.

Relying parties name ``offline_access`` unasked, and the specification wants the request for it
ignored wherever its conditions do not hold. So what else a request asks for never suffers from it:
where a rule refuses it, or only a question to the user could give it that nobody asked for, it is
left out of the answer, whose ``scope`` says so (RFC 6749 §5.1).

Refresh tokens do not depend on it. What it adds is that the access outlives the sign-in that it
came from: whoever signs out stays connected to the apps that have it.

Source: OpenID Connect Core §11; OpenID Connect Back-Channel Logout §2.7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from idp.domain.client_kind import DEVICE_CODE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

OFFLINE_ACCESS = "offline_access"

_WITH_USER = frozenset({"authorization_code", DEVICE_CODE, "refresh_token"})


def can_last(grant_type: str, grant_types: Collection[str]) -> bool:
    """Return whether a grant can outlive the user's presence: a refresh token may come of it.

    Args:
        grant_type: of the request, as on the wire.
        grant_types: what the client may use.
    """
    return grant_type in _WITH_USER and "refresh_token" in grant_types


def without(scopes: Iterable[str]) -> frozenset[str]:
    """Return scopes less the one that is passed over."""
    return frozenset(scopes) - {OFFLINE_ACCESS}
