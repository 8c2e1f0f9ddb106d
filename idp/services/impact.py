"""What a change of the rules would take from whom, before it is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.utils import timezone

from idp.domain.catalogue import Catalogue, Policy
from idp.domain.catalogue import Scope as ScopeValue
from idp.domain.party import ClientFacts
from idp.domain.policy import MEANING
from idp.domain.scope import narrow
from idp.models import Authorization, ClientScope, Consent, ConsentScope, Scope, ScopePolicy
from idp.services.catalogue import current_catalogue, policy_value
from idp.services.client import client_of
from idp.services.user import user_facts

MAX_CONSENTS = 1_000
MAX_CLIENTS = 200
EXAMPLES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What a change takes away.

    Attributes:
        clients: clients that lose a scope, for some user or altogether.
        users: users whose consent loses a scope.
        consents: consents that lose a scope.
        authorizations: live acts of authorization under these consents.
        asked_again: consents that no longer answer by themselves, because their meaning changed.
        examples: the first consents and clients concerned, as texts.
        exact: False when only the newest rows were looked at, so that every number is "at least".
    """

    clients: int = 0
    users: int = 0
    consents: int = 0
    authorizations: int = 0
    asked_again: int = 0
    examples: tuple[str, ...] = ()
    exact: bool = True

    @property
    def narrows(self) -> bool:
        """Return whether anybody notices."""
        return bool(self.clients or self.consents or self.asked_again)


def impact_of_policy(policy: ScopePolicy, *, now: datetime | None = None) -> Impact:
    """Return what a policy with new values would take away; nothing is stored.

    Args:
        policy: the row with its new values, saved before.
        now: the time; defaults to the clock.
    """
    names = frozenset(policy.scopes.values_list("name", flat=True))
    before = current_catalogue()
    value = policy_value(policy)
    changed = {
        name: replace(before.scopes[name], policy=value) for name in names & set(before.scopes)
    }
    old = next((before.scopes[name].policy for name in changed), None)
    return _impact(before, changed, anew=_means_else(old, value), now=now or timezone.now())


def impact_of_scope(scope: Scope, *, now: datetime | None = None) -> Impact:
    """Return what another policy of a scope, or its retirement, would take away."""
    before = current_catalogue()
    old = before.scopes.get(scope.name)
    if old is None:
        return Impact()
    policy = policy_value(scope.policy) if scope.policy else None
    changed = {scope.name: replace(old, policy=policy, active=scope.active)}
    anew = policy is not None and _means_else(old.policy, policy)
    return _impact(before, changed, anew=anew, now=now or timezone.now())


def _means_else(old: Policy | None, new: Policy) -> bool:
    return old is not None and any(getattr(old, name) != getattr(new, name) for name in MEANING)


def _impact(
    before: Catalogue, changed: Mapping[str, ScopeValue], *, anew: bool, now: datetime
) -> Impact:
    after = Catalogue(
        scopes=MappingProxyType({**before.scopes, **changed}),
        version=before.version,
        unpoliced=before.unpoliced,
    )
    judge = _Judge(before, after, frozenset(changed), now)
    consents, all_consents = _consents(changed, now)
    narrowed = [consent for consent in consents if judge.loses(consent.application, consent.user)]
    clients, all_clients = _clients(changed)
    losing = {row.pk: row for row in clients if judge.loses(row, None)}
    losing |= {consent.application.pk: consent.application for consent in narrowed}
    live = Authorization.objects.live(now).filter(consent__in=[row.pk for row in narrowed])
    return Impact(
        clients=len(losing),
        users=len({row.user_id for row in narrowed}),
        consents=len(narrowed),
        authorizations=live.count() if narrowed else 0,
        asked_again=len(consents) if anew else 0,
        examples=_examples(narrowed, losing.values()),
        exact=all_consents and all_clients,
    )


class _Judge:
    """Compares two catalogues for pairs of client and user; reads each client once."""

    def __init__(
        self, before: Catalogue, after: Catalogue, scopes: frozenset[str], now: datetime
    ) -> None:
        self.before, self.after, self.scopes, self.now = before, after, scopes, now
        self._clients: dict[Any, ClientFacts] = {}

    def loses(self, application: Any, user: Any) -> bool:
        """Return whether a client loses one of the scopes, for a user or for none."""
        facts = self._clients.get(application.pk)
        if facts is None:
            facts = self._clients[application.pk] = client_of(application).facts
        held = self.scopes & frozenset(facts.scopes)
        return bool(self._rest(self.before, held, facts, application, user)
                    - self._rest(self.after, held, facts, application, user))  # fmt: skip

    def _rest(
        self,
        catalogue: Catalogue,
        held: frozenset[str],
        facts: ClientFacts,
        application: Any,
        user: Any,
    ) -> frozenset[str]:
        own_name = "client_credentials" in facts.grant_types and user is None
        return narrow(
            held,
            client=facts,
            user=None if user is None else user_facts(user, application, catalogue, scopes=held),
            catalogue=catalogue,
            now=self.now,
            grant_type="client_credentials" if own_name else "authorization_code",
        )


def _consents(scopes: Iterable[str], now: datetime) -> tuple[list[Consent], bool]:
    granted = ConsentScope.objects.filter(scope__in=list(scopes), state=ConsentScope.State.GRANTED)
    rows = Consent.objects.live(now).filter(pk__in=granted.values("consent"))
    found = list(rows.select_related("user", "application").order_by("-pk")[: MAX_CONSENTS + 1])
    return found[:MAX_CONSENTS], len(found) <= MAX_CONSENTS


def _clients(scopes: Iterable[str]) -> tuple[list[Any], bool]:
    rows = ClientScope.objects.filter(scope__name__in=list(scopes)).select_related("application")
    found = list({row.application_id: row.application for row in rows[: MAX_CLIENTS + 1]}.values())
    return found, len(found) <= MAX_CLIENTS


def _examples(consents: Iterable[Consent], applications: Iterable[Any]) -> tuple[str, ...]:
    words = [f"{consent.user} → {consent.application}" for consent in consents]
    words += [str(application) for application in applications]
    return tuple(dict.fromkeys(words))[:EXAMPLES]
