"""Indexes of PostgreSQL over the words of lists that are stored as text; other databases do without.

The expression of each is the one that ``idp.models.expression.Words`` writes.
"""

from __future__ import annotations

from typing import Any

INDEXES = {
    "idp_authorization_words": ("idp_authorization", ("scopes",)),
    "idp_consent_event_words": (
        "idp_consentevent",
        ("scopes_before", "scopes_after", "declined"),
    ),
}


def index_words(_apps: Any, schema_editor: Any) -> None:
    """Create the indexes on PostgreSQL."""
    if schema_editor.connection.vendor != "postgresql":
        return
    for name, (table, columns) in INDEXES.items():
        words = " || ' ' || ".join(f'"{column}"' for column in columns)
        schema_editor.execute(
            f'CREATE INDEX IF NOT EXISTS "{name}" ON "{table}" '
            f"USING gin (string_to_array({words}, ' '))",
            params=None,
        )


def drop_words(_apps: Any, schema_editor: Any) -> None:
    """Drop them."""
    if schema_editor.connection.vendor == "postgresql":
        for name in INDEXES:
            schema_editor.execute(f'DROP INDEX IF EXISTS "{name}"', params=None)
