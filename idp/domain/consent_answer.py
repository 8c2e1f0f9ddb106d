"""The answer to a consent page: what it grants, for how long, and what became of the consent."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from idp.domain.offline_access import without
from idp.domain.party import Requirement

if TYPE_CHECKING:
    from datetime import datetime

    from idp.domain.catalogue import Catalogue, Policy
    from idp.domain.party import ClientFacts
    from idp.domain.snapshot import ConsentDocument

THIRTY_DAYS = timedelta(days=30)


class Duration(StrEnum):
    """How long a user lets a consent last."""

    ONCE = "once"
    THIRTY_DAYS = "30d"
    UNTIL_REVOKED = "until_revoked"


class EventKind(StrEnum):
    """What happened to a consent."""

    GRANTED = "granted"
    EXTENDED = "extended"
    NARROWED = "narrowed"
    DECLINED = "declined"
    RENEWED = "renewed"
    EXPIRED = "expired"
    REVOKED = "revoked"
    IMPORTED = "imported"


class Accepted(NamedTuple):
    """What the answer to a consent page grants, and which offered scopes it leaves out."""

    granted: frozenset[str]
    declined: frozenset[str]


def accept(document: ConsentDocument, decision: str, kept: frozenset[str]) -> Accepted:
    """Return what an answer grants: nothing that the document did not show as available.

    What carries no switch is granted with every Allow. What a granted scope includes cannot be
    declined beside it, because the token could do it all the same.

    Args:
        document: what stood on the page.
        decision: ``allow``; every other word is a refusal, which grants and declines nothing.
        kept: optional scopes that were left on, as posted; foreign names are ignored.

    Returns:
        Both sets; an Allow that keeps nothing grants nothing, which is a refusal on the wire.
    """
    if decision != "allow":
        return Accepted(frozenset(), frozenset())
    available = document.grantable()
    chosen = document.required() | (kept & available)
    included = (name for s in document.scopes if s.name in chosen for name in s.implied_scopes)
    granted = chosen.union(included) & available
    return Accepted(granted, available - granted)


def for_duration(accepted: Accepted, duration: Duration) -> Accepted:
    """Return what an answer grants for as long as it was given.

    Who allows it this time only gets no lasting access, whatever the switches say.
    """
    if duration != Duration.ONCE:
        return accepted
    granted = without(accepted.granted)
    return Accepted(granted, accepted.declined | (accepted.granted - granted))


def may_decline(scope: str, client: ClientFacts, policy: Policy | None) -> bool:
    """Return whether the user may decline a scope.

    They may where the client lists it as optional, or its policy does and the client does not
    list it as required: declining what a client cannot do without only sends it in circles.
    """
    row = client.scopes.get(scope)
    if row is not None:
        return row.requirement == Requirement.OPTIONAL
    return policy is not None and policy.optional


def durations(granted: frozenset[str], catalogue: Catalogue) -> tuple[str, ...]:
    """Return the durations to choose from, shortest first; empty where no policy lets choose.

    A choice can only shorten, so one policy that offers it is enough. Thirty days are offered
    only where the policies allow more than that.
    """
    policies = catalogue.policies(granted)
    if not any(policy.choose_duration for policy in policies):
        return ()
    limits = [p.consent_lifetime for p in policies if p.consent_lifetime is not None]
    offered = [Duration.ONCE, Duration.THIRTY_DAYS, Duration.UNTIL_REVOKED]
    if min(limits, default=None) is not None and min(limits) <= THIRTY_DAYS:
        offered.remove(Duration.THIRTY_DAYS)
    return tuple(offered)


def choose_duration(document: ConsentDocument, posted: str) -> Duration:
    """Return the duration that a posted word stands for.

    Where the page offered no choice, the consent lasts as long as the policies let it. A word
    that was not offered counts as the shortest one that was.
    """
    if not document.durations:
        return Duration.UNTIL_REVOKED
    if posted in document.durations:
        return Duration(posted)
    return next(word for word in Duration if word in document.durations)


def expiry(
    *,
    granted: frozenset[str],
    catalogue: Catalogue,
    duration: str,
    access_token_lifetime: timedelta,
    now: datetime,
    client_lifetime: timedelta | None = None,
) -> datetime | None:
    """Return when a consent ends, or None for until it is taken back.

    Args:
        granted: scopes of the consent.
        catalogue: scopes and policies of the site.
        duration: a ``Duration``; an unknown word counts as ``once``.
        access_token_lifetime: of the first access token, with which ``once`` ends.
        now: the moment of the decision.
        client_lifetime: longest life of a consent for this client, None for no opinion.
    """
    chosen = {
        Duration.UNTIL_REVOKED.value: None,
        Duration.THIRTY_DAYS.value: THIRTY_DAYS,
    }.get(duration, access_token_lifetime)
    spans = [client_lifetime, chosen]
    spans += [policy.consent_lifetime for policy in catalogue.policies(granted)]
    shortest = min((span for span in spans if span is not None), default=None)
    if shortest is None:
        return None
    try:
        return now + shortest
    except OverflowError:
        return None


def difference(before: frozenset[str] | None, after: frozenset[str]) -> EventKind:
    """Return which event leads from one set of granted scopes to another.

    Args:
        before: scopes of the consent in force, None or empty when there is none.
        after: scopes after the decision; empty when nothing was granted.
    """
    if not after:
        return EventKind.DECLINED
    if not before:
        return EventKind.GRANTED
    if after - before:
        return EventKind.EXTENDED
    return EventKind.RENEWED if after == before else EventKind.NARROWED
