"""Database triggers that keep the ledger append-only, whoever writes the SQL.

They are installed after every migration, because SQLite drops the triggers of a table that a
migration rebuilds. What was installed is compared as text, so that a trigger that was weakened
counts as missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connections

from idp.models.ledger import ConsentEvent, ConsentSnapshot

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models import Model

FUNCTION = "idp_append_only"
"""Name of the function that the triggers of PostgreSQL share."""

_BODY = """
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
"""


@dataclass(frozen=True, slots=True)
class _Trigger:
    """One trigger.

    Attributes:
        name: as stored by the database.
        table: that it guards.
        sql: the statement that creates it.
    """

    name: str
    table: str
    sql: str


def install(connection: BaseDatabaseWrapper) -> list[str]:
    """Create the triggers that are missing or were changed, and return their names.

    Does nothing on a database without the tables, but for taking away what was left behind.
    """
    triggers = _triggers(connection)
    present = _tables(connection)
    if not any(trigger.table in present for trigger in triggers):
        remove(connection)
        return []
    absent = set(missing(connection))
    wanted = [t for t in triggers if t.name in absent and t.table in present]
    if not wanted:
        return []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_function())
        for trigger in wanted:
            cursor.execute(_drop(connection, trigger))
            cursor.execute(trigger.sql)
            if connection.vendor == "postgresql":
                cursor.execute(_always(connection, trigger))
    return [trigger.name for trigger in wanted]


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of the triggers that are absent, switched off or not as we made them.

    On a database that is neither SQLite nor PostgreSQL, nothing can be installed, and the list
    says so with one entry.
    """
    triggers = _triggers(connection)
    if not triggers:
        return [f"unsupported database: {connection.vendor}"]
    found = _found(connection)
    return [trigger.name for trigger in triggers if trigger.name not in found]


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers, for tests that flush and for a site that gives up the tables."""
    present = _tables(connection)
    with connection.cursor() as cursor:
        for trigger in _triggers(connection):
            if trigger.table in present:
                cursor.execute(_drop(connection, trigger))
        if connection.vendor == "postgresql":
            cursor.execute(f"DROP FUNCTION IF EXISTS {FUNCTION}()")


def install_triggers(using: str = "default") -> list[str]:
    """Install the triggers on a database by its alias; a receiver calls it after each migration."""
    return install(connections[using])


@contextmanager
def without_triggers(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Let the ledger be emptied inside the block; for tests alone."""
    remove(connection)
    try:
        yield
    finally:
        install(connection)


def _triggers(connection: BaseDatabaseWrapper) -> list[_Trigger]:
    if connection.vendor == "sqlite":
        return [*_sqlite(connection, ConsentEvent), *_sqlite(connection, ConsentSnapshot)]
    if connection.vendor == "postgresql":
        return [*_postgresql(connection, ConsentEvent), *_postgresql(connection, ConsentSnapshot)]
    return []


def _sqlite(connection: BaseDatabaseWrapper, model: type[Model]) -> Iterator[_Trigger]:
    """Yield the triggers of one table; INSERT is watched because REPLACE deletes unseen.

    A page is addressed by its content, so that the same page again is passed over.
    """
    table = model._meta.db_table
    quoted = connection.ops.quote_name(table)
    refuse = f"SELECT RAISE(ABORT, '{table} is append-only');"
    for verb in ("update", "delete"):
        name = f"{table}_no_{verb}"
        when = f"BEFORE {verb.upper()} ON {quoted}"
        yield _Trigger(name, table, f'CREATE TRIGGER "{name}" {when} BEGIN {refuse} END')
    same, then = "digest = NEW.digest", "SELECT RAISE(IGNORE);"
    if model is ConsentEvent:
        same = "id = NEW.id OR event_id = NEW.event_id"
        same += " OR (subject_key = NEW.subject_key AND sequence = NEW.sequence)"
        then = refuse
    name = f"{table}_no_replace"
    when = f"BEFORE INSERT ON {quoted} WHEN EXISTS (SELECT 1 FROM {quoted} WHERE {same})"  # noqa: S608
    yield _Trigger(name, table, f'CREATE TRIGGER "{name}" {when} BEGIN {then} END')


def _postgresql(connection: BaseDatabaseWrapper, model: type[Model]) -> Iterator[_Trigger]:
    table = model._meta.db_table
    quoted = connection.ops.quote_name(table)
    for verb, events, each in (
        ("change", "UPDATE OR DELETE", "ROW"),
        ("truncate", "TRUNCATE", "STATEMENT"),
    ):
        name = f"{table}_no_{verb}"
        when = f"BEFORE {events} ON {quoted} FOR EACH {each} EXECUTE FUNCTION {FUNCTION}()"
        yield _Trigger(name, table, f'CREATE TRIGGER "{name}" {when}')


def _function() -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql"
        f" AS $idp${_BODY}$idp$"
    )


def _always(connection: BaseDatabaseWrapper, trigger: _Trigger) -> str:
    """Return the statement that makes a trigger fire also for a session that replays a replica."""
    table = connection.ops.quote_name(trigger.table)
    return f'ALTER TABLE {table} ENABLE ALWAYS TRIGGER "{trigger.name}"'


def _drop(connection: BaseDatabaseWrapper, trigger: _Trigger) -> str:
    if connection.vendor == "sqlite":
        return f'DROP TRIGGER IF EXISTS "{trigger.name}"'
    return f'DROP TRIGGER IF EXISTS "{trigger.name}" ON {connection.ops.quote_name(trigger.table)}'


def _tables(connection: BaseDatabaseWrapper) -> set[str]:
    return set(connection.introspection.table_names())


def _found(connection: BaseDatabaseWrapper) -> set[str]:
    """Return the names of our triggers that are in force and as we made them."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            made = {trigger.name: trigger.sql for trigger in _triggers(connection)}
            return {name for name, sql in cursor.fetchall() if made.get(name) == sql}
        cursor.execute(
            "SELECT tgname FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid"
            " JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE tgenabled = 'A' AND proname = %s AND prosrc = %s"
            " AND pg_table_is_visible(tgrelid)",
            [FUNCTION, _BODY],
        )
        return {name for (name,) in cursor.fetchall()}
