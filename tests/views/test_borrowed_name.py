"""No client that comes by itself bears the name of one that the site vouches for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from idp.domain import client_name
from idp.domain.client_name import revision
from idp.models import ClientPolicy, SiteState
from idp.services.client_name import (
    BORROWED,
    MIXED,
    borrowed_names,
    inspect_borrowed_name,
)
from idp.services.metadata_document import adopt_document
from idp.services.site_setup import prepare_site
from tests.factories import make_application
from tests.requirement import requirement
from tests.views.test_metadata_document import ADDRESS, Shelf, flow, shelf
from tests.views.test_metadata_document import document as described
from tests.views.test_registration import document, register, registered, send

pytestmark = pytest.mark.django_db
NAME = "Photo Print"

__all__ = ["shelf"]


@pytest.fixture(autouse=True)
def _registration_is_on(settings: Any) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "DCR_ENABLED": True,
        "DCR_REGISTRATION_PERMISSION_CLASSES": ["oauth2_provider.dcr.AllowAllDCRPermission"],
    }


def vouched(name: str = NAME, **fields: Any) -> Any:
    return make_application(name=name, **(fields or {"verified": True}))


@requirement("RFC 7591 §5", "The name of a client that the site vouches for is nobody else's.")
@pytest.mark.parametrize("fields", [{"verified": True}, {"first_party": True}])
@pytest.mark.parametrize(
    "name", [NAME, "photoprint", "Phоtо Рrint", "PHOTO\u00a0PRINT!", "Ph0to Pr1nt"]
)
def test_who_registers_cannot_look_like_it(name: str, fields: dict[str, Any]) -> None:
    vouched(**fields)
    answer = register(client_name=name)
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "invalid_client_metadata",
        "error_description": BORROWED.message,
    }


def test_names_of_clients_that_nobody_vouches_for_are_free() -> None:
    make_application(name=NAME)
    registered(client_name=NAME)
    registered(client_name=NAME)
    vouched("Photo Prints")
    registered(client_name="Photo Printing")


@requirement("RFC 7592 §2.2", "A client cannot take on such a name later.")
def test_who_manages_itself_cannot_become_it() -> None:
    made = registered(client_name="Wanderer")
    same = registered(client_name=NAME)
    vouched()

    def put(who: dict[str, Any], name: str) -> Any:
        body = document(client_name=name, client_id=who["client_id"])
        path = f"/o/register/{who['client_id']}/"
        return send("PUT", path, body, who["registration_access_token"])

    assert put(made, "Phоto Print").json()["error_description"] == BORROWED.message
    near = registered(client_name="Photo Printi")
    assert put(near, "Photo Print!").status_code == 400, "not in two steps either"
    assert put(made, "Photo Shоp").json()["error_description"] == MIXED.message
    assert put(made, "Wanderer 2").status_code == 200
    # It had the name before the other was vouched for: nothing that runs breaks.
    assert put(same, NAME).status_code == 200


@requirement(
    "OAuth Client ID Metadata Document §6",
    "A document cannot give its client such a name, when it is read first or again.",
)
def test_a_document_cannot_name_its_client_like_it(shelf: type[Shelf], clock: Any) -> None:
    vouched()
    shelf.documents[ADDRESS] = described(client_name="Photo Рrint")
    assert flow().start().status_code == 400
    shelf.documents[ADDRESS] = described()
    clock.shift(61)
    one = flow()
    assert "Wanderer" in one.start().content.decode()
    shelf.documents[ADDRESS] = described(client_name=NAME)
    clock.shift(3_601)
    assert "Wanderer" in one.start().content.decode()


def test_a_document_that_had_the_name_before_is_still_read_again() -> None:
    at = timezone.now()
    later = {"expires_at": at + timedelta(hours=1), "now": at}
    adopt_document(ADDRESS, described(client_name=NAME), **later)
    vouched()
    row = adopt_document(ADDRESS, described(client_name=NAME, contacts=["a@b.example"]), **later)
    assert ClientPolicy.objects.get(application=row).contacts == ["a@b.example"]


def test_looking_takes_one_statement_however_many_there_are(
    django_assert_num_queries: Any,
) -> None:
    for number in range(30):
        vouched(f"Photo {number}")
    with django_assert_num_queries(1):
        assert inspect_borrowed_name("Photo 7") == BORROWED
    with django_assert_num_queries(0):
        assert inspect_borrowed_name("☃") is None


def test_a_name_is_known_however_it_was_saved() -> None:
    one = vouched("Anything")
    one.name = NAME
    one.save(update_fields=["name"])
    assert inspect_borrowed_name(NAME) == BORROWED
    ClientPolicy.objects.update(name_skeleton="")
    assert inspect_borrowed_name(NAME) is None
    prepare_site()
    assert inspect_borrowed_name(NAME) == BORROWED


def test_names_are_read_again_when_other_letters_look_alike() -> None:
    vouched()
    prepare_site()
    ClientPolicy.objects.update(name_skeleton="as it was read before")
    prepare_site()
    assert inspect_borrowed_name(NAME) is None, "nothing tells that it is out of date"
    SiteState.objects.update(name_revision="of the tables before")
    prepare_site()
    assert inspect_borrowed_name(NAME) == BORROWED
    assert SiteState.objects.get().name_revision == revision()


def test_a_letter_more_that_looks_alike_makes_another_revision(monkeypatch: Any) -> None:
    before = revision()
    twins = {**client_name._TWINS, ord("ʟ"): "i"}
    monkeypatch.setattr(client_name, "_TWINS", twins)
    assert revision() != before


def test_who_had_the_name_before_is_found() -> None:
    made = registered(client_name=NAME)
    assert not borrowed_names().exists()
    vouched()
    make_application(name=NAME)
    assert borrowed_names().get().application.client_id == made["client_id"]
