from __future__ import annotations

from ipaddress import ip_address

import can_ada
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain import host as hosts

NUMBER = st.sampled_from(
    ["0", "1", "9", "010", "08", "127", "255", "256", "0x", "0x7f", "0XFF", "65536", "16777215",
     "4294967295", "4294967296", "", "a"]
)  # fmt: skip


@given(st.lists(NUMBER, min_size=1, max_size=6).map(".".join))
def test_numeric_hosts_are_the_addresses_that_browsers_make_of_them(host: str) -> None:
    try:
        browser = can_ada.parse(f"https://{host}/").hostname
    except ValueError:
        browser = None
    if browser and hosts.ends_in_number(host):
        assert str(hosts.any_address(host)) == browser
    elif not browser:
        assert hosts.any_address(host) is None


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "8.8.8.8", "[::1]", "[2606:4700::1111]", "[fe80::1]", "[::ffff:7f00:1]"],
)
def test_a_canonical_literal_is_an_address(host: str) -> None:
    assert hosts.address(host) == ip_address(host.strip("[]"))


@pytest.mark.parametrize(
    "host",
    ["127.1", "0x7f.0.0.1", "127.0.0.01", "[::01]", "[::A]", "[::1%25lo]", "::1", "[::1", "[]", "",
     "１.1.1.1", "a.example", "[127.0.0.1]", "[::ffff:127.0.0.1]"],
)  # fmt: skip
def test_any_other_spelling_is_no_canonical_address(host: str) -> None:
    assert hosts.address(host) is None


@pytest.mark.parametrize(
    ("host", "own"),
    [("localhost", True), ("LocalHost", True), ("a.localhost", True), ("127.0.0.1", True),
     ("127.9.9.9", True), ("[::1]", True), ("[::ffff:127.0.0.1]", True), ("0x7f.1", True),
     ("localhost.example.com", False), ("notlocalhost", False), ("[::2]", False), ("", False),
     ("128.0.0.1", False)],
)  # fmt: skip
def test_the_users_own_machine_is_known_under_all_its_names(*, host: str, own: bool) -> None:
    assert hosts.is_loopback(host) is own


@pytest.mark.parametrize(
    ("host", "ascii_host"),
    [("bücher.example", "xn--bcher-kva.example"), ("ａ.example", "a.example"), ("a。b", "a.b"),
     ("evil.c℀.example", None), ("a b", None), ("", None), ("ä" * 300, None), ("\ud800", None),
     ("①.①", None)],
)  # fmt: skip
def test_a_name_is_mapped_to_ascii_or_refused(host: str, ascii_host: str | None) -> None:
    assert hosts.to_ascii(host) == ascii_host


@given(st.text())
def test_no_text_raises(text: str) -> None:
    hosts.is_name(text)
    hosts.is_loopback(text)
    hosts.looks_latin(text)
    assert hosts.address(text) in (None, hosts.any_address(text))
    assert hosts.to_unicode(text) is None or text.startswith("xn--")
    assert (hosts.to_ascii(text) or "").isascii()
