from __future__ import annotations

from typing import Any

import pytest
from oauth2_provider.cimd import CIMDError

from idp.dot.metadata_document import GuardedMetadataFetcher
from tests.services.outbound_server import answer, serve

pytestmark = pytest.mark.django_db


def _fetch(settings: Any, content: bytes) -> tuple[dict[str, Any], int]:
    with serve(answer(b"HTTP/1.1 200 OK\r\n" + content)) as (port, _requests):
        settings.IDP = {**settings.IDP, "OUTBOUND_ALLOWED_HOSTS": [f"127.0.0.1:{port}"]}
        return GuardedMetadataFetcher().fetch(f"http://127.0.0.1:{port}/client.json")


@pytest.mark.parametrize(
    ("cache", "seconds"),
    [("max-age=3600", 3600), ("max-age=1", 300), ("max-age=99999999", 86_400), ("no-store", 300)],
)
def test_a_document_is_kept_as_long_as_it_says_within_bounds(
    settings: Any, cache: str, seconds: int
) -> None:
    head = f"Content-Type: application/client+json\r\nCache-Control: {cache}\r\n\r\n"

    assert _fetch(settings, head.encode() + b'{"client_id": "x"}') == ({"client_id": "x"}, seconds)


@pytest.mark.parametrize(
    "content",
    [
        b"Content-Type: text/html\r\n\r\n{}",
        b"Content-Type: application/json\r\n\r\n[]",
        b"Content-Type: application/json\r\n\r\n" + b"[" * 10_000,
        b"Content-Type: application/json\r\n\r\n\xff",
        b"Content-Type: application/json\r\nContent-Length: 99999\r\n\r\n",
    ],
)
def test_what_is_no_document_is_refused(settings: Any, content: bytes) -> None:
    with pytest.raises(CIMDError):
        _fetch(settings, content)


def test_private_addresses_are_refused() -> None:
    with pytest.raises(CIMDError, match="not public"):
        GuardedMetadataFetcher().fetch("https://127.0.0.1/client.json")
