"""Subject identifiers: who a user is to one client, or to one sector of clients."""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from idp.domain.address import inside
from idp.domain.host import is_localhost

if TYPE_CHECKING:
    from collections.abc import Iterable


class SectorMissing(ValueError):
    """Redirect URIs of several hosts, and no ``sector_identifier_uri`` that holds them together.

    On the wire it is ``invalid_client_metadata`` (OpenID Registration §3.3).
    """


def sector(redirect_uris: Iterable[str], sector_identifier_uri: str = "") -> str:
    """Return the sector that a client's pairwise identifiers are made for.

    It is the host of ``sector_identifier_uri``, or else the one host of the redirect URIs. A
    private-use scheme stands for the host that it is the reverse of. Loopback addresses belong to
    every app on a device, and so to no sector.

    Args:
        redirect_uris: those that the client registered.
        sector_identifier_uri: of the client, or empty.

    Returns:
        An empty text for a client that has no host: it is a sector of its own.

    Raises:
        SectorMissing: there is more than one host, and no ``sector_identifier_uri``.

    Source: OpenID Connect Core §8.1.
    """
    if sector_identifier_uri:
        return _host(sector_identifier_uri)
    hosts = {host for host in map(_host, redirect_uris) if host}
    if len(hosts) > 1:
        raise SectorMissing(
            "pairwise subjects with redirect URIs of several hosts need a sector_identifier_uri"
        )
    return min(hosts, default="")


def pairwise(salt: bytes, sector_identifier: str, local: str) -> str:
    """Return a user's identifier for a sector; nobody without the salt can turn it round.

    Args:
        salt: secret of the provider that never changes.
        sector_identifier: see ``sector``; never empty.
        local: the user's identifier at the provider.

    Source: OpenID Connect Core §8.1.
    """
    told = f"{len(sector_identifier)}:{sector_identifier}{local}".encode()
    return base64.urlsafe_b64encode(hmac.digest(salt, told, "sha256")).decode("ascii").rstrip("=")


def _host(uri: str) -> str:
    """Return a host, or the scheme of a URI without one; empty for loopback and for no URI."""
    try:
        parts = urlsplit(uri)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return ""
    if not host:
        return "" if parts.scheme in {"", "http", "https"} else parts.scheme
    return "" if is_localhost(host) or inside(host) == "loopback" else host
