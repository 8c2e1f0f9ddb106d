"""Empties PostgreSQL after a test that commits, in one round trip.

Django truncates every table and announces a migration, which makes permissions, triggers and the
first rows anew: most of a second for each test. Here the tables that hold something are emptied,
and what the migrations left is put back from a copy.
"""

from __future__ import annotations

from typing import Any

from django.db import connection
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


def remember() -> None:
    """Keep a copy of the rows that the migrations made."""
    with connection.cursor() as cursor:
        cursor.execute(_REMEMBER)


def install() -> None:
    """Make tests that commit end in a database as ``remember`` saw it."""
    TransactionTestCase._fixture_teardown = _restore  # type: ignore[method-assign]


def _restore(case: Any) -> None:
    del case
    with without_triggers(connection), connection.cursor() as cursor:
        cursor.execute(_RESTORE)
