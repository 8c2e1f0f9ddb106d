from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain import origin
from idp.domain.decision import Severity

ORIGIN = "https://app.example.com"


def errors_of(text: str, kind: str = "spa", environment: str = "production") -> set[str]:
    return {reason.code for reason in origin.inspect(text, kind, environment) if reason.is_error}


@pytest.mark.parametrize(
    "text",
    [
        ORIGIN,
        f"{ORIGIN}:8443",
        "http://127.0.0.1:5173",
        "http://[::1]:5173",
        "https://xn--bcher-kva.example.com",
    ],
)
def test_an_origin_matches_itself(text: str) -> None:
    assert origin.match(text, text)


@pytest.mark.parametrize(
    "requested",
    [
        "",
        "null",
        "*",
        "http://app.example.com",
        "HTTPS://app.example.com",
        "https://APP.example.com",
        "https://app.example.com/",
        "https://app.example.com:443",
        "https://app.example.com:",
        "https://app.example.com.",
        "https://app.example.com.evil.com",
        "https://evilapp.example.com",
        "https://x.app.example.com",
        "https://app.example.com@evil.com",
        "https://app.example.com ",
        " https://app.example.com",
        "https://app.example.com\n",
        "https://app.example.com, https://evil.com",
        "https://app.example.com https://evil.com",
        "https://app.example.com\x00",
        "https://аpp.example.com",
    ],
)
def test_anything_else_does_not_match(requested: str) -> None:
    assert not origin.match(requested, ORIGIN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "*",
        "app.example.com",
        "https://app.example.com/",
        "https://app.example.com?",
        "https://app.example.com#",
        "https://u@app.example.com",
        "https://app.example.com:443",
        "https://App.example.com",
        "https://",
        "file://",
        "com.example.app://x",
        "https://app.example.com\n",
    ],
)
def test_a_registered_text_that_is_no_origin_matches_nothing_not_even_itself(text: str) -> None:
    assert not origin.match(text, text)


@pytest.mark.parametrize(
    ("text", "kind", "environment"),
    [
        (ORIGIN, "spa", "production"),
        (f"{ORIGIN}:8443", "web", "production"),
        (ORIGIN, "service", "production"),
        ("http://127.0.0.1:5173", "spa", "development"),
        ("http://localhost:5173", "spa", "development"),
        ("http://[::1]:5173", "web", "development"),
        ("http://127.0.0.1", "native", "production"),
        ("http://[::1]:1234", "agent", "production"),
        ("https://app.test", "spa", "development"),
    ],
)
def test_an_origin_of_the_right_form_and_place_passes(
    text: str, kind: str, environment: str
) -> None:
    assert not errors_of(text, kind, environment)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "origin_opaque"),
        ("null", "origin_opaque"),
        ("app.example.com", "origin_not_web"),
        ("com.example.app://x", "origin_not_web"),
        ("chrome-extension://abc", "origin_not_web"),
        ("file://", "origin_not_web"),
        ("*", "wildcard"),
        ("https://*.example.com", "wildcard"),
        (f"{ORIGIN}/", "origin_with_path"),
        (f"{ORIGIN}/cb", "origin_with_path"),
        (f"{ORIGIN}?", "origin_with_path"),
        (f"{ORIGIN}#", "fragment"),
        (f"{ORIGIN}:443", "origin_not_serialized"),
        ("https://APP.example.com", "origin_not_serialized"),
        ("HTTPS://app.example.com", "origin_not_serialized"),
        (f"{ORIGIN}:", "port_invalid"),
        (f"{ORIGIN}:0", "port_invalid"),
        (f"{ORIGIN}.", "host_trailing_dot"),
        ("https://u@app.example.com", "userinfo"),
        ("http://app.example.com", "https_required"),
        ("http://127.0.0.1:5173", "loopback_in_production"),
        ("http://localhost:5173", "loopback_in_production"),
        ("https://10.0.0.1", "private_address"),
        ("https://app.test", "reserved_name"),
        ("https://2130706433", "host_numeric"),
        ("https://bücher.example.com", "non_ascii"),
        (f"{ORIGIN} ", "space"),
        (f"{ORIGIN}\n", "control_character"),
        ("https:\\\\app.example.com", "backslash"),
        ("https:app.example.com", "host_missing"),
    ],
)
def test_anything_else_is_refused_with_its_reason(text: str, code: str) -> None:
    assert code in errors_of(text)


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}/",
        f"{ORIGIN}/cb?x#y",
        f"{ORIGIN}:443",
        f"{ORIGIN}.",
        "https://APP.example.com",
        "http://app.example.com",
        "app.example.com",
        f" {ORIGIN}",
    ],
)
def test_the_origin_that_is_meant_is_suggested(text: str) -> None:
    found = origin.inspect(text)
    assert {reason.suggestion for reason in found if reason.is_error} == {ORIGIN}


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("https://app.example.com/cb?x=1", ORIGIN),
        ("HTTPS://APP.example.com:443/", ORIGIN),
        ("https://app.example.com:8443/cb", f"{ORIGIN}:8443"),
        ("http://127.0.0.1:80/cb", "http://127.0.0.1"),
        ("http://[::1]:3000/cb", "http://[::1]:3000"),
        ("com.example.app:/cb", None),
        ("https:///cb", None),
        ("/cb", None),
        ("", None),
    ],
)
def test_the_origin_of_a_redirect_uri_is_what_browsers_send(uri: str, expected: str | None) -> None:
    assert origin.of(uri) == expected


@given(st.text() | st.text().map("https://{}".format), st.sampled_from(["spa", "native", "x"]))
def test_no_text_raises_and_every_passing_origin_matches_itself(text: str, kind: str) -> None:
    found = origin.inspect(text, kind)
    assert all(reason.text % reason.params for reason in found)
    assert origin.match(text, text) or any(r.severity is Severity.ERROR for r in found)
