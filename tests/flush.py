"""Empties the database after a test that commits.

Django truncates every table and announces a migration, which makes permissions, triggers and the
first rows anew: most of a second for each test. Here the tables that hold something are emptied,
and what was there at the beginning is put back from a copy: on PostgreSQL in one round trip.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.test import TransactionTestCase

from idp.models.append_only import without_triggers

_REMEMBER = """
DROP SCHEMA IF EXISTS baseline CASCADE;
CREATE SCHEMA baseline;
DO $$
DECLARE name text; filled boolean;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO filled;
        IF filled THEN
            EXECUTE format('CREATE TABLE baseline.%I AS TABLE public.%I', name, name);
        END IF;
    END LOOP;
END $$;
"""

# Without triggers: those of foreign keys want an order.
_RESTORE = """
SET session_replication_role = replica;
DO $$
DECLARE name text; kept boolean; filled boolean;
BEGIN
    FOR name, kept IN
        SELECT tablename, to_regclass(format('baseline.%I', tablename)) IS NOT NULL
        FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'django_migrations'
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO filled;
        IF filled THEN
            EXECUTE format('DELETE FROM public.%I', name);
        END IF;
        IF kept THEN
            EXECUTE format('INSERT INTO public.%I OVERRIDING SYSTEM VALUE TABLE baseline.%I',
                name, name);
        END IF;
    END LOOP;
END $$;
SET session_replication_role = DEFAULT;
"""


_first_rows: dict[str, list[tuple[Any, ...]]] = {}
"""Of SQLite: table and rows."""


def remember() -> None:
    """Keep a copy of the rows that are there at the beginning."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_REMEMBER)
        else:
            _first_rows.update(_filled(cursor))


def install() -> None:
    """Make tests that commit end in a database as ``remember`` saw it."""
    TransactionTestCase._fixture_teardown = _restore  # type: ignore[method-assign]


def _restore(case: Any) -> None:
    del case
    with without_triggers(connection), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_RESTORE)
            return
        with connection.constraint_checks_disabled(), transaction.atomic():
            for table in _filled(cursor):
                cursor.execute(f'DELETE FROM "{table}"')  # noqa: S608 - a table of ours
            for table, rows in _first_rows.items():
                places = ", ".join(["%s"] * len(rows[0]))
                put_back = f'INSERT INTO "{table}" VALUES ({places})'  # noqa: S608 - likewise
                cursor.executemany(put_back, rows)


def _filled(cursor: Any) -> dict[str, list[tuple[Any, ...]]]:
    """Return the tables of SQLite that hold something, with their rows."""
    names = set(connection.introspection.table_names(cursor)) - {"django_migrations"}
    rows = {}
    for name in names:
        cursor.execute(f'SELECT * FROM "{name}"')  # noqa: S608 - a table of ours
        rows[name] = cursor.fetchall()
    return {name: found for name, found in rows.items() if found}
