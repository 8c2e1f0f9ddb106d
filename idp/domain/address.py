"""IP addresses: which lie on the open internet, and which are one and the same sender's."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)

# Beside what the standard library calls global, which differs between its patch levels.
_INNER_V4 = {
    IPv4Network(network): kind
    for network, kind in {
        "0.0.0.0/8": "this network",
        "10.0.0.0/8": "private",
        "100.64.0.0/10": "shared by a carrier",
        "127.0.0.0/8": "loopback",
        "169.254.0.0/16": "link-local",
        "172.16.0.0/12": "private",
        "192.0.0.0/24": "reserved",
        "192.0.2.0/24": "reserved",
        "192.88.99.0/24": "reserved",
        "192.168.0.0/16": "private",
        "198.18.0.0/15": "reserved",
        "198.51.100.0/24": "reserved",
        "203.0.113.0/24": "reserved",
        "224.0.0.0/4": "multicast",
        "240.0.0.0/4": "reserved",
    }.items()
}
_INNER_V6 = {
    IPv6Network(network): kind
    for network, kind in {
        "::/128": "this network",
        "::1/128": "loopback",
        "::/96": "a disguised IPv4 address",
        "::ffff:0:0/96": "a disguised IPv4 address",
        "::ffff:0:0:0/96": "a disguised IPv4 address",
        "64:ff9b:1::/48": "a disguised IPv4 address",
        "2001::/32": "a disguised IPv4 address",
        "2002::/16": "a disguised IPv4 address",
        "2001::/23": "reserved",
        "2001:db8::/32": "reserved",
        "3fff::/20": "reserved",
        "fc00::/7": "private",
        "fe80::/10": "link-local",
        "fec0::/10": "private",
        "ff00::/8": "multicast",
    }.items()
}
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")


SENDER_BITS_V6 = (64, 56, 48)
"""How much of an IPv6 address says whose it is: nobody has less than the first, and providers hand
out the others to one customer as well."""
SENDER_BITS_V4 = (32, 24)


def networks(text: str) -> tuple[str, ...]:
    """Return what may stand for the sender at an address wherever senders are counted.

    The first is surely one sender's. The wider ones may be, or may hold many; so whoever limits
    senders grants the second two shares, and the third three.

    Args:
        text: an address; what is none stands for itself.

    Returns:
        The networks around the address, narrowest first.

    Source: RFC 4291 §2.5.4; RFC 6177 §2.
    """
    try:
        found = ip_address(text)
    except ValueError:
        return (text,)
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if isinstance(found, IPv4Address):
        around = (IPv4Network((int(found), bits), strict=False) for bits in SENDER_BITS_V4)
        return tuple(str(network) for network in around)
    wider = (IPv6Network((int(found), bits), strict=False) for bits in SENDER_BITS_V6)
    return tuple(str(network) for network in wider)


@lru_cache(maxsize=1024)
def plain(text: str) -> str:
    """Return an address in the one form in which it is kept, or an empty text where it is none.

    A mapped address is the IPv4 address that it carries, and a zone means nothing elsewhere.

    Source: RFC 4291 §2.5.5.2; RFC 4007 §11.
    """
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(found, "ipv4_mapped", None) or found)


def inside(text: str) -> str:
    """Return why an address is not on the open internet, or an empty text where it is.

    Deny by default: what is not known to be open is inside. IPv6 addresses that carry an IPv4
    address (mapped, compatible, 6to4, Teredo) are inside whatever they carry, because no public
    server has one; only the well-known prefix of NAT64, which is how a network without IPv4 sees
    all of the IPv4 internet, is judged by what it carries.

    Args:
        text: an address as a resolver returns it.

    Returns:
        One or a few English words, such as ``loopback``.

    Source: RFC 6890 and the IANA registries of special-purpose addresses; RFC 6052 §2.1.
    """
    if "%" in text:
        return "bound to a network interface"
    try:
        found = ip_address(text)
    except ValueError:
        return "no address"
    return _inside_v4(found) if isinstance(found, IPv4Address) else _inside_v6(found)


def _inside_v4(found: IPv4Address) -> str:
    for network, kind in _INNER_V4.items():
        if found in network:
            return kind
    return "" if found.is_global else "reserved"


def _inside_v6(found: IPv6Address) -> str:
    if found in _NAT64:
        return _inside_v4(IPv4Address(int(found) & 0xFFFFFFFF))
    for network, kind in _INNER_V6.items():
        if found in network:
            return kind
    return "" if found in _GLOBAL_UNICAST and found.is_global else "reserved"
