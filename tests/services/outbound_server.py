"""Small servers on the loopback interface, one answer a connection, with or without TLS."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

Act = Callable[[socket.socket, bytes], None]


def answer(content: bytes) -> Act:
    """Return an act that sends bytes and hangs up."""
    return lambda peer, _request: peer.sendall(content)


@contextmanager
def serve(act: Act, tls: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[bytes]]]:
    """Serve with an act until the block ends; yield the port, and the requests as they came."""
    listener = socket.create_server(("127.0.0.1", 0))
    requests: list[bytes] = []

    def run() -> None:
        while True:
            try:
                peer, _address = listener.accept()
            except OSError:
                return
            threading.Thread(target=_one, args=(peer, act, tls, requests), daemon=True).start()

    threading.Thread(target=run, daemon=True).start()
    try:
        yield listener.getsockname()[1], requests
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _one(peer: socket.socket, act: Act, tls: ssl.SSLContext | None, seen: list[bytes]) -> None:
    with peer:
        try:
            line = tls.wrap_socket(peer, server_side=True) if tls else peer
            with line:
                request = _whole(line)
                seen.append(request)
                act(line, request)
        except OSError:
            return


def _whole(line: socket.socket) -> bytes:
    request = line.recv(65_536)
    head, _gap, body = request.partition(b"\r\n\r\n")
    _before, _name, length = head.lower().partition(b"content-length: ")
    missing = int(length.partition(b"\r\n")[0] or 0) - len(body)
    while missing > 0 and (more := line.recv(missing)):
        request, missing = request + more, missing - len(more)
    return request


def certificate(name: str, folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Return the path of a certificate that vouches for itself, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path, key_path = folder / f"{name}.pem", folder / f"{name}.key"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key_path)
    return path, context
