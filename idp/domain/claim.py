"""The ``claims`` parameter, read without trust."""

from __future__ import annotations

import json
from typing import Any


def parse_claims(text: str) -> dict[str, Any] | None:
    """Return the object that a ``claims`` parameter holds, or None where it is not one.

    Also refused is JSON that no database keeps: NUL characters, lone surrogates, numbers that are
    not finite, and nesting deeper than a reader follows.

    Source: OpenID Connect Core §5.5; RFC 8259 §§6, 8.2, 9.
    """
    try:
        claims = json.loads(text)
        kept = json.dumps(claims, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) and rb"\u0000" not in kept else None
