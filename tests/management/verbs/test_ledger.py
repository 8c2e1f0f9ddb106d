"""``manage.py idp ledger``: verify with checkpoints, export, and who had access to what."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from idp.domain.ledger import digest
from idp.models import ConsentEvent, LedgerCheck, Subject
from idp.services import ledger_check
from idp.services.consent import revoke_consent
from idp.services.erasure import forget_user
from tests.factories import grant, make_application, make_user
from tests.services.test_ledger_verification import tamper

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    return make_application(client_id="photo-print", scopes=("a", "b"))


@pytest.fixture
def ada(client):
    """A user with three events."""
    user = make_user("ada")
    for scope in ("a", "b", "a"):
        grant(user, client, scope)
    return user


def test_a_sound_ledger_is_said_to_be_intact_and_the_result_is_kept(idp, ada):
    status, out, err = idp("ledger", "verify", "--json")

    assert status == 0
    assert json.loads(out) == {"events": 3, "chains": 1, "broken": []}
    assert "3 events in 1 chains: intact." in err
    assert LedgerCheck.objects.get().finished_at is not None


def test_the_first_event_of_a_broken_chain_is_named(idp, ada):
    tamper("UPDATE {table} SET scopes_after = 'x' WHERE sequence >= 2")

    status, out, err = idp("ledger", "verify", "--json")

    key = Subject.objects.get(user=ada).key
    assert status == 1
    assert json.loads(out)["broken"] == [{"subject": key, "sequence": 2, "reason": "altered"}]
    assert f"broken: subject {key}, event 2: altered" in err


def test_a_checkpoint_is_written_once_and_held_against_ever_after(idp, ada, client, tmp_path):
    file = str(tmp_path / "checkpoint")
    status, _out, err = idp("ledger", "verify", "--checkpoint", file)
    assert status == 0
    assert "Wrote the ends of 1 chains" in err
    assert "Held against" not in err
    grant(make_user(), client, "a")

    status, _out, err = idp("ledger", "verify", "--checkpoint", file)

    assert status == 0
    assert "Held against the checkpoint of" in err
    assert "Wrote the ends of 2 chains" in err


def test_what_was_cut_off_since_the_checkpoint_is_found_and_the_checkpoint_stays(
    idp, ada, tmp_path
):
    file = tmp_path / "checkpoint"
    idp("ledger", "verify", "--checkpoint", str(file))
    kept = file.read_text()
    tamper("DELETE FROM {table} WHERE sequence > 1")
    first = ConsentEvent.objects.get()
    Subject.objects.filter(user=ada).update(head_sequence=1, head_digest=first.digest)
    assert idp("ledger", "verify")[0] == 0, "without the checkpoint nobody can tell"

    status, _out, err = idp("ledger", "verify", "--checkpoint", str(file))

    assert status == 1
    assert "event 2: removed" in err
    assert file.read_text() == kept


def test_a_forged_checkpoint_is_refused_before_anything_is_verified(idp, ada, tmp_path):
    file = tmp_path / "checkpoint"
    idp("ledger", "verify", "--checkpoint", str(file))
    file.write_text(file.read_text().replace(" 3 ", " 1 "))

    status, _out, err = idp("ledger", "verify", "--checkpoint", str(file))

    assert status == 1
    assert "checkpoint" in err
    assert LedgerCheck.objects.count() == 1


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"", b"{}"])
def test_a_file_that_is_no_checkpoint_is_refused(idp, ada, tmp_path, content):
    file = tmp_path / "checkpoint"
    file.write_bytes(content)

    assert idp("ledger", "verify", "--checkpoint", str(file))[0] == 1
    assert file.read_bytes() == content


def test_a_checkpoint_in_a_place_that_is_not_there_is_wrong_use(idp, ada, tmp_path):
    assert idp("ledger", "verify", "--checkpoint", str(tmp_path / "no" / "file"))[0] == 2
    assert idp("ledger", "verify", "--checkpoint", str(tmp_path))[0] == 2


def test_an_interrupted_verification_is_gone_on_with(idp, ada, monkeypatch):
    monkeypatch.setattr(ledger_check, "TOLD_EVERY", 1)
    check = ledger_check.begin_check(now=timezone.now())

    def stop(count):
        if count == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ledger_check.run_check(check, tell=stop)

    status, _out, err = idp("ledger", "verify", "--resume")

    assert status == 0
    assert "3 events in 1 chains: intact." in err
    assert LedgerCheck.objects.count() == 1
    idp("ledger", "verify", "--resume")
    assert LedgerCheck.objects.count() == 2, "there was nothing to go on with"


def test_each_exported_line_can_be_verified_by_anybody(idp, ada):
    _status, out, err = idp("ledger", "export")

    previous = ""
    for number, line in enumerate(out.splitlines(), start=1):
        event = json.loads(line)
        stored, before = event.pop("digest"), event.pop("previous_digest")
        assert (before, event["sequence"]) == (previous, number)
        assert digest(event, before) == stored
        previous = stored
    assert "3 events done." in err


def test_an_auditor_learns_who_had_access_on_a_day(idp, client):
    now, bob = timezone.now(), make_user("bob")
    consent = grant(bob, client, "a", "b", now=now - timedelta(days=3))
    revoke_consent(consent, now=now - timedelta(days=1))
    day = (now - timedelta(days=2)).date().isoformat()

    status, out, err = idp("ledger", "who", "--on", day, "--json")

    assert status == 0
    row = json.loads(out)
    assert (row["user"], row["client_id"], row["scopes"]) == ("bob", "photo-print", ["a", "b"])
    assert f"1 on {day}." in err
    _status, out, err = idp("ledger", "who")
    assert (out, err.splitlines()[-1]) == ("", f"0 on {now.date()}.")
    _status, _out, err = idp("ledger", "who", "--on", day, "--client", "photo-print")
    assert "bob  photo-print  a b  since" in err
    assert "0 on" in idp("ledger", "who", "--on", day, "--client", "other")[2]


def test_somebody_forgotten_is_named_by_the_key_alone(idp, ada):
    key = Subject.objects.get(user=ada).key
    forget_user(ada)

    assert f"somebody forgotten ({key})" in idp("ledger", "who")[2]


@pytest.mark.parametrize("arguments", [("--on", "yesterday"), ("--user", "nobody")])
def test_a_question_that_cannot_be_understood_is_wrong_use(idp, ada, arguments):
    assert idp("ledger", "who", *arguments)[0] == 2
    assert idp("ledger", "who", "--user", "ada")[0] == 0
    assert idp("ledger", "who", "--on", "9999-12-31")[0] == 0
