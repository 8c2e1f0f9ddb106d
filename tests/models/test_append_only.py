"""The ledger cannot be changed, whoever writes the SQL; tests see the database itself refuse."""

# ruff: noqa: S608 - the tables are named by the models
from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, models, transaction
from django.test import TransactionTestCase

from idp.contrib.testing import allow_flush, let_tests_flush
from idp.models import (
    AppendOnlyError,
    ConsentEvent,
    ConsentEvidence,
    ConsentSnapshot,
    append_only,
)
from idp.services import ledger
from tests.factories import make_application, make_user
from tests.services.test_ledger import PAGE

pytestmark = pytest.mark.django_db

EVENTS, PAGES = ConsentEvent._meta.db_table, ConsentSnapshot._meta.db_table


@pytest.fixture
def event(now: Any) -> ConsentEvent:
    append_only.install(connection)
    return ledger.append(
        make_user(),
        kind="granted",
        actor="user",
        application=make_application(),
        at=now,
        after={"a"},
        document=PAGE,
    )


def refused(sql: str, *values: Any) -> None:
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql, values)


@pytest.mark.parametrize(
    "sql",
    [
        f"UPDATE {EVENTS} SET kind = 'revoked'",
        f"UPDATE {EVENTS} SET digest = digest",
        f"DELETE FROM {EVENTS}",
        f"UPDATE {PAGES} SET document = '{{}}'",
        f"DELETE FROM {PAGES}",
    ],
)
def test_raw_sql_cannot_change_or_remove_a_row(event: ConsentEvent, sql: str) -> None:
    refused(sql)

    assert ConsentEvent.objects.get().digest == event.digest
    assert ConsentSnapshot.objects.get().digest == event.snapshot_digest


@pytest.mark.postgres
@pytest.mark.parametrize("table", [EVENTS, PAGES])
def test_truncate_is_refused(event: ConsentEvent, table: str) -> None:
    refused(f"TRUNCATE {table}")
    refused(f"TRUNCATE {table} RESTART IDENTITY CASCADE")


@pytest.mark.postgres
def test_a_session_that_replays_a_replica_is_refused_too(event: ConsentEvent) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
        refused(f"DELETE FROM {EVENTS}")


def test_an_insert_that_would_overwrite_is_refused(event: ConsentEvent) -> None:
    columns = [f'"{f.column}"' for f in ConsentEvent._meta.fields if f.column != "id"]
    names = ", ".join(columns)
    values = names.replace('"reason"', "'forged'")
    source = f"({names}) SELECT {values} FROM {EVENTS} WHERE true"
    sql = f"INSERT INTO {EVENTS} {source} ON CONFLICT (event_id) DO UPDATE SET reason = 'forged'"
    refused(sql)
    if connection.vendor == "sqlite":
        refused(f"REPLACE INTO {EVENTS} {source}")

    assert ConsentEvent.objects.get().reason == ""


def test_a_page_that_would_be_replaced_stays_as_it_was(event: ConsentEvent) -> None:
    forged = f"INTO {PAGES} (digest, document, created_at) SELECT digest, '{{}}', created_at"
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"REPLACE {forged} FROM {PAGES}")
        else:
            cursor.execute(f"INSERT {forged} FROM {PAGES} ON CONFLICT DO NOTHING")

    assert ConsentSnapshot.objects.get().document["return_host"] == "print.example.com"


@pytest.mark.parametrize(
    "change",
    [
        lambda row: row.save(),
        lambda row: row.delete(),
        lambda row: type(row).objects.update(),
        lambda row: type(row).objects.all().delete(),
        lambda row: type(row).objects.bulk_update([row], ["pk"]),
    ],
)
@pytest.mark.parametrize("model", [ConsentEvent, ConsentSnapshot])
def test_the_models_refuse_before_the_database_has_to(
    event: ConsentEvent, model: type[models.Model], change: Any
) -> None:
    with pytest.raises(AppendOnlyError):
        change(model._default_manager.get())


def test_deleting_a_user_or_client_does_not_touch_the_ledger(event: ConsentEvent) -> None:
    from django.contrib.auth import get_user_model

    from idp.conf import application_model

    get_user_model().objects.all().delete()
    application_model().objects.all().delete()

    assert ConsentEvent.objects.get().digest == event.digest


def test_evidence_can_be_erased(event: ConsentEvent) -> None:
    ConsentEvidence.objects.create(event_id=event.event_id, subject_key="k", salt="s")

    assert ConsentEvidence.objects.all().delete()[0] == 1


def test_installing_twice_changes_nothing(event: ConsentEvent) -> None:
    assert append_only.missing(connection) == []
    assert append_only.install(connection) == []


def test_a_trigger_that_is_gone_is_named_and_put_back(event: ConsentEvent) -> None:
    gone = append_only._triggers(connection)[0]
    with connection.cursor() as cursor:
        cursor.execute(append_only._drop(connection, gone))
    assert append_only.missing(connection) == [gone.name]

    assert append_only.install_triggers("default") == [gone.name]

    refused(f"DELETE FROM {EVENTS}")


def test_a_trigger_that_was_weakened_counts_as_missing(event: ConsentEvent) -> None:
    trigger = append_only._triggers(connection)[0]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(append_only._drop(connection, trigger))
            cursor.execute(
                f"CREATE TRIGGER {trigger.name} BEFORE UPDATE ON {EVENTS} BEGIN SELECT 1; END"
            )
        else:
            cursor.execute(f"ALTER TABLE {EVENTS} DISABLE TRIGGER {trigger.name}")
    assert append_only.missing(connection) == [trigger.name]

    append_only.install(connection)

    refused(f"UPDATE {EVENTS} SET kind = 'revoked'")


@pytest.mark.postgres
def test_a_function_that_was_weakened_counts_as_missing(event: ConsentEvent) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE OR REPLACE FUNCTION {append_only.FUNCTION}() RETURNS trigger"
            " LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$"
        )
    assert len(append_only.missing(connection)) == 4

    append_only.install(connection)

    refused(f"UPDATE {EVENTS} SET kind = 'revoked'")


def test_a_rebuilt_table_is_guarded_again_after_installing(event: ConsentEvent) -> None:
    field = ConsentEvent._meta.get_field("reason")
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            # What Django does to a table when a column changes.
            cursor.execute(f"CREATE TABLE rebuilt AS SELECT * FROM {EVENTS}")
            cursor.execute(f"DROP TABLE {EVENTS}")
            cursor.execute(f"ALTER TABLE rebuilt RENAME TO {EVENTS}")
        else:
            cursor.execute(f"ALTER TABLE {EVENTS} ALTER COLUMN {field.column} TYPE varchar(300)")

    append_only.install(connection)

    refused(f"UPDATE {EVENTS} SET kind = 'revoked'")


def test_a_block_that_allows_it_can_empty_the_ledger_and_guards_it_again(
    event: ConsentEvent,
) -> None:
    with allow_flush(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {EVENTS}")

    assert append_only.missing(connection) == []
    assert not ConsentEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_test_case_of_a_host_site_can_flush(now: Any) -> None:
    let_tests_flush()
    append_only.install(connection)
    ledger.append(make_user(), kind="granted", actor="user", application=make_application(), at=now)

    TransactionTestCase("id")._fixture_teardown()

    assert not ConsentEvent.objects.exists()
    assert append_only.missing(connection) == []


@pytest.mark.django_db(transaction=True)
def test_flush_alone_does_not_empty_the_ledger(now: Any) -> None:
    append_only.install(connection)
    ledger.append(make_user(), kind="granted", actor="user", application=make_application(), at=now)

    with pytest.raises(Exception, match=r"append-only|couldn't be flushed"):
        call_command("flush", interactive=False, verbosity=0)

    assert ConsentEvent.objects.exists()


@pytest.mark.postgres
def test_nothing_is_left_behind_once_the_tables_are_gone(event: ConsentEvent) -> None:
    with connection.cursor() as cursor:
        for model in (ConsentEvent, ConsentSnapshot):
            cursor.execute(f"DROP TABLE {model._meta.db_table}")
        append_only.install(connection)

        cursor.execute("SELECT 1 FROM pg_proc WHERE proname = %s", [append_only.FUNCTION])
        assert cursor.fetchone() is None
