"""Sessions in the database, looked up only under keys that could be one."""

from __future__ import annotations

import re

from django.contrib.sessions.backends import db

KEY = re.compile(r"[a-z0-9]{32}")


class SessionStore(db.SessionStore):
    """Django's own, except that no cookie reaches the database unless it has the form of a key.

    A quoted cookie may hold any character, NUL among them, and PostgreSQL refuses the statement.
    """

    def _validate_session_key(self, key: str) -> bool:
        return KEY.fullmatch(key or "") is not None
