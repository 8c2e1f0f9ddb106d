"""Values of a client's own description: each read by its type, bounded, and free of tricks."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from idp.domain import uri
from idp.domain.decision import Reason, Severity

LONGEST_LINK = 200
LONGEST_KEY_SET = 16_384
MOST_SECONDS = 2**31 - 1

Value = Callable[[Any], Any]


class BadValue(ValueError):
    """A value that cannot be used; ``invalid_client_metadata`` or ``invalid_redirect_uri``."""

    def __init__(self, code: str, text: str, reference: str = "RFC 7591 §2", **params: Any) -> None:
        super().__init__(text)
        self.code, self.text, self.reference, self.params = code, text, reference, params

    def reason(self, name: str) -> Reason:
        """Return the reason, which says the name that it is about."""
        params = MappingProxyType({**self.params, "name": name})
        return Reason(self.code, Severity.ERROR, self.text, self.reference, params)


def text(longest: int) -> Value:
    """Return a reader of texts without control characters, of at most so many characters."""

    def take(value: Any) -> str:
        if not isinstance(value, str):
            raise BadValue("wrong_type", "%(name)s must be a text.")
        if len(value) > longest:
            raise BadValue(
                "too_long", "%(name)s has more than %(limit)s characters.", limit=longest
            )
        if not is_plain(value):
            raise BadValue("bad_characters", "%(name)s has characters that nobody can see.")
        return value

    return take


def texts(most: int, longest: int) -> Value:
    """Return a reader of lists of such texts, of at most so many."""
    take_one = text(longest)

    def take(value: Any) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise BadValue("wrong_type", "%(name)s must be a list of texts.")
        if len(value) > most:
            raise BadValue("too_many", "%(name)s has more than %(limit)s entries.", limit=most)
        return tuple(take_one(item) for item in value)

    return take


def names(value: Any) -> tuple[str, ...]:
    """Return the names of a list separated by spaces."""
    return tuple(dict.fromkeys(text(4_000)(value).split()))


def link(value: Any) -> str:
    """Return the https address of a page for people."""
    found = str(text(LONGEST_LINK)(value))
    parts = uri.split(found)
    if found and not (uri.is_absolute(found) and parts.scheme == "https" and parts.host):
        raise BadValue("bad_link", "%(name)s must be an https address.", "RFC 7591 §5")
    return found


def flag(value: Any) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise BadValue("wrong_type", "%(name)s must be true or false.")
    return value


def seconds(value: Any) -> int:
    """Return a whole number of seconds."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_SECONDS:
        raise BadValue("wrong_type", "%(name)s must be a whole number of seconds.")
    return value


def key_set(value: Any) -> dict[str, Any]:
    """Return a JWK Set as it is; what its keys are worth is judged elsewhere."""
    if not isinstance(value, dict):
        raise BadValue("wrong_type", "%(name)s must be a JWK Set.", "RFC 7517 §5")
    try:
        written = json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError) as error:
        raise BadValue("wrong_type", "%(name)s must be a JWK Set.", "RFC 7517 §5") from error
    if len(written) > LONGEST_KEY_SET:
        raise BadValue(
            "too_long", "%(name)s has more than %(limit)s characters.", limit=LONGEST_KEY_SET
        )
    # JSON writes every control character and lone surrogate as an escape.
    if "\\u0000" in written or "\\ud8" in written or "\\udc" in written:
        raise BadValue("bad_characters", "%(name)s has characters that nobody can see.")
    return value


def is_plain(value: str) -> bool:
    """Return whether a text has no control characters, no lone surrogates, no changed direction."""
    return not any(
        unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} or char in _DIRECTION
        for char in value
    )


_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
