"""What a change of the rules would take from whom, before it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from types import MappingProxyType
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from idp.conf import application_model
from idp.domain.catalogue import Catalogue
from idp.domain.party import ClientFacts
from idp.models import Authorization, ClientScope, Consent, ConsentScope, IssuedToken
from idp.services.catalogue import current_catalogue, unpoliced_choice
from idp.services.client import client_of
from idp.services.judgement import kept

MAX_CONSENTS = 1_000
MAX_CLIENTS = 200
EXAMPLES = 10
CHUNK = 500

NUMBERS: Mapping[str, str] = MappingProxyType(
    {
        "clients": gettext_noop("Clients that lose a scope"),
        "users": gettext_noop("Users whose consent loses a scope"),
        "consents": gettext_noop("Consents that lose a scope"),
        "authorizations": gettext_noop("Live authorizations under them"),
        "tokens": gettext_noop("Live tokens of these"),
        "asked_again": gettext_noop("Consents that are asked again"),
    }
)
"""The numbers of an impact, in the words in which they are told everywhere."""

NOBODY: Mapping[Any, ClientFacts | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Future:
    """The rules as they would be.

    Attributes:
        catalogue: scopes and policies after the change.
        clients: key of a client's row to its standing after the change; None for one that is gone.
            Clients that are not named stay what they are.
    """

    catalogue: Catalogue
    clients: Mapping[Any, ClientFacts | None] = field(default_factory=lambda: NOBODY)


@dataclass(frozen=True, slots=True)
class Loss:
    """What one consent, or one client in its own name, loses.

    Attributes:
        application: the client's row.
        consent: the consent, or None for the client itself.
        scopes: what is lost.
    """

    application: Any
    consent: Consent | None
    scopes: frozenset[str]

    def __str__(self) -> str:
        return str(self.application if self.consent is None else self.consent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What a change takes away.

    Attributes:
        clients: clients that lose a scope, for some user or altogether.
        users: users whose consent loses a scope.
        consents: consents that lose a scope.
        authorizations: live acts of authorization under these consents.
        tokens: live access and refresh tokens of these authorizations.
        asked_again: consents that no longer answer by themselves, because their meaning changed.
        examples: the first consents and clients concerned, as texts.
        exact: False when only the newest rows were looked at, so that every number is "at least".
    """

    clients: int = 0
    users: int = 0
    consents: int = 0
    authorizations: int = 0
    tokens: int = 0
    asked_again: int = 0
    examples: tuple[str, ...] = ()
    exact: bool = True

    @property
    def narrows(self) -> bool:
        """Return whether anybody notices."""
        return bool(self.clients or self.consents or self.asked_again)

    @property
    def numbers(self) -> tuple[tuple[str, int], ...]:
        """Return every number with its name, an English message id."""
        return tuple((words, getattr(self, name)) for name, words in NUMBERS.items())

    def as_dict(self) -> dict[str, Any]:
        """Return the impact as JSON-ready values."""
        return {**asdict(self), "examples": list(self.examples)}


def rehearse(act: Callable[[], object], *, applications: Iterable[Any] = ()) -> Future:
    """Return the rules as an act would leave them; what it does is taken back.

    Args:
        act: what makes the change, through a service; what it raises goes through.
        applications: rows of clients whose standing it may change.
    """
    with transaction.atomic():
        act()
        future = foresee(applications)
        transaction.set_rollback(True)
    return future


def foresee(applications: Iterable[Any] = ()) -> Future:
    """Return the rules as they are inside the transaction that holds the change."""
    missing = application_model().DoesNotExist
    clients: dict[Any, ClientFacts | None] = {}
    for row in applications:
        try:
            clients[row.pk] = client_of(row).facts
        except missing:
            clients[row.pk] = None
    return Future(_judging(), MappingProxyType(clients))


def impact_of(future: Future, *, now: datetime) -> Impact:
    """Return what the rules of the future would take away from what is there now.

    Args:
        future: the rules after the change, which is not stored.
        now: the time.
    """
    before = _judging()
    changed = changed_scopes(before, future.catalogue)
    if not changed and not future.clients:
        return Impact()
    consents, all_consents = _bounded(_losses_of_users(before, future, changed, now), MAX_CONSENTS)
    clients, all_clients = _bounded(_losses_of_clients(before, future, changed, now), MAX_CLIENTS)
    narrowed = [loss for loss in consents if loss.scopes]
    losing = [loss for loss in clients if loss.scopes]
    live = Authorization.objects.live(now).filter(
        consent__in=[loss.consent.pk for loss in narrowed if loss.consent]
    )
    return Impact(
        clients=len({loss.application.pk for loss in (*narrowed, *losing)}),
        users=len({loss.consent.user_id for loss in narrowed if loss.consent}),
        consents=len(narrowed),
        authorizations=live.count() if narrowed else 0,
        tokens=_tokens(live, now) if narrowed else 0,
        asked_again=_asked_again(before, future.catalogue, changed, now),
        examples=tuple(dict.fromkeys(str(loss) for loss in (*narrowed, *losing)))[:EXAMPLES],
        exact=all_consents and all_clients,
    )


def losses(future: Future, *, now: datetime) -> Iterator[Loss]:
    """Yield every consent and client that loses something; all of them, read in chunks."""
    before = _judging()
    changed = changed_scopes(before, future.catalogue)
    yield from (loss for loss in _losses_of_users(before, future, changed, now) if loss.scopes)
    yield from (loss for loss in _losses_of_clients(before, future, changed, now) if loss.scopes)


def changed_scopes(before: Catalogue, after: Catalogue) -> frozenset[str]:
    """Return the scopes that are judged otherwise: by their own rules, or by what they include."""
    names = {*before.scopes, *after.scopes}
    return frozenset(name for name in names if before.family(name) != after.family(name))


def _judging() -> Catalogue:
    """Return the catalogue as it judges where the rules refuse."""
    return current_catalogue(unpoliced=unpoliced_choice(enforcing=True))


def _losses_of_users(
    before: Catalogue, future: Future, changed: frozenset[str], now: datetime
) -> Iterator[Loss]:
    judge = _Judge(before, future, now)
    for consent in _consents(changed, future, now).iterator(chunk_size=CHUNK):
        given = frozenset(
            row.scope
            for row in consent.scopes.all()
            if row.state == ConsentScope.State.GRANTED
            and (row.scope in changed or consent.application_id in future.clients)
        )
        lost = judge.lost(consent.application, consent.user, given)
        yield Loss(consent.application, consent, lost)


def _losses_of_clients(
    before: Catalogue, future: Future, changed: frozenset[str], now: datetime
) -> Iterator[Loss]:
    judge = _Judge(before, future, now)
    for row in _clients(changed, future).iterator(chunk_size=CHUNK):
        held = frozenset(judge.facts(row).scopes)
        held = held if row.pk in future.clients else held & changed
        yield Loss(row, None, judge.lost(row, None, held))


class _Judge:
    """Compares the rules of now and then; reads each client once."""

    def __init__(self, before: Catalogue, future: Future, now: datetime) -> None:
        self.before, self.future, self.now = before, future, now
        self._facts: dict[Any, ClientFacts] = {}

    def facts(self, application: Any) -> ClientFacts:
        """Return the client's present standing."""
        found = self._facts.get(application.pk)
        if found is None:
            found = self._facts[application.pk] = client_of(application).facts
        return found

    def lost(self, application: Any, user: Any, held: frozenset[str]) -> frozenset[str]:
        """Return what a client loses, for a user or for none."""
        present = self.facts(application)
        later = self.future.clients.get(application.pk, present)
        party = {"application": application, "user": user, "now": self.now}
        now_kept = kept(held, facts=present, catalogue=self.before, **party)
        if later is None:
            return now_kept
        return now_kept - kept(now_kept, facts=later, catalogue=self.future.catalogue, **party)


def _consents(changed: Iterable[str], future: Future, now: datetime) -> QuerySet[Consent]:
    granted = ConsentScope.objects.filter(
        scope__in=list(changed), state=ConsentScope.State.GRANTED
    ).order_by()
    rows = Consent.objects.live(now).filter(
        Q(pk__in=granted.values("consent")) | Q(application__in=list(future.clients))
    )
    return rows.select_related("user", "application").prefetch_related("scopes").order_by("-pk")


def _clients(changed: Iterable[str], future: Future) -> QuerySet[Any]:
    holding = ClientScope.objects.filter(scope__name__in=list(changed)).order_by()
    rows: QuerySet[Any] = application_model()._default_manager.filter(
        Q(pk__in=holding.values("application")) | Q(pk__in=list(future.clients))
    )
    return rows.order_by("-pk")


def _bounded(found: Iterator[Loss], limit: int) -> tuple[list[Loss], bool]:
    """Return the first rows that were looked at, and whether they are all."""
    rows = list(islice(found, limit + 1))
    return rows[:limit], len(rows) <= limit


def _tokens(live: QuerySet[Authorization], now: datetime) -> int:
    rows = IssuedToken.objects.filter(authorization__in=live, used_at=None)
    return rows.exclude(expires_at__lte=now).count()


def _asked_again(before: Catalogue, after: Catalogue, changed: Iterable[str], now: datetime) -> int:
    anew = [name for name in changed if _means_else(before, after, name)]
    if not anew:
        return 0
    granted = ConsentScope.objects.filter(scope__in=anew, state=ConsentScope.State.GRANTED)
    return Consent.objects.live(now).filter(pk__in=granted.order_by().values("consent")).count()


def _means_else(before: Catalogue, after: Catalogue, name: str) -> bool:
    """Return whether consent to a scope is asked again, as ``domain.consent`` compares it."""
    return name in before.scopes and _meaning(before, name) != _meaning(after, name)


def _meaning(catalogue: Catalogue, name: str) -> tuple[str, int]:
    scope = catalogue.scopes.get(name)
    policy = scope.policy if scope else None
    return (policy.name, policy.revision) if policy else ("", 0)
