"""What a file would take away is said before it is applied, and taken away where asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from idp.conf import application_model
from idp.models import Consent, ConsentEvent, ConsentScope, Scope
from tests.factories import grant, make_application, make_policy, make_scope, make_user

pytestmark = pytest.mark.django_db

GUARDED = '[[policies]]\nname = "photos"\nusers = { groups = ["staff"] }\n'
PRUNED = "clients = []\n"


@pytest.fixture
def consents(db: None) -> list[Any]:
    make_scope("photos:read", policy=make_policy("photos"))
    make_scope("mail:read")
    application = make_application(
        "web", client_id="print", name="Print", scopes=("photos:read", "mail:read")
    )
    users = [make_user("in", groups=("staff",)), make_user("out")]
    return [grant(user, application, "photos:read", "mail:read") for user in users]


@pytest.fixture
def file(tmp_path: Path) -> Any:
    def write(text: str) -> str:
        path = tmp_path / "site.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_a_dry_run_counts_and_names_those_who_lose(idp: Any, file: Any, consents: Any) -> None:
    status, _out, err = idp("apply", file(GUARDED), "--dry-run")
    assert status == 0
    assert "Consents that lose a scope: 1\n" in err
    assert "- out → Print" in err
    assert not ConsentEvent.objects.filter(kind="narrowed").exists()


def test_a_dry_run_says_the_same_to_machines(idp: Any, file: Any, consents: Any) -> None:
    impact = json.loads(idp("apply", file(GUARDED), "--dry-run", "--json")[1])["impact"]
    assert (impact["clients"], impact["users"], impact["consents"]) == (1, 1, 1)
    assert (impact["exact"], impact["examples"]) == (True, ["out → Print"])


def test_a_dry_run_that_takes_nothing_says_nothing(idp: Any, file: Any, consents: Any) -> None:
    looser = '[[policies]]\nname = "photos"\ndescription = "With words"\n'
    _status, out, err = idp("apply", file(looser), "--dry-run", "--json")
    assert "take something away" not in err
    assert json.loads(out)["impact"]["consents"] == 0


def test_pruning_a_client_counts_what_goes_with_it(idp: Any, file: Any, consents: Any) -> None:
    err = idp("apply", file(PRUNED), "--prune", "--dry-run")[2]
    assert "Consents that lose a scope: 2\n" in err
    assert application_model().objects.filter(client_id="print").exists()


def test_a_client_that_loses_a_scope_counts(idp: Any, file: Any, consents: Any) -> None:
    less = (
        '[[clients]]\nclient_id = "print"\nclient_name = "Print"\nkind = "web"\n'
        'redirect_uris = ["https://client.example.com/callback"]\n'
        'scopes = { required = ["mail:read"] }\n'
    )
    err = idp("apply", file(less), "--dry-run")[2]
    assert "Consents that lose a scope: 2\n" in err


def test_applying_takes_nothing_from_what_exists_unless_asked(
    idp: Any, file: Any, consents: Any
) -> None:
    idp("apply", file(GUARDED))
    assert not ConsentEvent.objects.filter(kind="narrowed").exists()


def test_existing_consents_are_narrowed_where_asked(idp: Any, file: Any, consents: Any) -> None:
    status, _out, err = idp("apply", file(GUARDED), "--existing")
    assert status == 0
    assert "1 lost what they no longer may." in err
    event = ConsentEvent.objects.get(kind="narrowed")
    assert (event.actor, event.actor_name) == ("policy", "manage.py idp apply")
    held = ConsentScope.objects.filter(consent__user__username="out", state="granted")
    assert [row.scope for row in held] == ["mail:read"]
    assert Consent.objects.filter(status="active").count() == 2


def test_a_retired_scope_is_taken_from_existing_consents(
    idp: Any, file: Any, consents: Any
) -> None:
    scope = Scope.objects.get(name="photos:read")
    retiring = (
        f'[[scopes]]\nname = "photos:read"\napi = "{scope.api.identifier}"\n'
        'policy = "photos"\nactive = false\ntext.en = { title = "See photos" }\n'
    )
    idp("apply", file(retiring), "--existing")
    assert ConsentEvent.objects.filter(kind="narrowed").count() == 2


def test_the_same_file_takes_up_what_an_earlier_run_left(
    idp: Any, file: Any, consents: Any
) -> None:
    idp("apply", file(GUARDED))
    err = idp("apply", file(GUARDED), "--existing")[2]
    assert "No changes." in err
    assert "1 lost what they no longer may." in err
    assert "0 lost what they no longer may." in idp("apply", file(GUARDED), "--existing")[2]
