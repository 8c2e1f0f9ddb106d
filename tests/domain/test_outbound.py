from __future__ import annotations

import pytest

from idp.domain.decision import Reason
from idp.domain.outbound import Target, judge

LISTED = ("127.0.0.1:9000", "Rp.internal:80", "[::1]:9443")


@pytest.mark.parametrize(
    ("url", "authority", "path"),
    [
        ("https://rp.example.com", "rp.example.com", "/"),
        ("HTTPS://RP.example.com:443/a/b?c=d", "rp.example.com", "/a/b?c=d"),
        ("https://rp.example.com:8443/x?", "rp.example.com:8443", "/x?"),
        ("https://8.8.8.8/", "8.8.8.8", "/"),
        ("https://[2606:4700::1111]/", "[2606:4700::1111]", "/"),
        ("http://127.0.0.1:9000/x", "127.0.0.1:9000", "/x"),
        ("http://rp.INTERNAL/x", "rp.internal", "/x"),
        ("https://[::1]:9443/x", "[::1]:9443", "/x"),
    ],
)
def test_good_addresses_become_a_target(url: str, authority: str, path: str) -> None:
    target = judge(url, LISTED)

    assert isinstance(target, Target)
    assert (target.authority, target.path) == (authority, path)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://rp.example.com/", "outbound_plain"),
        ("http://127.0.0.1:9001/", "outbound_plain"),
        ("https://127.0.0.1:9001/", "outbound_port"),
        ("https://127.0.0.1/", "outbound_private"),
        ("https://[::1]/", "outbound_private"),
        ("https://[::ffff:7f00:1]/", "outbound_private"),
        ("https://rp.example.com:22/", "outbound_port"),
        ("https://rp.example.com:0443/", "outbound_host"),
        ("https://rp.example.com:/", "outbound_host"),
        ("https://2130706433/", "outbound_host"),
        ("https://0x7f.1/", "outbound_host"),
        ("https://127.1/", "outbound_host"),
        ("https://127.0.0.1./", "outbound_host"),
        ("https://[fe80::1%25eth0]/", "outbound_url"),
        ("https://me:secret@rp.example.com/", "outbound_credentials"),
        ("https://@rp.example.com/", "outbound_credentials"),
        ("https://rp.example.com\\@127.0.0.1/", "outbound_url"),
        ("https://rp.example.com/#fragment", "outbound_url"),
        ("https://rp.example.com/\r\nHost: x", "outbound_url"),
        ("https://rp.example.com/a b", "outbound_url"),
        ("https://r\u0440.example.com/", "outbound_url"),
        ("https:///x", "outbound_host"),
        ("file:///etc/passwd", "outbound_url"),
        ("gopher://127.0.0.1:9000/", "outbound_url"),
        ("https://rp.example.com/" + "a" * 2_000, "outbound_url"),
        ("", "outbound_url"),
    ],
)
def test_other_addresses_are_refused_by_name(url: str, code: str) -> None:
    reason = judge(url, LISTED)

    assert isinstance(reason, Reason)
    assert reason.code == code
    assert reason.message
