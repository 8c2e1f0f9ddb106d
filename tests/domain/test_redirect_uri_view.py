from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.redirect_uri import differing_component, is_on_device, return_host, shorten

KNOWN = ["https://app.example.com/cb?a=1", "http://127.0.0.1:80/cb", "com.example.app:/cb"]


@pytest.mark.parametrize(
    ("requested", "component"),
    [
        ("http://app.example.com/cb?a=1", "scheme"),
        ("HTTPS://app.example.com/cb?a=1", "scheme"),
        ("https://u@app.example.com/cb?a=1", "userinfo"),
        ("https://evil.com/cb?a=1", "host"),
        ("https://app.example.com:443/cb?a=1", "port"),
        ("https://app.example.com/cb/?a=1", "path"),
        ("https://app.example.com/cb?a=2", "query"),
        ("https://app.example.com/cb", "query"),
        ("https://app.example.com/cb?a=1#", "fragment"),
        ("https://app.example.com/cb?a=1#x\n", "fragment"),
        ("http://127.0.0.1:81/cb", "port"),
        ("http://127.0.0.1:80/other", "path"),
        ("com.example.app:/other", "path"),
        ("https://app.example.com/cb?a=1\n", "syntax"),
        (" https://app.example.com/cb?a=1", "syntax"),
        ("", "syntax"),
        ("https://app.example.com/cb?a=1", "none"),
    ],
)
def test_the_component_that_differs_from_the_closest_uri_is_named(
    requested: str, component: str
) -> None:
    assert differing_component(requested, KNOWN) == component


def test_nothing_registered_is_said_as_such() -> None:
    assert differing_component("https://app.example.com/cb", []) == "registered"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://app.example.com/cb", "https://app.example.com/cb"),
        ("a\r\nb\x00\t\x1b[0m", r"a\r\nb\x00\t\x1b[0m"),
        ("a\\n", r"a\\n"),
        ("\u202eü\U0001f600", r"\u202e\xfc\U0001f600"),
        ("\ud800", r"\ud800"),
        ("", ""),
    ],
)
def test_a_value_is_escaped_for_logs(text: str, shown: str) -> None:
    assert shorten(text) == shown


@given(st.text(alphabet=st.characters(), max_size=300), st.integers(1, 200))
def test_a_shortened_value_is_one_printable_line_within_its_limit(text: str, limit: int) -> None:
    kept, _, left_out = shorten(text, limit).partition("… (+")
    assert len(kept) <= limit
    assert kept.isascii()
    assert kept.isprintable()
    assert bool(left_out) is (kept != text.encode("unicode_escape").decode())


def test_a_megabyte_is_shortened_to_a_line() -> None:
    assert len(shorten("\x00" * 10**6)) < 140
    assert shorten("a" * 130, 120) == "a" * 120 + "… (+10)"


@pytest.mark.parametrize(
    ("text", "on_device", "host"),
    [
        ("https://App.example.com:8443/cb", False, "app.example.com"),
        ("https://xn--pple-43d.com/cb", False, "xn--pple-43d.com"),
        ("https://app.example.com@evil.com/", False, "evil.com"),
        ("http://127.0.0.1:8080/cb", True, ""),
        ("http://[::1]/cb", True, ""),
        ("http://localhost:3000/cb", True, ""),
        ("https://[::ffff:127.0.0.1]/cb", True, ""),
        ("com.example.app:/cb", True, ""),
        ("https://localhost.example.com/", False, "localhost.example.com"),
        ("/cb", False, ""),
        ("", False, ""),
    ],
)
def test_the_consent_page_learns_where_the_answer_goes(
    *, text: str, on_device: bool, host: str
) -> None:
    assert is_on_device(text) is on_device
    assert return_host(text) == host


@given(st.text())
def test_no_text_raises(text: str) -> None:
    assert isinstance(is_on_device(text), bool)
    assert return_host(text).isascii() or "…" in return_host(text)
    assert differing_component(text, [text, "https://app.example.com/"])
