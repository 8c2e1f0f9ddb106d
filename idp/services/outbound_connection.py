"""One HTTP exchange over one connection to one judged address, under one deadline."""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPResponse
from typing import Any

from idp.domain.address import inside
from idp.domain.outbound import Target

HEADER_ALLOWANCE = 64 * 1024


class BodyTooLarge(Exception):
    """The answer is longer than the caller wants to read."""


def connect(target: Target, address: str, deadline: float) -> socket.socket:
    """Return a connection to an address, with TLS in the target's name where it is https.

    Raises:
        TimeoutError: the deadline passed.
        OSError: nobody answers there, or the certificate is not the target's.
    """
    plain = socket.create_connection((address, target.port), timeout=_left(deadline))
    if target.scheme != "https":
        return plain
    try:
        # The peer is asked again, so that a change of the connecting code cannot outrun the guard.
        if not target.listed and inside(str(plain.getpeername()[0])):
            raise OSError("connected to an address that was not judged")
        plain.settimeout(_left(deadline))
        return _tls().wrap_socket(plain, server_hostname=target.name)
    except BaseException:
        plain.close()
        raise


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what may come back.

    Attributes:
        target: where it goes.
        method: HTTP method.
        headers: all of them, ``Host`` included.
        body: content, or None.
        limit_bytes: longest body that is read.
        deadline: monotonic time at which all must be over.
    """

    target: Target
    method: str
    headers: Mapping[str, str]
    body: bytes | None
    limit_bytes: int
    deadline: float

    def run(self, connected: socket.socket) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers in lower case, and body.

        Raises:
            TimeoutError: the deadline passed.
            BodyTooLarge: the answer is longer than the limit, or its headers are absurdly long.
            OSError: the connection broke, or the certificate is not the host's.
            http.client.HTTPException: what came back is not HTTP.
        """
        # The library sends and parses; it never opens a connection of its own.
        http = HTTPConnection(self.target.name, self.target.port)
        http.auto_open = 0
        line = _Line(connected, self.deadline, self.limit_bytes + HEADER_ALLOWANCE)
        http.sock = line
        http.putrequest(self.method, self.target.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            http.putheader(name, value)
        if self.body is not None:
            http.putheader("Content-Length", str(len(self.body)))
        http.endheaders(self.body)
        with http.getresponse() as response:
            headers = {name.lower(): value for name, value in response.getheaders()}
            return response.status, headers, self._body(response)

    def _body(self, response: HTTPResponse) -> bytes:
        if response.length is not None and response.length > self.limit_bytes:
            raise BodyTooLarge
        pieces = bytearray()
        while piece := response.read(min(16_384, self.limit_bytes + 1 - len(pieces))):
            pieces += piece
            if len(pieces) > self.limit_bytes:
                raise BodyTooLarge
        if response.length:
            raise OSError("the answer ended early")
        return bytes(pieces)


class _Line:
    """A socket as the library uses it, every single read and write within what time is left."""

    def __init__(self, connected: socket.socket, deadline: float, allowance: int) -> None:
        self._socket, self._deadline, self._allowance = connected, deadline, allowance

    def sendall(self, data: Any) -> None:
        view = memoryview(data)
        while view:
            self._socket.settimeout(_left(self._deadline))
            view = view[self._socket.send(view) :]

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Bytes(self._socket, self._deadline, self._allowance))

    def close(self) -> None:
        """Leave the socket to the one who opened it."""


class _Bytes(io.RawIOBase):
    """What comes in, up to an allowance of bytes and a point in time."""

    def __init__(self, connected: socket.socket, deadline: float, allowance: int) -> None:
        super().__init__()
        self._socket, self._deadline, self._allowance = connected, deadline, allowance

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._socket.settimeout(_left(self._deadline))
        count = self._socket.recv_into(buffer)
        self._allowance -= count
        if self._allowance < 0:
            raise BodyTooLarge
        return count


def _left(deadline: float) -> float:
    """Return the seconds left, never 0, which a socket takes for "no waiting at all"."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
