"""A client that registers itself belongs to a sector only by the word of the sector's document."""

from __future__ import annotations

import json
from typing import Any

import pytest

from idp.models import ClientPolicy
from idp.services.registration import RegistrationRefused, register_itself
from tests.services.outbound_server import answer, serve

pytestmark = pytest.mark.django_db

URIS = ["https://a.wanderer-photos.com/callback", "https://b.wanderer-photos.com/callback"]


def register(settings: Any, status: bytes, content: bytes) -> None:
    head = b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\n\r\n"
    with serve(answer(head + content)) as (port, _requests):
        settings.IDP = {**settings.IDP, "OUTBOUND_ALLOWED_HOSTS": [f"127.0.0.1:{port}"]}
        register_itself(
            {
                "client_name": "Wanderer",
                "redirect_uris": URIS,
                "subject_type": "pairwise",
                "sector_identifier_uri": f"http://127.0.0.1:{port}/sector",
            }
        )


def test_a_document_that_lists_every_address_lets_the_client_in(settings: Any) -> None:
    register(settings, b"200 OK", json.dumps([*URIS, "https://c.example/callback"]).encode())
    assert ClientPolicy.objects.get().subject_type == "pairwise"


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (b"200 OK", json.dumps(URIS[:1]).encode()),
        (b"200 OK", b'{"a": 1}'),
        (b"200 OK", b"[" * 10_000),
        (b"200 OK", b"[[], 1, null]"),
        (b"404 Not Found", json.dumps(URIS).encode()),
    ],
)
def test_any_other_document_keeps_it_out(settings: Any, status: bytes, content: bytes) -> None:
    with pytest.raises(RegistrationRefused, match="does not list"):
        register(settings, status, content)
    assert not ClientPolicy.objects.exists()


def test_a_document_that_cannot_be_had_keeps_it_out(settings: Any) -> None:
    settings.IDP = {**settings.IDP, "OUTBOUND_ALLOWED_HOSTS": ["127.0.0.1:9"]}
    with pytest.raises(RegistrationRefused) as refused:
        register_itself(
            {
                "client_name": "Wanderer",
                "redirect_uris": URIS,
                "subject_type": "pairwise",
                "sector_identifier_uri": "http://127.0.0.1:9/sector",
            }
        )
    assert refused.value.error == "invalid_client_metadata"
