"""May this token act now? Rules over what is known of a token and of what stands behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from idp.domain.decision import Reason, Severity

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from idp.domain.catalogue import Catalogue
    from idp.domain.party import SignInFacts

_REFERENCE = "RFC 6750 §3.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Epochs:
    """Counters that a revocation raises; they order it against a mint whatever the clocks say."""

    user: int = 0
    client: int = 0
    consent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentFacts:
    """What is known of the consent behind an authorization.

    Attributes:
        active: False once revoked or expired.
        expires_at: when it ends by itself, or None.
    """

    active: bool
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationFacts:
    """What is known of the act of authorization behind a token.

    Attributes:
        ended: whether it was ended, for whatever reason.
        expires_at: when it ends by itself, or None.
        born: the epochs under which it was made.
        present: the epochs as they are now.
        consent: the consent that it rests on; None where none was needed.
    """

    ended: bool
    expires_at: datetime | None
    born: Epochs
    present: Epochs
    consent: ConsentFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts:
    """What is known of a token.

    Attributes:
        expires_at: when it ends.
        client_active: whether its client may act; None for a token without a client.
        user_active: whether its user may act; None for a token without a user.
        authorization: the authorization it belongs to; None for a token of a client in its own
            name, and for one older than these records.
    """

    expires_at: datetime | None
    client_active: bool | None
    user_active: bool | None
    authorization: AuthorizationFacts | None = None


def _reason(code: str, text: str) -> Reason:
    return Reason(code, Severity.ERROR, text, _REFERENCE)


TOKEN_UNKNOWN = _reason("token_unknown", "The access token is unknown, or was revoked.")
TOKEN_MALFORMED = _reason("token_malformed", "The access token is malformed.")
TOKEN_EXPIRED = _reason("token_expired", "The access token has expired.")
CLIENT_DISABLED = _reason("client_disabled", "The client is disabled.")
USER_INACTIVE = _reason("user_inactive", "The user's account is not active.")
AUTHORIZATION_ENDED = _reason("authorization_ended", "The authorization has ended.")
CONSENT_REVOKED = _reason("consent_revoked", "The user's consent was taken back.")
CONSENT_EXPIRED = _reason("consent_expired", "The user's consent has expired.")


def judge(token: TokenFacts, now: datetime) -> Reason | None:
    """Return why a token may not act at ``now``, or None when it may.

    On the wire every reason is ``invalid_token`` at an API (RFC 6750 §3.1) and ``active: false`` at
    introspection (RFC 7662 §2.2).
    """
    if token.expires_at is None or token.expires_at <= now:
        return TOKEN_EXPIRED
    if token.client_active is False:
        return CLIENT_DISABLED
    if token.user_active is False:
        return USER_INACTIVE
    return None if token.authorization is None else judge_authorization(token.authorization, now)


def judge_authorization(authorization: AuthorizationFacts, now: datetime) -> Reason | None:
    """Return why an authorization gives nothing at ``now``, or None when it still gives."""
    for reason, holds in _RULES:
        if not holds(authorization, now):
            return reason
    return None


def is_sign_in_enough(
    sign_in: SignInFacts | None,
    *,
    max_age: timedelta | None,
    acr_values: tuple[str, ...],
    now: datetime,
) -> bool:
    """Return whether the sign-in behind a token is fresh and strong enough for what it is used for.

    Args:
        sign_in: how and when the user signed in; an unknown one is never enough for a demand.
        max_age: oldest sign-in that will do; None means any.
        acr_values: contexts that will do; empty means any.
        now: the time.

    Source: RFC 9470 §3.
    """
    if max_age is None and not acr_values:
        return True
    if sign_in is None:
        return False
    fresh = max_age is None or now - sign_in.at <= max_age
    return fresh and (not acr_values or sign_in.acr in acr_values)


def exercised(
    needed: frozenset[str], carried: frozenset[str], catalogue: Catalogue
) -> frozenset[str]:
    """Return which of the scopes that a token carries were used for what a request needed.

    A scope that is carried under its own name was used itself; one that is only included was used
    through every scope that includes it.

    Args:
        needed: scopes that the request needed.
        carried: scopes that the token carries.
        catalogue: what includes what.
    """
    rest = needed - carried
    through = {name for name in carried if not rest.isdisjoint(catalogue.implied(name))}
    return (needed & carried) | frozenset(through)


def _consent_kept(facts: AuthorizationFacts, _now: datetime) -> bool:
    """An authorization that was born of a consent does not outlive the row of that consent."""
    if facts.consent is None:
        return facts.born.consent == 0
    return facts.consent.active and facts.born.consent == facts.present.consent


_RULES: tuple[tuple[Reason, Callable[[AuthorizationFacts, datetime], bool]], ...] = (
    (AUTHORIZATION_ENDED, lambda facts, now: not facts.ended and _ahead(facts.expires_at, now)),
    (AUTHORIZATION_ENDED, lambda facts, _now: facts.born.client == facts.present.client),
    (AUTHORIZATION_ENDED, lambda facts, _now: facts.born.user == facts.present.user),
    (CONSENT_REVOKED, _consent_kept),
    (
        CONSENT_EXPIRED,
        lambda facts, now: facts.consent is None or _ahead(facts.consent.expires_at, now),
    ),
)


def _ahead(moment: datetime | None, now: datetime) -> bool:
    return moment is None or now < moment
