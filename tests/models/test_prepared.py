"""Queries that are compiled once give what their querysets give."""

from __future__ import annotations

import threading

import psycopg
import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import Count, F, Value
from django.db.models.functions import Concat
from django.test.utils import CaptureQueriesContext

from idp.conf import application_model
from idp.models.prepared import Prepared
from tests.factories import make_application, make_user

pytestmark = pytest.mark.django_db


def users():
    return Prepared(lambda name: get_user_model().objects.filter(username=name))


def test_the_value_takes_the_place_of_the_placeholder() -> None:
    ada, grace = make_user("ada"), make_user("grace")
    prepared = users()
    assert prepared.first("ada") == ada
    assert prepared.first("grace") == grace
    assert prepared.first("nobody") is None


@pytest.mark.parametrize("hostile", ["'", "%s", "\ue0000\ue000", "ada' OR '1'='1", "\\", ""])
def test_a_value_is_never_part_of_the_statement(hostile) -> None:
    make_user("ada")
    assert users().first(hostile) is None


def test_joined_rows_and_annotations_come_along_without_another_statement() -> None:
    owner = make_user("ada", first_name="Ada")
    application = make_application("web", client_id="joined", user=owner)
    prepared = Prepared(
        lambda client_id: (
            application_model()
            .objects.select_related("user", "idp_policy")
            .annotate(shout=Concat(F("name"), Value("!")), scopes=Count("idp_scopes"))
            .filter(client_id=client_id)
        )
    )
    prepared.first("joined")
    with CaptureQueriesContext(connection) as captured:
        found = prepared.first("joined")
        seen = (found.user.first_name, found.idp_policy.kind, found.shout, found.scopes)
    assert seen == ("Ada", "web", f"{application.name}!", 0)
    assert len(captured) == 1


def test_a_join_that_finds_nothing_is_remembered_as_nothing() -> None:
    make_application("web", client_id="ownerless")
    prepared = Prepared(
        lambda client_id: (
            application_model().objects.select_related("user").filter(client_id=client_id)
        )
    )
    found = prepared.first("ownerless")
    with CaptureQueriesContext(connection) as captured:
        assert found.user is None
    assert len(captured) == 0


def test_a_column_that_is_left_out_is_read_once_somebody_asks() -> None:
    make_application("web", client_id="short", name="Photo Print")
    prepared = Prepared(
        lambda client_id: (
            application_model()
            .objects.select_related("idp_policy")
            .defer("name", "idp_policy__contacts")
            .filter(client_id=client_id)
        )
    )
    found = prepared.first("short")
    assert found.get_deferred_fields() == {"name"}
    assert found.idp_policy.get_deferred_fields() == {"contacts"}
    assert (found.client_id, found.idp_policy.kind) == ("short", "web")
    with CaptureQueriesContext(connection) as captured:
        assert (found.name, found.idp_policy.contacts) == ("Photo Print", [])
    assert len(captured) == 2


def test_a_model_s_own_way_of_being_made_gets_what_a_queryset_gives_it(monkeypatch) -> None:
    make_user("ada", first_name="Ada")
    model, given = get_user_model(), []
    make = model.from_db.__func__

    def remembering(cls, db, names, values, **more):
        given.append(dict(zip(names, values, strict=True)))
        return make(cls, db, names, values, **more)

    monkeypatch.setattr(model, "from_db", classmethod(remembering))
    read = Prepared(lambda name: model.objects.defer("email", "password").filter(username=name))
    assert read.first("ada") == model.objects.defer("email", "password").get(username="ada")
    assert given[0] == given[1]
    assert given[0]["first_name"] == "Ada"


def test_several_values_keep_their_order() -> None:
    make_user("ada", first_name="Ada", last_name="Lovelace")
    prepared = Prepared(
        lambda first, last: get_user_model().objects.filter(last_name=last, first_name=first), 2
    )
    assert prepared.first("Ada", "Lovelace")
    assert prepared.first("Lovelace", "Ada") is None
    with pytest.raises(ValueError, match="zip"):
        prepared.first("Ada")


def test_a_row_is_read_anew_each_time() -> None:
    make_user("ada")
    prepared = users()
    assert prepared.first("ada").is_active
    get_user_model().objects.update(is_active=False)
    assert not prepared.first("ada").is_active


def test_all_rows_come_in_order() -> None:
    Group.objects.bulk_create(Group(name=name) for name in ("b", "a"))
    for name in ("one", "two"):
        make_user(name, groups=("a",))
    prepared = Prepared(
        lambda group: get_user_model().objects.filter(groups__name=group).order_by("-username")
    )
    assert [user.username for user in prepared.rows("a")] == ["two", "one"]


@pytest.mark.django_db(transaction=True)
def test_each_thread_reads_through_its_own_connection() -> None:
    make_user("ada")
    prepared = users()
    prepared.first("ada")
    found = []

    def read() -> None:
        found.append((prepared.first("ada").username, connection.in_atomic_block))
        connection.close()

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert found == [("ada", False)]


@pytest.mark.postgres
def test_the_server_keeps_the_statement_planned() -> None:
    make_user("ada")
    prepared = users()
    found = [prepared.first(name) for name in ("ada", "nobody", "ada", "o'hara", "ada")]
    assert [user and user.username for user in found] == ["ada", None, "ada", None, "ada"]
    assert planned() == 1


@pytest.mark.postgres
def test_nothing_is_kept_on_the_server_behind_a_pooler(monkeypatch) -> None:
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "prepare_threshold", None)
    make_user("ada")
    prepared = users()
    assert [prepared.first("ada").username for _time in range(5)] == ["ada"] * 5
    assert planned() == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_process_outlives_a_migration_of_what_it_reads() -> None:
    Group.objects.create(name="readers")
    prepared = Prepared(lambda name: Group.objects.filter(name=name))
    assert [prepared.first("readers").name for _time in range(5)] == ["readers"] * 5
    alter = "ALTER TABLE auth_group ALTER COLUMN name TYPE varchar({})"
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute(alter.format(160))
    try:
        assert [prepared.first("readers").name for _time in range(5)] == ["readers"] * 5
    finally:
        with psycopg.connect(**connection.get_connection_params()) as other:
            other.execute(alter.format(150))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_lost_is_found_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    make_user("ada")
    connection.close()
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "pool", None)  # which checks by itself
    prepared = users()
    assert prepared.first("ada")
    monkeypatch.setattr(connection, "health_check_enabled", True)
    monkeypatch.setattr(connection, "health_check_done", False)
    lost = connection.connection.info.backend_pid
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [lost])
    try:
        assert prepared.first("ada")
    finally:
        connection.close()


def planned(like: str = "%username%$1%") -> int:
    """Return how many statements the server keeps for this connection, a user's name by default."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements"
            " WHERE statement LIKE %s AND generic_plans + custom_plans > 0",
            [like],
        )
        return cursor.fetchone()[0]
