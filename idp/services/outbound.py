"""Requests that the provider sends to addresses that others chose, behind one guard.

The guard of server-side request forgery: a URL is judged, its host is resolved once, every address
is judged, and the connection goes to a judged address, so that a name that resolves differently a
moment later gains nothing. No redirects, no proxies or credentials from the environment, no
cookies, one time limit for all of it, and a limit in bytes while reading.
"""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException

from django.db import connection, transaction

from idp.conf import idp_settings
from idp.domain.decision import Reason, Severity
from idp.domain.outbound import Target, judge, judge_address
from idp.services.outbound_connection import BodyTooLarge, Exchange, connect

logger = logging.getLogger("idp.outbound")

TIMEOUT_SECONDS = 5.0
LIMIT_BYTES = 64 * 1024
MOST_ADDRESSES = 4
MOST_LOOKUPS = 16

# Bounded because the system's resolver knows no time limit, and a slow name server is cheap.
_lookups = threading.BoundedSemaphore(MOST_LOOKUPS)


class OutboundError(Exception):
    """An outgoing request was refused or failed; ``reason`` says why, without the answer's text."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer, whatever its status.

    Attributes:
        status: HTTP status.
        headers: names in lower case; the last of several wins.
        body: at most the allowed number of bytes.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """Return the media type in lower case without parameters, or an empty text."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def fetch(
    url: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    accept: str = "application/json",
    limit_bytes: int = LIMIT_BYTES,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Fetched:
    """Send one request through the guard and return the answer; a redirect is an answer too.

    Args:
        url: https URL on port 443 or 8443 of a public server, or one whose ``host:port`` is in
            ``IDP["OUTBOUND_ALLOWED_HOSTS"]``, which may be private, on any port and plain http.
        method: ``GET`` or ``POST``.
        body: content of a POST.
        headers: beside ``Host``, ``Accept``, ``User-Agent``, ``Content-Length``.
        accept: value of the ``Accept`` header.
        limit_bytes: longest body that is read.
        timeout_seconds: for the whole of it: name, connection, TLS, sending, and the last byte.

    Raises:
        OutboundError: the address is refused, or nothing useful came back in time.
        RuntimeError: a transaction is open, whose locks would be held while a stranger answers.
    """
    _refuse_in_transaction()
    deadline = time.monotonic() + timeout_seconds
    target = judge(url, idp_settings.outbound_allowed_hosts)
    if isinstance(target, Reason):
        raise OutboundError(target)
    exchange = Exchange(
        target=target,
        method=method,
        headers={
            "Host": target.authority,
            "Accept": accept,
            "Accept-Encoding": "identity",
            "User-Agent": "django-idp",
            "Connection": "close",
            **(headers or {}),
        },
        body=body,
        limit_bytes=limit_bytes,
        deadline=deadline,
    )
    return _send(exchange, _resolve(target, deadline))


def _send(exchange: Exchange, addresses: list[str]) -> Fetched:
    """Return the answer of the first address that takes the connection."""
    failure = _failed("outbound_unreachable", "The server could not be reached.")
    for address in addresses[:MOST_ADDRESSES]:
        try:
            plain = connect(exchange.target, address, exchange.deadline)
        except TimeoutError:
            break
        except ssl.SSLError:
            raise _failed("outbound_tls", "The server's certificate is not in order.") from None
        except OSError:
            continue
        with plain:
            return Fetched(*_converse(exchange, plain))
    raise failure if time.monotonic() < exchange.deadline else _late()


def _converse(exchange: Exchange, plain: socket.socket) -> tuple[int, dict[str, str], bytes]:
    try:
        status, headers, body = exchange.run(plain)
    except TimeoutError:
        raise _late() from None
    except BodyTooLarge:
        raise _failed(
            "outbound_too_large",
            "The answer is longer than %(limit)s bytes.",
            limit=exchange.limit_bytes,
        ) from None
    except (HTTPException, OSError, ValueError) as error:
        raise _failed(
            "outbound_failed",
            "The connection or the answer was faulty (%(kind)s).",
            kind=type(error).__name__,
        ) from None
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise _failed("outbound_encoding", "The answer is encoded although that was not accepted.")
    return status, headers, body


def _resolve(target: Target, deadline: float) -> list[str]:
    """Return the addresses of a host, asked for once; one bad address refuses them all."""
    found = _look_up(target, deadline)
    if not target.listed:
        for address in found:
            reason = judge_address(address)
            if reason is not None:
                raise OutboundError(reason)
    return found


def _look_up(target: Target, deadline: float) -> list[str]:
    """Return the addresses that the system's resolver knows; whatever it does, no other error.

    Raises:
        OutboundError: there is none, or none in time.
    """
    found: list[str] = []

    def ask() -> None:
        try:
            infos = socket.getaddrinfo(target.name, target.port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(info[4][0]) for info in infos))
        except (OSError, UnicodeError):
            found.clear()
        except Exception:
            # Whatever a stranger's name server made the resolver do, the host is unknown.
            found.clear()
            logger.exception("looking %r up failed", target.name)
        finally:
            _lookups.release()

    if not _lookups.acquire(timeout=max(0.0, deadline - time.monotonic())):
        raise _busy()
    thread = threading.Thread(target=ask, name="idp-outbound-lookup", daemon=True)
    try:
        thread.start()
    except RuntimeError:  # the system has no thread left
        _lookups.release()
        raise _busy() from None
    thread.join(max(0.0, deadline - time.monotonic()))
    if thread.is_alive():
        raise _late()
    if not found:
        raise _failed("outbound_unknown_host", "The host has no address.")
    return found


def _busy() -> OutboundError:
    return _failed("outbound_busy", "Too many names are being looked up at once.")


def _refuse_in_transaction() -> None:
    """Refuse to wait inside a transaction, but for the one that the site opens for each request."""
    blocks = [block for block in connection.atomic_blocks if not _of_a_test(block)]
    if connection.settings_dict.get("ATOMIC_REQUESTS"):
        blocks = blocks[1:]
    if blocks:
        raise RuntimeError("an outgoing request was made inside a transaction")


def _of_a_test(block: transaction.Atomic) -> bool:
    return bool(getattr(block, "_from_testcase", False))


def _late() -> OutboundError:
    return _failed("outbound_timeout", "The server did not answer in time.")


def _failed(code: str, text: str, **params: object) -> OutboundError:
    return OutboundError(Reason(code, Severity.ERROR, text, params=params))
