"""Prints every row of a host site's own tables, one a line, before and after what is done to it.

``python -m tests.dropin.hosts.dump [MIGRATION...]`` prints, migrates ``idp`` to each that is named
(``latest`` is the newest), and prints again after each; a line of its own stands between.
"""

from __future__ import annotations

import sys

import django

BETWEEN = "----"
BOOKKEEPING = ("django_migrations", "django_content_type", "auth_permission", "sqlite_sequence")


def main(*migrations: str) -> None:
    """Print the rows, migrating between."""
    django.setup()
    from django.core.management import call_command

    _print_rows()
    for migration in migrations:
        call_command("migrate", "idp", *[migration][migration == "latest" :], verbosity=0)
        print(BETWEEN)  # noqa: T201
        _print_rows()


def _print_rows() -> None:
    """Print all rows, table by table, in a settled order."""
    from django.db import connection

    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            if table.startswith("idp_") or table in BOOKKEEPING:
                continue
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            for row in sorted(map(repr, cursor.fetchall())):
                print(table, row)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
