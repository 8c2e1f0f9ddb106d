"""Standard claims about a user: only what the user's row can truly answer."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist

_SOURCES = {
    "given_name": "first_name",
    "family_name": "last_name",
    "email": "email",
}


def standard_claims(user: Any) -> dict[str, Any]:
    """Return claim name to value; for None the names alone, with None as every value.

    A user model without a field leaves its claim out. ``email_verified`` is never told, because no
    field of Django's says it; a site that knows adds it with ``get_additional_claims``.

    Source: OpenID Connect Core §5.1.
    """
    claims: dict[str, Any] = {}
    for claim, field in _SOURCES.items():
        if _has_field(field):
            claims[claim] = getattr(user, field, None)
    if _has_field("first_name") and _has_field("last_name"):
        claims["name"] = user.get_full_name() if user is not None else None
    claims["preferred_username"] = user.get_username() if user is not None else None
    return claims


def _has_field(name: str) -> bool:
    try:
        get_user_model()._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True
