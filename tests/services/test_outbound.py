from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import transaction

from idp.services import outbound_connection
from idp.services.outbound import MOST_LOOKUPS, OutboundError, fetch
from tests.requirement import requirement
from tests.services.outbound_server import OK, Act, answer, certificate, serve

pytestmark = pytest.mark.django_db

REAL_LOOKUP = socket.getaddrinfo


@contextmanager
def listed(settings: Any, act: Act, **options: Any) -> Iterator[tuple[str, list[bytes]]]:
    with serve(act, **options) as (port, requests):
        settings.IDP = {**settings.IDP, "OUTBOUND_ALLOWED_HOSTS": [f"127.0.0.1:{port}"]}
        yield f"http://127.0.0.1:{port}/path?query=1", requests


def refused(url: str, **options: Any) -> str:
    with pytest.raises(OutboundError) as caught:
        fetch(url, **options)
    return caught.value.reason.code


def names(monkeypatch: pytest.MonkeyPatch, **addresses: list[str]) -> list[str]:
    """Let names lead to addresses, and return the list of lookups that were made."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        known = addresses.get(host.replace(".", "_"))
        if known is None:
            return REAL_LOOKUP(host, port, *args, **kwargs)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (known.pop(0), port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_listed_host_is_asked_without_cookies_or_redirects(settings: Any) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with listed(settings, answer(moved)) as (url, requests):
        found = fetch(url, method="POST", body=b"a=b", headers={"Content-Type": "text/plain"})

    assert (found.status, found.headers["location"]) == (302, "http://127.0.0.1:1/")
    (request,) = requests
    assert request.startswith(b"POST /path?query=1 HTTP/1.1\r\n")
    assert request.endswith(b"Content-Type: text/plain\r\nContent-Length: 3\r\n\r\na=b")
    assert b"Cookie" not in request


@requirement("RFC 7591 §5", "Nothing inside is asked for what a client names.")
@requirement("OAuth Client ID Metadata Document §6", "Private addresses are never asked.")
def test_private_hosts_that_are_not_listed_are_never_connected_to(settings: Any) -> None:
    with serve(answer(OK)) as (port, requests):
        assert refused(f"http://127.0.0.1:{port}/") == "outbound_plain"
        assert refused(f"https://127.0.0.1:{port}/") == "outbound_port"
        assert refused("https://127.0.0.1/") == "outbound_private"
        assert refused("https://localhost:8443/") == "outbound_private"

    assert requests == []


def test_a_name_with_one_private_address_is_refused_altogether(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ("8.8.8.8", "10.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: both)

    assert refused("https://rp.example.com/") == "outbound_private"


@requirement("RFC 7591 §5", "A name cannot change its address between judgement and use.")
def test_a_name_is_looked_up_once_so_that_it_cannot_change_its_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = names(monkeypatch, rp_example_com=["192.168.0.1", "8.8.8.8"])

    assert refused("https://rp.example.com/") == "outbound_private"
    assert asked == ["rp.example.com"]


def test_the_connection_goes_to_the_address_that_was_judged(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(answer(OK)) as (port, requests):
        settings.IDP = {**settings.IDP, "OUTBOUND_ALLOWED_HOSTS": [f"rp.example.com:{port}"]}
        asked = names(monkeypatch, rp_example_com=["127.0.0.1", "10.9.9.9"])
        found = fetch(f"http://rp.example.com:{port}/")

    assert found.body == b"{}"
    assert asked == ["rp.example.com"]
    assert f"Host: rp.example.com:{port}".encode() in requests[0]


def test_tls_is_verified_in_the_name_of_the_host(
    settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path, tls = certificate("rp.example.com", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    outbound_connection._tls.cache_clear()
    try:
        with serve(answer(OK), tls) as (port, _requests):
            hosts = [f"rp.example.com:{port}", f"other.example.com:{port}"]
            settings.IDP = {**settings.IDP, "OUTBOUND_ALLOWED_HOSTS": hosts}
            names(monkeypatch, rp_example_com=["127.0.0.1"], other_example_com=["127.0.0.1"])

            assert fetch(f"https://rp.example.com:{port}/").media_type == "application/json"
            assert refused(f"https://other.example.com:{port}/") == "outbound_tls"
    finally:
        outbound_connection._tls.cache_clear()


def _drip(peer: socket.socket, _request: bytes) -> None:
    peer.sendall(b"HTTP/1.1 200 OK\r\n")
    for _ in range(60):
        peer.sendall(b"X: y\r\n")
        time.sleep(0.05)


def test_a_server_that_sends_a_little_now_and_then_cannot_hold_the_request(settings: Any) -> None:
    with listed(settings, _drip) as (url, _requests):
        start = time.monotonic()
        assert refused(url, timeout_seconds=0.3) == "outbound_timeout"

    assert time.monotonic() - start < 1


def test_a_slow_name_server_cannot_hold_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: time.sleep(1) or [])
    start = time.monotonic()

    assert refused("https://rp.example.com/", timeout_seconds=0.2) == "outbound_timeout"
    assert time.monotonic() - start < 0.8


def _cut_off(*_args: Any, **_kwargs: Any) -> list[Any]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 443)), (2, 1)]


@pytest.mark.parametrize(
    "answered",
    [
        OSError("down"),
        UnicodeError("label"),
        ValueError("embedded null character"),
        MemoryError(),
        RecursionError(),
        [],
        [()],
        [(2, 1, 6, "", ())],
        None,
        _cut_off,
    ],
)
def test_whatever_the_resolver_does_the_host_is_unknown(
    monkeypatch: pytest.MonkeyPatch, answered: Any
) -> None:
    def getaddrinfo(*args: Any, **kwargs: Any) -> Any:
        if isinstance(answered, Exception):
            raise answered
        return answered(*args, **kwargs) if callable(answered) else answered

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    for _again in range(MOST_LOOKUPS + 1):  # no failure keeps a place
        assert refused("https://rp.example.com/", timeout_seconds=1) == "outbound_unknown_host"


def test_a_system_without_threads_is_busy_and_keeps_no_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    names(monkeypatch, rp_example_com=["10.0.0.1"])
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        for _again in range(MOST_LOOKUPS + 1):
            assert refused("https://rp.example.com/", timeout_seconds=0.2) == "outbound_busy"
    assert refused("https://rp.example.com/") == "outbound_private"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", "outbound_too_large"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 101, "outbound_too_large"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + b"x" * 101 + b"\r\n",
            "outbound_too_large",
        ),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 9_000, "outbound_too_large"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "outbound_failed"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nxx", "outbound_encoding"),
        (b"SSH-2.0-server\r\n", "outbound_failed"),
        (b"", "outbound_failed"),
    ],
)
def test_faulty_and_oversized_answers_are_refused(settings: Any, content: bytes, code: str) -> None:
    with listed(settings, answer(content)) as (url, _requests):
        assert refused(url, limit_bytes=100) == code


def test_a_body_of_just_the_limit_is_read(settings: Any) -> None:
    with listed(settings, answer(b"HTTP/1.1 404 No\r\n\r\n" + b"x" * 100)) as (url, _requests):
        found = fetch(url, limit_bytes=100)

    assert (found.status, len(found.body)) == (404, 100)


def test_a_server_that_is_not_there_is_unreachable(settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    settings.IDP = {**settings.IDP, "OUTBOUND_ALLOWED_HOSTS": [f"127.0.0.1:{port}"]}

    assert refused(f"https://127.0.0.1:{port}/") == "outbound_unreachable"


def test_nobody_waits_for_strangers_inside_a_transaction(settings: Any) -> None:
    with (
        listed(settings, answer(OK)) as (url, requests),
        pytest.raises(RuntimeError, match="inside a transaction"),
        transaction.atomic(),
    ):
        fetch(url)

    assert requests == []


@pytest.mark.parametrize(
    "value", ["127.0.0.1:80", ["127.0.0.1"], ["rp.example.com"], ["a b:80"], [80], ["x:0"]]
)
def test_a_wrong_list_of_hosts_is_an_error_of_the_site(settings: Any, value: Any) -> None:
    settings.IDP = {**settings.IDP, "OUTBOUND_ALLOWED_HOSTS": value}

    assert "idp.E002" in {message.id for message in run_checks()}
