"""What a user decided about a client before, as the plain values that the rules read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from idp.domain import withdrawal
from idp.domain.consent import Remembered, RememberedScope
from idp.domain.withdrawal import Holding, Withdrawal
from idp.models import Consent, ConsentScope
from idp.services.catalogue import words
from idp.services.client import Client, client_of


@dataclass(frozen=True, slots=True)
class Memory:
    """The present consent of one user to one client, with what only the database knows.

    Attributes:
        consent: the row, or None when the user never decided.
        remembered: what the rules read; None without a row.
        languages: language of the words that were agreed to, by scope.
        titles: titles that were agreed to, by scope.
    """

    consent: Consent | None = None
    remembered: Remembered | None = None
    languages: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    titles: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def present_consent(user: Any, application: Any) -> Consent | None:
    """Return the row of what a user decided about a client, whether it holds or not."""
    return Consent.objects.filter(user_id=user.pk, application_id=application.pk).first()


def recall(user: Any, client: Client) -> Memory:
    """Return what a user decided about a client, with one statement.

    What an operator took back is not remembered, though it may not be written down yet.
    """
    rows = list(
        ConsentScope.objects.filter(
            consent__user_id=user.pk, consent__application_id=client.application.pk
        ).select_related("consent")
    )
    if not rows:
        return Memory()
    consent = rows[0].consent
    withdrawals = [row for row in client.catalogue().withdrawals if row.consents]
    granted = [
        row
        for row in rows
        if row.state == ConsentScope.State.GRANTED
        and consent.ended_by_task is None
        and not _is_lost(row, consent, withdrawals)
    ]
    return Memory(
        consent=consent,
        remembered=Remembered(
            granted=MappingProxyType({row.scope: _scope(row) for row in granted}),
            declined=frozenset(r.scope for r in rows if r.state == ConsentScope.State.DECLINED),
            expires_at=consent.expires_at,
            live=consent.status == Consent.Status.ACTIVE,
            duration=consent.duration,
        ),
        languages=MappingProxyType({row.scope: row.words_language for row in granted}),
        titles=MappingProxyType({row.scope: row.title for row in granted}),
    )


def _is_lost(row: ConsentScope, consent: Consent, withdrawals: Iterable[Withdrawal]) -> bool:
    holding = Holding(user=consent.user_id, client=consent.application_id, since=row.since)
    return bool(withdrawal.lost(withdrawals, frozenset({row.scope}), holding))


def remembered(user: Any, application: Any, now: datetime) -> Remembered | None:
    """Return the present consent of a user to a client, or None when there never was one.

    A consent that has expired or was revoked is returned as such; ``now`` decides nothing here
    and is taken so that callers need not know which is which.
    """
    del now
    return recall(user, client_of(application)).remembered


def words_versions(
    memory: Memory, language: str, catalogue_version: int | None = None
) -> Mapping[str, int]:
    """Return the present versions of the words of all scopes, to compare with the remembered ones.

    Versions count the changes of one language. A scope whose words were agreed to in German is
    compared with the German words, also when the reader now reads English.

    Args:
        memory: what ``recall`` gave.
        language: language of the page that would be shown.
        catalogue_version: of the catalogue, where it is known.
    """
    versions = {name: entry.version for name, entry in words(language, catalogue_version).items()}
    for name, agreed in memory.languages.items():
        if agreed and agreed != language:
            there = words(agreed, catalogue_version).get(name)
            same = there is not None and there.language == agreed
            versions[name] = there.version if there is not None and same else 0
    return MappingProxyType(versions)


def _scope(row: ConsentScope) -> RememberedScope:
    implied = None if row.implied is None else frozenset(row.implied)
    return RememberedScope(row.policy_revision, row.words_version, implied, row.policy)
