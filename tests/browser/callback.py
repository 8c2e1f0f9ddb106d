"""A client's callback as far as a browser sees it: an address of another origin that answers."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

PAGE = b"<!doctype html><title>client</title><link rel=icon href=data:,><h1>Back at the client</h1>"


class _Answer(BaseHTTPRequestHandler):
    """Answers with a page; ``/onward`` leads to a third origin first, as many clients do."""

    def do_GET(self) -> None:
        if self.path.startswith("/onward"):
            self.send_response(302)
            query = self.path.partition("?")[2]
            self.send_header(
                "Location", f"http://localhost:{self.server.server_port}/landed?{query}"
            )
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host: str) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, 0), _Answer)


@contextmanager
def callback_server(host: str = "127.0.0.1") -> Iterator[str]:
    """Serve callbacks on a loopback address, and yield its origin."""
    server = _Server(host)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        name = f"[{host}]" if ":" in host else host
        yield f"http://{name}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
