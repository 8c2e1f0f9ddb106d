"""``manage.py idp revoke`` and ``forget``: counted first, then done."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from idp.models import Authorization, Consent, ConsentEvent, ConsentEvidence, Subject
from idp.services.event import Origin
from tests.factories import grant, make_application, make_user
from tests.services.test_consent import hold

pytestmark = pytest.mark.django_db


@pytest.fixture
def clients():
    """Two clients that each hold scopes a and b of ada and bob."""
    found = [make_application(client_id=name, scopes=("a", "b")) for name in ("one", "two")]
    for user in (make_user("ada"), make_user("bob")):
        for client in found:
            consent = grant(user, client, "a", "b", origin=Origin("192.0.2.1", "Firefox", ""))
            hold(user, client, "a b", timezone.now(), consent)
    return found


def live():
    rows = Consent.objects.live(timezone.now()).order_by("user", "application")
    return [(row.user.username, row.application.client_id) for row in rows]


EVERYTHING = [("ada", "one"), ("ada", "two"), ("bob", "one"), ("bob", "two")]


def test_a_dry_run_counts_and_takes_nothing_back(idp, clients):
    status, out, err = idp("revoke", "--all", "--dry-run", "--json")

    assert status == 0
    assert json.loads(out) == {"consents": 4, "authorizations": 4, "tokens": 8}
    assert "4 consents, 4 authorizations, 8 tokens." in err
    assert live() == EVERYTHING


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        (("--user", "ada"), [("bob", "one"), ("bob", "two")]),
        (("--client", "one"), [("ada", "two"), ("bob", "two")]),
        (("--user", "ada", "--client", "one"), EVERYTHING[1:]),
        (("--all",), []),
    ],
)
def test_access_is_taken_back_from_whom_it_names(idp, clients, arguments, left):
    status, _out, err = idp("revoke", *arguments, "--reason", "incident 7")

    assert status == 0
    assert live() == left
    assert "done." in err
    event = ConsentEvent.objects.filter(kind="revoked").first()
    assert (event.actor, event.actor_name) == ("operator", "manage.py idp revoke")
    assert event.reason == "incident 7"


def test_one_scope_is_taken_back_from_everyone_and_the_rest_stays(idp, clients):
    assert idp("revoke", "--scope", "b")[0] == 0

    assert live() == EVERYTHING
    assert set(ConsentEvent.objects.filter(kind="narrowed").values_list("scopes_after")) == {("a",)}


@pytest.mark.parametrize(
    "arguments",
    [(), ("--all", "--user", "ada"), ("--user", "nobody"), ("--client", "none")],
)
def test_wrong_use_takes_nothing_back(idp, clients, arguments):
    assert idp("revoke", *arguments)[0] == 2
    assert live() == EVERYTHING


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self):
        return True


@pytest.mark.parametrize(("typed", "status"), [("n\n", 1), ("\n", 1), ("", 1), ("yes\n", 0)])
def test_somebody_at_a_terminal_is_asked(idp, clients, monkeypatch, typed, status):
    monkeypatch.setattr("sys.stdin", Terminal(typed))

    found, _out, err = idp("revoke", "--user", "ada")

    assert found == status
    assert "[y/N]" in err
    assert (live() == EVERYTHING) is bool(status)


def test_whoever_says_yes_beforehand_is_not_asked(idp, clients, monkeypatch):
    monkeypatch.setattr("sys.stdin", Terminal(""))

    assert idp("revoke", "--all", "--yes")[0] == 0
    assert live() == []


def test_a_user_is_forgotten_after_a_dry_run(idp, clients):
    status, out, err = idp("forget", "--user", "ada", "--dry-run", "--json")
    assert status == 0
    counted = json.loads(out)
    assert (counted["events"], counted["evidence"]) == (2, 2)
    assert "would be erased" in err
    assert ConsentEvidence.objects.count() == 4

    status, out, err = idp("forget", "--user", "ada", "--json")

    assert (status, json.loads(out)) == (0, counted)
    assert "were erased" in err
    assert ConsentEvidence.objects.count() == 2
    assert Subject.objects.filter(user=None).count() == 1
    assert idp("ledger", "verify")[0] == 0
    assert idp("forget", "--user", "nobody")[0] == 2


def test_unused_consents_are_taken_back_alone(idp, clients):
    old = timezone.now() - timedelta(days=100)
    Consent.objects.filter(user__username="ada").update(decided_at=old)
    Authorization.objects.filter(user__username="ada").update(created_at=old)

    _status, out, _err = idp("revoke", "--unused", "--dry-run", "--json")
    assert json.loads(out)["consents"] == 2
    assert idp("revoke", "--unused", "101")[0] == 0
    assert live() == EVERYTHING

    assert idp("revoke", "--unused", "--client", "one")[0] == 0
    assert live() == EVERYTHING[1:]
    assert idp("revoke", "--unused", "--all")[0] == 2
