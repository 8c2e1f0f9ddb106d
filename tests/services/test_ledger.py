"""The ledger as it is written: chained, complete, and without what must be erasable."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from idp.domain import ledger as rules
from idp.domain.snapshot import ConsentDocument, ShownApi, ShownClient, ShownScope
from idp.models import ConsentEvent, ConsentEvidence, ConsentSnapshot, Subject
from idp.services import ledger
from idp.services.event import Origin
from idp.services.evidence import erase_evidence, evidence_matches
from tests.factories import make_application, make_user

pytestmark = pytest.mark.django_db

HERE = Origin(address="192.0.2.7", user_agent="Firefox", request_id="r-1")
PAGE = ConsentDocument(
    client=ShownClient("client-1", "Photo Print"),
    account="ada",
    language="en",
    return_host="print.example.com",
    apis=(ShownApi("https://api.example.com", "Photos", (ShownScope("a", "See photos"),)),),
)


def write(user: Any, application: Any, at: Any, **fields: Any) -> ConsentEvent:
    given = {"kind": "granted", "actor": "user", "after": {"a"}, **fields}
    return ledger.append(user, application=application, at=at, **given)


def read_back() -> list[rules.Link]:
    return [ledger.link(e) for e in ConsentEvent.objects.order_by("subject_key", "sequence")]


def test_events_of_one_person_form_a_chain_that_verifies_after_reading_back(now: Any) -> None:
    ada, bob, client = make_user("ada"), make_user("bob"), make_application()
    for number in range(3):
        write(
            ada,
            client,
            now + timedelta(microseconds=number),
            extra={"n": number, "ö": ["ü", None, True]},
        )
        write(bob, client, now, expires_at=now + timedelta(days=30), origin=HERE)

    check = rules.verify(read_back())

    assert list(check) == []
    assert (check.count, check.chains) == (6, 2)
    ada_events = ConsentEvent.objects.filter(subject_key=ada.idp_subject.key).order_by("sequence")
    assert [event.sequence for event in ada_events] == [1, 2, 3]
    assert ada_events[1].previous_digest == ada_events[0].digest


def test_the_subject_row_keeps_the_end_of_the_chain(now: Any) -> None:
    ada = make_user()
    write(ada, make_application(), now)
    last = write(ada, make_application(), now)

    subject = Subject.objects.get(user=ada)

    assert (subject.head_sequence, subject.head_digest) == (2, last.digest)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "revoked"),
        ("actor", "operator"),
        ("actor_name", "eve"),
        ("client_id", "other"),
        ("client_name", "Other"),
        ("scopes_before", "b"),
        ("scopes_after", "a b"),
        ("declined", "c"),
        ("duration", "once"),
        ("reason", "other"),
        ("authorization", "x"),
        ("request_id", "x"),
        ("snapshot_digest", "0" * 64),
        ("evidence_commitment", "0" * 64),
        ("extra", {"x": 1}),
        ("subject_key", "0" * 32),
        ("sequence", 7),
    ],
)
def test_every_field_of_an_event_is_covered_by_its_digest(now: Any, field: str, value: Any) -> None:
    event = write(make_user(), make_application(), now)
    assert ledger.link(event).is_sound()

    setattr(event, field, value)

    assert not ledger.link(event).is_sound()


def test_no_column_of_the_ledger_is_left_out_of_the_digest() -> None:
    covered_or_the_chain_itself = {"id", "previous_digest", "digest"}
    columns = {field.name for field in ConsentEvent._meta.fields} - covered_or_the_chain_itself

    assert len(columns) == len(ledger.content(ConsentEvent(at=ledger.datetime.now(ledger.UTC)))) - 1


def test_a_page_is_stored_once_and_without_the_name_of_the_account(now: Any) -> None:
    ada, bob, client = make_user("ada"), make_user("bob"), make_application()
    first = write(ada, client, now, document=PAGE)
    second = write(bob, client, now, document=replace(PAGE, account="bob"))

    snapshot = ConsentSnapshot.objects.get()

    assert first.snapshot_digest == second.snapshot_digest == snapshot.digest
    assert snapshot.document == replace(PAGE, account="").as_dict()


def test_a_page_with_one_other_word_is_another_page(now: Any) -> None:
    ada, client = make_user(), make_application()
    write(ada, client, now, document=PAGE)
    write(ada, client, now, document=replace(PAGE, return_host="evil.example.com"))

    assert ConsentSnapshot.objects.count() == 2


def test_evidence_stands_beside_the_event_which_only_commits_to_it(now: Any) -> None:
    event = write(make_user(), make_application(), now, origin=HERE)

    evidence = ConsentEvidence.objects.get(event_id=event.event_id)

    assert (evidence.ip_address, evidence.user_agent) == ("192.0.2.7", "Firefox")
    assert evidence_matches(event, evidence)
    assert "192.0.2.7" not in str(ledger.content(event))
    evidence.user_agent = "Opera"
    assert not evidence_matches(event, evidence)


def test_erasing_evidence_leaves_a_chain_that_verifies(now: Any) -> None:
    ada, bob, client = make_user(), make_user(), make_application()
    for user in (ada, ada, bob):
        write(user, client, now, origin=HERE)

    assert erase_evidence(ada) == 2

    assert ConsentEvidence.objects.get().subject_key == bob.idp_subject.key
    assert list(rules.verify(read_back())) == []


@pytest.mark.parametrize(
    ("address", "stored"),
    [
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("not an address", None),
    ],
)
def test_an_address_is_committed_to_in_the_form_in_which_it_is_stored(
    now: Any, address: str, stored: str | None
) -> None:
    event = write(
        make_user(), make_application(), now, origin=Origin(address, user_agent="x\x00" * 400)
    )

    evidence = ConsentEvidence.objects.get()

    assert evidence.ip_address == stored
    assert evidence_matches(event, evidence)


def test_a_site_that_keeps_no_evidence_gets_neither_row_nor_commitment(
    now: Any, settings: Any
) -> None:
    settings.IDP = {"EVIDENCE": {"ip_address": False, "user_agent": False}}

    event = write(make_user(), make_application(), now, origin=HERE)

    assert event.evidence_commitment == ""
    assert not ConsentEvidence.objects.exists()


def test_deleting_the_user_leaves_the_chain_without_the_user(now: Any) -> None:
    ada = make_user("olga")
    write(ada, make_application(), now, origin=HERE)

    ada.delete()

    assert Subject.objects.get().user is None
    assert list(rules.verify(read_back())) == []
    assert "olga" not in str(ConsentEvent.objects.values().get())


def test_what_has_no_canonical_form_is_refused_before_anything_is_written(now: Any) -> None:
    with pytest.raises(rules.NotCanonical), transaction.atomic():
        write(make_user(), make_application(), now, extra={"n": 1.5})

    assert not ConsentEvent.objects.exists()


def test_an_unsaved_user_has_no_place_in_the_ledger(now: Any) -> None:
    nobody = make_user().__class__()

    with pytest.raises(ValueError, match="saved user"), transaction.atomic():
        write(nobody, make_application(), now)
