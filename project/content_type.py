"""Requests whose ``Content-Type`` Django cannot read, before it tries."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from django.utils.http import parse_header_parameters

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


def without_unreadable_types(site: WSGIApplication) -> WSGIApplication:
    """Return a site that takes an unreadable ``Content-Type`` for none, and answers accordingly.

    Django reads the header while it makes the request, where no handler of errors stands yet: a
    header that is too long, or that names ``rot13`` as its character set, would be an internal
    error at every address.

    Args:
        site: as Django made it.
    """

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not is_readable(environ.get("CONTENT_TYPE", "")):
            environ = {**environ, "CONTENT_TYPE": ""}
        return site(environ, start_response)

    return answer


def is_readable(content_type: str) -> bool:
    """Return whether Django can make a request with this header."""
    try:
        _kind, parameters = parse_header_parameters(content_type)
        charset = parameters.get("charset", "utf-8")
        if _is_known(charset):
            b"\xff".decode(charset, "replace")
    except (LookupError, ValueError):
        return False
    return True


def _is_known(charset: str) -> bool:
    """Return whether there is such a character set; Django passes over those that do not exist."""
    try:
        codecs.lookup(charset)
    except LookupError:
        return False
    return True
