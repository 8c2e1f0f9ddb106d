"""The history of one client with one user, read from the ledger."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from idp.domain.ledger import GENESIS
from idp.domain.snapshot import ConsentDocument, document_from_dict
from idp.models import Consent, ConsentEvent, ConsentEvidence, ConsentSnapshot, Subject
from idp.services import ledger
from idp.services.catalogue import Words
from idp.services.consent_page import scope_title

Kind = ConsentEvent.Kind
Actor = ConsentEvent.Actor

_TITLES = {
    Kind.GRANTED: gettext_lazy("Access was allowed"),
    Kind.EXTENDED: gettext_lazy("More was allowed"),
    Kind.NARROWED: gettext_lazy("Permissions were taken back"),
    Kind.DECLINED: gettext_lazy("Access was refused"),
    Kind.RENEWED: gettext_lazy("Access was allowed again"),
    Kind.EXPIRED: gettext_lazy("Access ran out"),
    Kind.REVOKED: gettext_lazy("Access was removed"),
    Kind.IMPORTED: gettext_lazy("Access from before was taken over"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as the user reads it.

    Attributes:
        kind: a ``ConsentEvent.Kind``.
        title: what happened.
        at: when.
        by: who did it, in words.
        scopes: titles of what it was about, in the words shown then where a page was kept.
        event_id: identifier of the event; None for one that is not written yet.
        has_page: whether the page that was shown is kept.
    """

    kind: str
    title: str
    at: datetime
    by: str
    scopes: tuple[str, ...]
    event_id: uuid.UUID | None
    has_page: bool


def end_not_written_yet(consent: Consent | None, now: datetime) -> list[Entry]:
    """Return the entry of a consent that ran out and that nobody tried to use since; or nothing.

    The ledger writes it at the next use; a page that is only read writes nothing.
    """
    if consent is None or consent.status != Consent.Status.ACTIVE or consent.is_live(now):
        return []
    ended = consent.expires_at or now
    return [Entry(Kind.EXPIRED, str(_TITLES[Kind.EXPIRED]), ended, "", (), None, has_page=False)]


def events_of(user: Any, application: Any) -> Any:
    """Return the events of a user about a client, newest first."""
    keys = Subject.objects.filter(user_id=user.pk).values("key")
    return ConsentEvent.objects.filter(
        subject_key__in=keys, client_id=application.client_id
    ).order_by("-sequence")


def entries_of(events: Iterable[ConsentEvent], words: Mapping[str, Words]) -> list[Entry]:
    """Return events as entries of a timeline, with one statement for all pages shown."""
    rows = list(events)
    digests = {row.snapshot_digest for row in rows if row.snapshot_digest}
    pages = ConsentSnapshot.objects.in_bulk(list(digests)) if digests else {}
    return [_entry(row, _titles(pages.get(row.snapshot_digest)), words) for row in rows]


def page_as_shown(user: Any, event: ConsentEvent) -> ConsentDocument | None:
    """Return the page behind an event, with the account's present name; None where none is kept."""
    snapshot = ConsentSnapshot.objects.filter(digest=event.snapshot_digest).first()
    if snapshot is None:
        return None
    try:
        document = document_from_dict(snapshot.document)
    except (KeyError, TypeError, ValueError):
        return None
    return replace(document, account=user.get_username())


def event_title(event: ConsentEvent) -> str:
    """Return what happened, in words."""
    title = _TITLES.get(Kind(event.kind)) if event.kind in Kind.values else None
    return str(title or event.kind)


def export_events(user: Any, application: Any) -> Iterator[dict[str, Any]]:
    """Yield every event of a user about a client as JSON values, oldest first.

    Each carries what its digest covers, so that the owner can check it, and the evidence that
    belongs to it, which is the user's own.
    """
    for event in events_of(user, application).order_by("sequence").iterator(chunk_size=200):
        evidence = ConsentEvidence.objects.filter(event_id=event.event_id).first()
        yield {
            **ledger.content(event),
            "previous_digest": event.previous_digest or GENESIS,
            "digest": event.digest,
            "address": evidence.ip_address if evidence else None,
            "user_agent": evidence.user_agent if evidence else None,
        }


def export_pages(user: Any, application: Any) -> Iterator[tuple[str, Any]]:
    """Yield each page that stood behind those events once, by its digest."""
    digests = events_of(user, application).exclude(snapshot_digest="").order_by()
    shown = ConsentSnapshot.objects.filter(digest__in=digests.values("snapshot_digest"))
    for snapshot in shown.order_by("digest").iterator(chunk_size=50):
        yield snapshot.digest, snapshot.document


def _entry(event: ConsentEvent, titles: Mapping[str, str], words: Mapping[str, Words]) -> Entry:
    names = sorted(_concerned(event))
    return Entry(
        kind=event.kind,
        title=event_title(event),
        at=event.at,
        by=_by(event),
        scopes=tuple(titles.get(name) or scope_title(name, words) for name in names),
        event_id=event.event_id,
        has_page=bool(event.snapshot_digest),
    )


def _concerned(event: ConsentEvent) -> frozenset[str]:
    """Return the scopes that an event is about."""
    before, after = frozenset(event.scopes_before.split()), frozenset(event.scopes_after.split())
    if event.kind == Kind.DECLINED:
        return frozenset(event.declined.split())
    if event.kind in {Kind.REVOKED, Kind.EXPIRED}:
        return before
    if event.kind == Kind.NARROWED:
        return before - after
    return (after - before) or after


def _by(event: ConsentEvent) -> str:
    words = {
        Actor.USER: gettext("you"),
        Actor.OPERATOR: gettext("an operator"),
        Actor.POLICY: gettext("a rule of this site"),
        Actor.CLIENT: event.client_name or event.client_id,
    }
    return words.get(Actor(event.actor), "") if event.actor in Actor.values else ""


def _titles(snapshot: ConsentSnapshot | None) -> dict[str, str]:
    if snapshot is None:
        return {}
    apis = snapshot.document.get("apis", ())
    return {scope["name"]: scope["title"] for api in apis for scope in api.get("scopes", ())}
