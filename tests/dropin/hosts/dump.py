"""Prints every row of a host site's own tables, one a line."""

from __future__ import annotations

import django

BOOKKEEPING = ("django_migrations", "django_content_type", "auth_permission", "sqlite_sequence")


def main() -> None:
    """Print the rows, table by table, in a settled order."""
    django.setup()
    from django.db import connection

    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            if table.startswith("idp_") or table in BOOKKEEPING:
                continue
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            for row in sorted(map(repr, cursor.fetchall())):
                print(table, row)  # noqa: T201


if __name__ == "__main__":
    main()
