from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.address import inside, networks, plain

PUBLIC = ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::808:808"]
INNER = {
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "0.0.0.1": "this network",
    "10.1.2.3": "private",
    "172.16.0.1": "private",
    "192.168.1.1": "private",
    "169.254.169.254": "link-local",
    "100.64.0.1": "shared by a carrier",
    "224.0.0.1": "multicast",
    "255.255.255.255": "reserved",
    "198.51.100.7": "reserved",
    "::": "this network",
    "::1": "loopback",
    "::127.0.0.1": "a disguised IPv4 address",
    "::ffff:127.0.0.1": "a disguised IPv4 address",
    "::ffff:8.8.8.8": "a disguised IPv4 address",
    "2002:7f00:1::": "a disguised IPv4 address",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2": "a disguised IPv4 address",
    "64:ff9b::7f00:1": "loopback",
    "64:ff9b::a9fe:a9fe": "link-local",
    "64:ff9b:1::1": "a disguised IPv4 address",
    "fd00::1": "private",
    "fe80::1": "link-local",
    "fec0::1": "private",
    "ff02::1": "multicast",
    "2001:db8::1": "reserved",
    "4000::1": "reserved",
    "fe80::1%eth0": "bound to a network interface",
    "2606:4700::1111%eth0": "bound to a network interface",
    "localhost": "no address",
    "": "no address",
}


@pytest.mark.parametrize("text", PUBLIC)
def test_addresses_of_the_open_internet_are_open(text: str) -> None:
    assert inside(text) == ""


@pytest.mark.parametrize(("text", "kind"), INNER.items())
def test_inner_addresses_are_named(text: str, kind: str) -> None:
    assert inside(text) == kind


@given(st.ip_addresses())
def test_nothing_that_the_standard_library_calls_inner_is_open(found: object) -> None:
    address = ip_address(str(found))
    if not inside(str(found)) and not str(found).startswith("64:ff9b::"):
        assert address.is_global
        assert not address.is_multicast


@pytest.mark.parametrize(
    ("address", "around"),
    [
        ("203.0.113.9", "203.0.113.9/32 203.0.113.0/24"),
        ("::ffff:203.0.113.9", "203.0.113.9/32 203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64 2001:db8:1::/56 2001:db8:1::/48"),
        ("2001:db8:1:fffe::", "2001:db8:1:fffe::/64 2001:db8:1:ff00::/56 2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/64 fe80::/56 fe80::/48"),
        ("::1", "::/64 ::/56 ::/48"),
        ("unix:", "unix:"),
    ],
)
def test_a_sender_is_one_of_the_networks_around_the_address(address: str, around: str) -> None:
    assert networks(address) == tuple(around.split())


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[::1]", ""),
        ("unix:", ""),
        ("", ""),
    ],
)
def test_an_address_is_kept_in_one_form(text: str, kept: str) -> None:
    assert plain(text) == kept


def test_what_is_no_address_stands_for_itself() -> None:
    assert networks("") == ("",)
