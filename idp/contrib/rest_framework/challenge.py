"""The ``WWW-Authenticate`` header of a protected resource, and the errors that carry it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from rest_framework.exceptions import APIException, AuthenticationFailed, PermissionDenied

from idp.domain.scope import to_text

# What may stand in a quoted value of the header (RFC 6750 §3).
_UNQUOTABLE = re.compile(r"[^\x20-\x21\x23-\x5B\x5D-\x7E]")


def bearer(parameters: Mapping[str, str]) -> str:
    """Return a challenge of the Bearer scheme; parameters without a value are left out.

    Source: RFC 6750 §3; RFC 9110 §11.6.1.
    """
    pairs = [
        f'{name}="{_UNQUOTABLE.sub(" ", value)}"' for name, value in parameters.items() if value
    ]
    return f"Bearer {', '.join(pairs)}" if pairs else "Bearer"


def body(error: str, description: str) -> dict[str, str]:
    """Return the JSON that goes with a challenge, in the form of every OAuth error."""
    return {"error": error, "error_description": description}


class InvalidToken(AuthenticationFailed):
    """The token is expired, revoked, malformed or otherwise of no use: 401 ``invalid_token``."""

    def __init__(self, description: str) -> None:
        super().__init__(body("invalid_token", description))
        self.description = description


class InsufficientScope(PermissionDenied):
    """The token may not do this: 403 ``insufficient_scope``, naming what would be needed."""

    def __init__(self, metadata: str, *, scopes: Iterable[str] = (), description: str = "") -> None:
        needed = to_text(scopes)
        description = description or f"The request needs the scope {needed}."
        super().__init__(body("insufficient_scope", description))
        self.auth_header = bearer(
            {
                "error": "insufficient_scope",
                "error_description": description,
                "scope": needed,
                "resource_metadata": metadata,
            }
        )


class InsufficientAuthentication(APIException):
    """The sign-in behind the token is too old or too weak: 401, saying what would do.

    Source: RFC 9470 §3.
    """

    status_code = HTTPStatus.UNAUTHORIZED

    def __init__(
        self, *, max_age: timedelta | None, acr_values: Iterable[str], metadata: str
    ) -> None:
        error = "insufficient_user_authentication"
        description = "A fresher or stronger sign-in is needed."
        super().__init__(body(error, description))
        seconds = "" if max_age is None else str(int(max_age.total_seconds()))
        self.auth_header: Any = bearer(
            {
                "error": error,
                "error_description": description,
                "max_age": seconds,
                "acr_values": " ".join(acr_values),
                "resource_metadata": metadata,
            }
        )
