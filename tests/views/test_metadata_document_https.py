"""A metadata document fetched by https from a server outside, through the guard of all requests."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from idp.conf import application_model
from idp.models import ClientPolicy
from idp.services import outbound_connection
from tests.factories import make_user
from tests.requirement import requirement
from tests.services.outbound_server import Act, answer, certificate, serve
from tests.services.test_outbound import names
from tests.views.flow import Flow
from tests.views.token_reader import id_token

pytestmark = pytest.mark.django_db

HOST = "app.wanderer-photos.com"
CALLBACK = f"https://{HOST}/callback"


def message(body: bytes, kind: str = "application/json", status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nCache-Control: max-age=600\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def document(client_id: str, **changes: Any) -> bytes:
    given = {"client_id": client_id, "client_name": "Wanderer", "redirect_uris": [CALLBACK]}
    return json.dumps({**given, **changes}).encode()


@pytest.fixture
def outside(
    settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[..., Any]]:
    """Return a context with a server of another certificate authority, in whose name we look."""
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "CIMD_ENABLED": True}
    path, tls = certificate(HOST, tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    names(monkeypatch, **{HOST.replace(".", "_"): ["127.0.0.1"] * 9})
    outbound_connection._tls.cache_clear()

    @contextmanager
    def serving(act: Act, *, listed: bool = True) -> Iterator[tuple[str, list[bytes]]]:
        with serve(act, tls) as (port, requests):
            hosts = [f"{HOST}:{port}"] if listed else []
            settings.IDP = {**settings.IDP, "OUTBOUND_ALLOWED_HOSTS": hosts}
            yield f"https://{HOST}:{port}/client.json", requests

    yield serving
    outbound_connection._tls.cache_clear()


def echo(peer: socket.socket, request: bytes) -> None:
    """Serve the document of whatever address is asked for."""
    path = request.split(b" ")[1].decode()
    host = request.partition(b"Host: ")[2].partition(b"\r\n")[0].decode()
    peer.sendall(message(document(f"https://{host}{path}")))


def flow(client_id: str) -> Flow:
    client = SimpleNamespace(client_id=client_id, redirect_uris=CALLBACK, plain_secret=None)
    return Flow(client, make_user())


@requirement("OAuth Client ID Metadata Document §4", "The document is fetched from its address.")
def test_a_client_that_the_site_never_saw_signs_somebody_in(outside: Any, clock: Any) -> None:
    with outside(echo) as (address, requests):
        one = flow(address)
        tokens = one.tokens()
        assert id_token(tokens)["aud"] == address
        assert one.start().status_code == 200
        assert len(requests) == 1, "kept for as long as its server says"
        clock.shift(601)
        assert one.start().status_code == 200
        assert len(requests) == 2
    (first, _second) = requests
    assert first.startswith(b"GET /client.json HTTP/1.1\r\n")
    assert b"Accept: application/json" in first
    assert b"Cookie" not in first
    assert ClientPolicy.objects.get().source == "document"


@requirement("OAuth Client ID Metadata Document §6", "What is not a document makes no client.")
@pytest.mark.parametrize(
    "content",
    [
        message(b"", status="302 Found\r\nLocation: https://elsewhere.example/client.json"),
        message(b"not found", status="404 Not Found"),
        message(b"<html></html>", "text/html"),
        message(b"[]"),
        message(b"{" * 100_000),
        message(b"x" * 20_000),
        message(document("https://other.example/client.json")),
        b"HTTP/1.1 200 OK\r\n",
    ],
    ids=["moved", "gone", "a page", "a list", "no JSON", "too long", "another's", "cut off"],
)
def test_what_is_no_document_leaves_the_client_unknown(outside: Any, content: bytes) -> None:
    with outside(answer(content)) as (address, requests):
        one = flow(address)
        assert one.start().status_code == 400
        assert one.start().status_code == 400
        assert len(requests) == 1, "and is not asked for again at once"
    assert not application_model().objects.exists()


@requirement("OAuth Client ID Metadata Document §6", "Private addresses are never asked.")
def test_a_host_inside_that_is_not_listed_is_never_asked(outside: Any) -> None:
    with outside(echo, listed=False) as (address, requests):
        assert flow(address).start().status_code == 400
        assert requests == []


@requirement("OAuth Client ID Metadata Document §6", "The server proves its name.")
def test_a_server_that_nobody_vouches_for_is_not_believed(
    outside: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with outside(echo) as (address, requests):
        assert flow(address).start().status_code == 400
        assert requests == []
