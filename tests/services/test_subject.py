"""Users as the ledger knows them, and how they are forgotten."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from idp.models import Authorization, ConsentEvent, ConsentEvidence, SecurityEvent, Subject
from idp.services.authorization import Granting, create_authorization
from idp.services.erasure import Traces, forget_user, traces_of
from idp.services.event import Origin, record_event
from idp.services.ledger_verification import verify_ledger
from idp.services.subject import raise_user_epoch, subject_of, user_epoch
from tests.factories import grant, make_application, make_user

pytestmark = pytest.mark.django_db


def test_a_user_has_one_subject_with_a_key_that_says_nothing() -> None:
    ada = make_user("ada")

    assert subject_of(ada) == subject_of(ada)
    assert len(subject_of(ada).key) == 32
    assert subject_of(ada).key != subject_of(make_user()).key


def test_the_epoch_of_a_user_only_rises() -> None:
    ada = make_user()
    assert user_epoch(ada) == 0

    assert (raise_user_epoch(ada), raise_user_epoch(ada)) == (1, 2)
    assert user_epoch(ada) == 2


def test_a_forgotten_user_leaves_a_chain_that_verifies_and_names_nobody() -> None:
    ada, client = make_user("olga"), make_application()
    grant(ada, client, "a", origin=Origin("192.0.2.1", "Firefox", ""))

    forget_user(ada)

    assert not ConsentEvidence.objects.exists()
    assert Subject.objects.get().user is None
    assert list(verify_ledger()) == []
    for stored in (str(ConsentEvent.objects.values().get()), str(Subject.objects.values().get())):
        assert "olga" not in stored
        assert "192.0.2.1" not in stored


def test_a_later_decision_of_a_forgotten_user_begins_another_chain() -> None:
    ada, client = make_user(), make_application()
    grant(ada, client, "a")
    forget_user(ada)
    grant(ada, client, "a")

    keys = ConsentEvent.objects.values_list("subject_key", "sequence")

    assert len(set(keys)) == 2
    assert {sequence for _key, sequence in keys} == {1}


def test_forgetting_somebody_whom_the_ledger_never_knew_does_nothing() -> None:
    forget_user(make_user())

    assert not Subject.objects.exists()


def test_deleting_a_user_erases_the_evidence_too() -> None:
    ada: Any = make_user()
    grant(ada, make_application(), "a", origin=Origin("192.0.2.1", "Firefox", ""))

    ada.delete()

    assert not ConsentEvidence.objects.exists()
    assert list(verify_ledger()) == []


def seen(user: Any) -> None:
    """Leave every trace that a person leaves."""
    origin, client = Origin("192.0.2.1", "Firefox", ""), make_application()
    consent = grant(user, client, "a", origin=origin)
    granting = Granting(user=user, application=client, scopes={"a"}, consent=consent)
    create_authorization(granting, origin=origin, now=timezone.now())
    record_event("sign_in.refused", user=user, origin=origin)


def test_forgetting_erases_the_address_wherever_it_is_kept_and_says_how_much() -> None:
    ada = make_user("ada")
    seen(ada)
    seen(make_user("bob"))
    fingerprint = SecurityEvent.objects.get(user=ada).fingerprint
    assert traces_of(ada) == Traces(1, 1, 1, 1)

    assert forget_user(ada) == Traces(1, 1, 1, 1)

    assert traces_of(ada) == Traces()
    assert Authorization.objects.get(user=ada).user_agent == ""
    assert not SecurityEvent.objects.filter(fingerprint=fingerprint).exists()
    for model in (Authorization, SecurityEvent):
        assert model.objects.filter(address="192.0.2.1").count() == 1, "bob's"


def test_a_deleted_user_leaves_no_address_behind() -> None:
    ada = make_user("ada")
    seen(ada)

    ada.delete()

    assert not SecurityEvent.objects.exclude(address=None).exists()
    assert list(verify_ledger()) == []
