"""Addresses that the provider itself may ask: what an outgoing request may be sent to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from idp.domain import host as hosts
from idp.domain import uri
from idp.domain.address import inside
from idp.domain.decision import Reason, Severity

PORTS = frozenset({443, 8443})
"""Where public servers of others may be asked; any other port must be listed by the operator."""

LONGEST_URL = 2_000
REFERENCE = "RFC 9700 §4.11; OWASP ASVS 5.0 §1.3.6"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes.

    Attributes:
        scheme: ``https``, or ``http`` for a listed host.
        host: name or address, with the brackets of an IPv6 literal, in lower case.
        port: 1 to 65535.
        path: path and query as written, never empty.
        listed: whether the operator lists host and port, so that it may be private.
    """

    scheme: str
    host: str
    port: int
    path: str
    listed: bool

    @property
    def name(self) -> str:
        """Return the host as a resolver and a certificate know it, without brackets."""
        return self.host.strip("[]")

    @property
    def authority(self) -> str:
        """Return the ``Host`` header (RFC 9110 §7.2)."""
        default = uri.DEFAULT_PORTS[self.scheme] == str(self.port)
        return self.host if default else f"{self.host}:{self.port}"


def judge(url: str, allowed_hosts: Iterable[str] = ()) -> Target | Reason:
    """Return where a request to a URL would go, or why none may be sent.

    Args:
        url: as a client registered it.
        allowed_hosts: ``host:port`` texts of the operator; these may be private and plain http.
    """
    parts = uri.split(url)
    scheme = (parts.scheme or "").lower()
    if len(url) > LONGEST_URL or not uri.is_absolute(url) or scheme not in uri.DEFAULT_PORTS:
        return _refused("outbound_url", "It is not an https address.")
    host = (parts.host or "").lower()
    if parts.userinfo is not None:
        return _refused("outbound_credentials", "An address to fetch carries no user name.")
    port = parts.port if parts.port is not None else uri.DEFAULT_PORTS[scheme]
    if not uri.is_port(port) or not (hosts.is_name(host) or hosts.address(host)):
        return _refused("outbound_host", "Its host or port is not well formed.")
    listed = f"{host}:{port}" in {entry.lower() for entry in allowed_hosts}
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query is not None else "")
    target = Target(scheme, host, int(port), path, listed)
    return target if listed else _open(target)


def judge_address(address: str) -> Reason | None:
    """Return why an address that a host resolved to may not be connected to, or None."""
    kind = inside(address)
    if not kind:
        return None
    text = "The host leads to an address that is not public (%(kind)s)."
    return _refused("outbound_private", text, kind=kind)


def _open(target: Target) -> Target | Reason:
    if target.scheme != "https":
        return _refused("outbound_plain", "Only https addresses are fetched.")
    if target.port not in PORTS:
        return _refused("outbound_port", "Only the ports %(ports)s are asked.", ports="443, 8443")
    if hosts.address(target.host) is not None:
        return judge_address(target.name) or target
    return target


def _refused(code: str, text: str, **params: object) -> Reason:
    return Reason(code, Severity.ERROR, text, REFERENCE, params)
