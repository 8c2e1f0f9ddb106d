from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain import uri


@given(st.text() | st.from_regex(r"[a-z:/?#@\[\]0-9.%]{0,30}", fullmatch=True))
def test_components_put_together_again_give_the_same_text(text: str) -> None:
    assert uri.split(text).text() == text


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("https://a:1/", "a", "1"),
        ("https://a:/", "a", ""),
        ("https://a/", "a", None),
        ("https://[::1]:1/", "[::1]", "1"),
        ("https://[::1]/", "[::1]", None),
        ("https://[::1", "[::1", None),
        ("https://u:p@a:1/", "a", "1"),
        ("https://a@b@c/", "c", None),
        ("https:///x", "", None),
        ("https:/x", None, None),
    ],
)
def test_an_authority_is_cut_at_its_last_at_sign_and_last_colon(
    text: str, host: str | None, port: str | None
) -> None:
    parts = uri.split(text)
    assert (parts.host, parts.port) == (host, port)


@pytest.mark.parametrize(
    ("path", "resolved"),
    [
        ("/a/./b", "/a/b"),
        ("/a/../b", "/b"),
        ("/../../b", "/b"),
        ("/a/b/..", "/a/"),
        ("/a/.", "/a/"),
        ("/a/%2e%2E/b", "/b"),
        ("/a/..;x/b", "/b"),
        ("/..", "/"),
        ("", ""),
        ("/a//b", "/a//b"),
        ("..", ""),
    ],
)
def test_dot_segments_are_resolved_as_a_browser_does(path: str, resolved: str) -> None:
    assert uri.remove_dot_segments(path) == resolved


@pytest.mark.parametrize(
    ("text", "decoded"),
    [
        ("%C3%A4", "ä"),
        ("a%2Fb", "a/b"),
        ("%zz", "%zz"),
        ("%C0%AF", None),
        ("\ud800%41", None),
        ("+", "+"),
    ],
)
def test_text_is_decoded_once_or_not_at_all(text: str, decoded: str | None) -> None:
    assert uri.unquote(text) == decoded


@pytest.mark.parametrize(
    ("text", "valid"),
    [("1", True), ("65535", True), ("0", False), ("01", False), ("65536", False), ("", False),
     ("１", False), ("+1", False), ("1\n", False)],
)  # fmt: skip
def test_a_port_is_a_plain_decimal_number_in_range(*, text: str, valid: bool) -> None:
    assert uri.is_port(text) is valid
