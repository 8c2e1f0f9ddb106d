"""Sends requests to a site over kept-open connections, and counts the answers."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from benchmarks.endpoint import Call, Endpoint, Stock

CONNECTIONS = 4


@dataclass(frozen=True)
class Load:
    """What a round did."""

    requests: int
    seconds: float


class Connections:
    """A few connections to one port of this machine, one a thread."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._local = threading.local()
        self._threads = ThreadPoolExecutor(CONNECTIONS)

    def send(self, call: Call) -> bytes:
        """Return the body of an answer.

        Raises:
            RuntimeError: the answer is no success.
        """
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
            self._local.connection = connection
        connection.request(call.method, call.path, call.body or None, call.headers)
        response = connection.getresponse()
        body: bytes = response.read()
        if response.status != 200:
            raise RuntimeError(f"{call.method} {call.path}: {response.status} {body[:500]!r}")
        return body

    def run(self, endpoint: Endpoint, stock: Stock, *, seconds: float, limit: int) -> Load:
        """Send requests from all connections, for some seconds or until enough are sent."""
        budget = iter(range(limit))
        taking = threading.Lock()
        start = time.perf_counter()

        def work() -> int:
            sent = 0
            while time.perf_counter() - start < seconds:
                with taking:
                    if next(budget, None) is None:
                        break
                endpoint.keep(stock, self.send(endpoint.call(stock)))
                sent += 1
            return sent

        sent = sum(self._all(work))
        return Load(sent, time.perf_counter() - start)

    def _all(self, work: Callable[[], int]) -> list[int]:
        return [task.result() for task in [self._threads.submit(work) for _ in range(CONNECTIONS)]]
