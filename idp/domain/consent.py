"""Consent: what must be asked. What an answer grants is in ``consent_answer``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, NamedTuple

from idp.domain.catalogue import ConsentMode
from idp.domain.client import Environment
from idp.domain.consent_answer import (
    Accepted,
    Duration,
    EventKind,
    accept,
    choose_duration,
    difference,
    durations,
    expiry,
    for_duration,
    may_decline,
)
from idp.domain.consent_reason import consent_required, nothing_to_ask, why
from idp.domain.consent_remembered import Remembered, RememberedScope
from idp.domain.offline_access import OFFLINE_ACCESS, without

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from idp.domain.catalogue import Catalogue, Policy
    from idp.domain.decision import Reason
    from idp.domain.party import ClientFacts

__all__ = [
    "Accepted",
    "ConsentDecision",
    "ConsentKind",
    "Duration",
    "EventKind",
    "Remembered",
    "RememberedScope",
    "accept",
    "choose_duration",
    "decide",
    "difference",
    "durations",
    "expiry",
    "for_duration",
    "may_decline",
]

# Every other word of a policy asks always.
_SILENT = frozenset({ConsentMode.REMEMBER, ConsentMode.IMPLICIT_FIRST_PARTY})


class ConsentKind(StrEnum):
    """What must be asked."""

    NOTHING = "nothing"
    NEW = "new"
    EVERYTHING = "everything"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class ConsentDecision:
    """What must be asked.

    Attributes:
        kind: a ``ConsentKind``.
        new: asked scopes that the user has not allowed (declined ones are among them).
        changed: asked scopes that were allowed under other words, policy or meaning.
        allowed: asked scopes that hold without asking. With ``NOTHING`` exactly these are granted.
        declined: those of ``new`` that the user declined before; offered, but no cause to ask.
        reason: why; with ``REFUSE`` its code is the OAuth error.
    """

    kind: ConsentKind
    new: frozenset[str]
    changed: frozenset[str]
    allowed: frozenset[str]
    reason: Reason
    declined: frozenset[str] = frozenset()


def decide(
    *,
    asked: frozenset[str],
    client: ClientFacts,
    catalogue: Catalogue,
    words: Mapping[str, int],
    remembered: Remembered | None,
    prompt: frozenset[str],
    on_device: bool,
    now: datetime,
    client_consent_mode: str = "",
) -> ConsentDecision:
    """Return what must be asked before the asked scopes may be granted.

    Args:
        asked: what a resolution would grant.
        client: who asks.
        catalogue: scopes and policies of the site.
        words: present version of each scope's words, in the language in which they were or would
            be shown; 0 for a scope that it lacks.
        remembered: the present consent, or None.
        prompt: values of the request's ``prompt``.
        on_device: whether the answer goes to a loopback or private-use redirect URI, where any
            app of the device could pose as the client.
        now: the moment of the decision.
        client_consent_mode: ``always``, ``implicit`` (first-party clients in production only), or
            empty for what the policies say.

    ``offline_access`` is never the only cause to ask: unless the request says ``prompt=consent``
    it stands on a page that is shown for something else, holds because it was allowed before, or
    is passed over.

    Source: OpenID Connect Core §§3.1.2.1, 11; RFC 8252 §8.6.
    """
    if not asked:
        none = frozenset[str]()
        return ConsentDecision(ConsentKind.REFUSE, none, none, none, nothing_to_ask())
    request = _Request(client, catalogue, words, remembered, prompt, now, client_consent_mode)
    decision = _decide(asked, request, on_device=on_device)
    rest = without(asked)
    if decision.kind is ConsentKind.NOTHING or "consent" in prompt or rest in (asked, frozenset()):
        return decision
    calm = _decide(rest, request, on_device=on_device)
    return calm if calm.kind is ConsentKind.NOTHING else decision


class _Request(NamedTuple):
    client: ClientFacts
    catalogue: Catalogue
    words: Mapping[str, int]
    remembered: Remembered | None
    prompt: frozenset[str]
    now: datetime
    client_consent_mode: str


def _decide(asked: frozenset[str], request: _Request, *, on_device: bool) -> ConsentDecision:
    client, catalogue, words, remembered, prompt, now, client_consent_mode = request
    policies = {name: _policy(catalogue, name) for name in asked}
    forced = _forced(policies.values(), prompt, client_consent_mode, on_device=on_device)
    waived = frozenset() if forced else _waived(policies, client, client_consent_mode)
    in_force = _in_force(remembered, now)
    memory = _Memory(in_force or Remembered({}), client, catalogue, words, waived)
    places = {name: _place(name, memory) for name in asked}
    kind, cause = _page(frozenset(places.values()), forced, remembered, in_force)
    reason = why(cause)
    if kind is not ConsentKind.NOTHING and "none" in prompt:
        kind, reason = ConsentKind.REFUSE, consent_required(cause)
    return ConsentDecision(
        kind,
        new=_at(places, _Place.NEW, _Place.DECLINED),
        changed=_at(places, _Place.CHANGED),
        allowed=_at(places, _Place.ALLOWED, _Place.WAIVED),
        reason=reason,
        declined=_at(places, _Place.DECLINED),
    )


class _Place(Enum):
    NEW = 1
    DECLINED = 2
    CHANGED = 3
    ALLOWED = 4
    WAIVED = 5


class _Memory(NamedTuple):
    consent: Remembered
    client: ClientFacts
    catalogue: Catalogue
    words: Mapping[str, int]
    waived: frozenset[str]


def _forced(
    policies: Iterable[Policy | None], prompt: frozenset[str], mode: str, *, on_device: bool
) -> str:
    """Return why everything is asked whatever is remembered, or an empty text."""
    if "consent" in prompt:
        return "consent_requested"
    if on_device:
        return "app_on_device"
    if mode not in {"", "implicit"}:
        return "client_always"
    if any(policy is not None and policy.consent not in _SILENT for policy in policies):
        return "policy_always"
    return ""


def _waived(
    policies: Mapping[str, Policy | None], client: ClientFacts, mode: str
) -> frozenset[str]:
    """Return the scopes that need no question because the client is the site's own."""
    if not client.first_party or client.environment != Environment.PRODUCTION:
        return frozenset()
    return frozenset(
        name
        for name, policy in policies.items()
        # Consent to this one must be explicit, whoever the client is (OpenID Connect Core §11).
        if name != OFFLINE_ACCESS
        and (
            mode == "implicit"
            or (policy is not None and policy.consent == ConsentMode.IMPLICIT_FIRST_PARTY)
        )
    )


def _in_force(remembered: Remembered | None, now: datetime) -> Remembered | None:
    """Return the consent if it may still answer for the user."""
    if remembered is None or not remembered.live or remembered.duration == Duration.ONCE:
        return None
    expired = remembered.expires_at is not None and remembered.expires_at <= now
    return None if expired else remembered


def _place(name: str, memory: _Memory) -> _Place:
    """Return where one asked scope stands."""
    if name in memory.waived:
        return _Place.WAIVED
    granted = memory.consent.granted
    if name in granted:
        return _Place.ALLOWED if _unchanged(name, memory) else _Place.CHANGED
    if any(name in (then.implied or ()) and _unchanged(x, memory) for x, then in granted.items()):
        return _Place.ALLOWED
    policy = _policy(memory.catalogue, name)
    if name in memory.consent.declined and may_decline(name, memory.client, policy):
        return _Place.DECLINED
    return _Place.NEW


def _unchanged(name: str, memory: _Memory) -> bool:
    """Return whether an allowed scope still means what it meant: rules, words and reach."""
    then = memory.consent.granted[name]
    policy = _policy(memory.catalogue, name)
    return (
        then.policy_revision == (policy.revision if policy else 0)
        and then.policy in {None, policy.name if policy else ""}
        and then.words_version == memory.words.get(name, 0)
        and (then.implied is None or memory.catalogue.implied(name) <= then.implied)
    )


def _page(
    places: frozenset[_Place], forced: str, remembered: Remembered | None, in_force: object
) -> tuple[ConsentKind, str]:
    """Return what the page must ask, and the code of why."""
    if forced:
        return ConsentKind.EVERYTHING, forced
    if _Place.CHANGED in places:
        return ConsentKind.EVERYTHING, "meaning_changed"
    # What was declined is no cause to ask again, unless there is nothing else to give.
    if _Place.NEW not in places and places != {_Place.DECLINED}:
        return ConsentKind.NOTHING, "first_party" if _Place.WAIVED in places else "remembered"
    if in_force:
        return ConsentKind.NEW, "new_scopes"
    if remembered is not None and remembered.live:
        return ConsentKind.EVERYTHING, "consent_ended"
    return ConsentKind.NEW, "first_time"


def _policy(catalogue: Catalogue, name: str) -> Policy | None:
    scope = catalogue.scopes.get(name)
    return scope.policy if scope else None


def _at(places: Mapping[str, _Place], *wanted: _Place) -> frozenset[str]:
    return frozenset(name for name, place in places.items() if place in wanted)
