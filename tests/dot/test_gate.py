"""Raw parameters before anything else sees them."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote_plus

import pytest
from django.test import RequestFactory
from hypothesis import given, settings
from hypothesis import strategies as st

from idp.dot.gate import MAX_BODY, REPEATABLE, SHAPES, Endpoint, parse, read
from tests.requirement import defect, requirement
from tests.thorough import examples

FORM = "application/x-www-form-urlencoded"
BACK = (Endpoint.TOKEN, Endpoint.REVOCATION, Endpoint.INTROSPECTION)


def post(body: bytes = b"", content_type: str = FORM, **extra: Any) -> Any:
    return RequestFactory().generic("POST", "/x/", body, content_type, **extra)


def test_a_good_request_passes_as_it_is() -> None:
    submission = parse(b"client_id=a&state=x+y%2B&scope=openid+a&unknown=1")
    assert submission.values == {"client_id": "a", "state": "x y+", "scope": "openid a"}
    assert submission.first_fault is None
    assert submission.pairs == [("client_id", "a"), ("state", "x y+"), ("scope", "openid a")]


@requirement("RFC 6749 §3.1", "A parameter without a value is as if omitted.")
def test_a_parameter_without_a_value_is_left_out() -> None:
    assert parse(b"state=&nonce&scope=a").values == {"scope": "a"}


@defect(17)
@requirement("RFC 6749 §3.1", "Parameters come once.")
@pytest.mark.parametrize("name", sorted({*SHAPES, "unknown"} - REPEATABLE))
def test_a_parameter_that_comes_twice_is_a_fault_and_has_no_value(name: str) -> None:
    for raw in (f"{name}=1&{name}=1", f"{name}=1&{name}=", f"{name}&{name}"):
        submission = parse(raw.encode())
        assert submission.faults[name].error == "invalid_request"
        assert name not in submission.values


@requirement("RFC 8707 §2", "resource may come more than once.")
def test_resource_may_come_more_than_once() -> None:
    submission = parse(b"resource=https://a.example&resource=https://b.example")
    assert submission.resources == ("https://a.example", "https://b.example")
    assert submission.first_fault is None


@defect(16)
@pytest.mark.parametrize("name", sorted(SHAPES))
def test_a_value_beyond_its_length_is_a_fault(name: str) -> None:
    shape = SHAPES[name]
    fault = parse(f"{name}={'1' * (shape.limit + 1)}".encode()).faults[name]
    assert fault.error == shape.error
    assert name in fault.reason.message


@defect(16)
@pytest.mark.parametrize("bad", ["\x00", "a\x00", "\r\n", "a\tb", "\x1b[0m", "\x7f"])
def test_a_control_character_is_a_fault_in_every_parameter(bad: str) -> None:
    for name, shape in SHAPES.items():
        submission = parse(f"{name}={quote_plus(bad)}".encode())
        assert submission.faults[name].error == shape.error
        assert submission.get(name) == ""
        assert bad not in submission.faults[name].reason.message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("client_id", "é"),
        ("state", "\u202e"),
        ("nonce", "\U0001f4a9"),
        ("max_age", "-1"),
        ("max_age", "1.0"),
        ("max_age", "٣"),
        ("max_age", "+1"),
        ("prompt", "none  login"),
        ("prompt", " none"),
        ("code_verifier", "short"),
        ("code_verifier", "v" * 42 + "="),
        ("code_challenge", "a b"),
        ("response_type", "code "),
    ],
)
def test_a_value_of_another_shape_is_a_fault(name: str, value: str) -> None:
    assert name in parse(f"{name}={quote_plus(value)}".encode()).faults


@defect(16)
@requirement("RFC 6749 §B", "Parameters are form-encoded UTF-8.")
@pytest.mark.parametrize(
    "raw",
    [
        b"a=%",
        b"a=%zz",
        b"a=%ff",
        b"%ff=a",
        b"a=\xff",
        b"a=%c0%af",
        b"a=%ed%a0%80",
        b"a=%f5%80%80%80",
    ],
)
def test_what_is_not_a_form_in_utf_8_is_not_read_at_all(raw: bytes) -> None:
    submission = parse(b"client_id=x&" + raw)
    assert submission.unreadable is not None
    assert submission.values == {}


def test_too_much_is_not_read_at_all() -> None:
    assert parse(b"state=" + b"a" * MAX_BODY).unreadable is not None
    assert parse(b"&".join([b"a%d=1" % n for n in range(200)])).unreadable is not None


@requirement("RFC 6749 §3.2", "The token endpoint takes parameters in the body of a POST alone.")
@pytest.mark.parametrize("endpoint", BACK)
def test_a_back_channel_takes_a_form_in_the_body_and_nothing_else(endpoint: Endpoint) -> None:
    good = read(post(b"token=a"), endpoint)
    assert good.values == {"token": "a"}
    assert read(post(b"token=a", QUERY_STRING="token=b"), endpoint).unreadable is not None
    for content_type in ("application/json", "multipart/form-data; boundary=x", "text/plain", ""):
        assert read(post(b"token=a", content_type), endpoint).unreadable is not None


@pytest.mark.parametrize("content_type", [f"{FORM}; charset=utf-8", FORM.upper(), f" {FORM} ;x"])
def test_the_content_type_may_have_parameters_and_any_case(content_type: str) -> None:
    assert read(post(b"token=a", content_type), Endpoint.TOKEN).values == {"token": "a"}


@pytest.mark.parametrize("endpoint", [Endpoint.AUTHORIZATION, Endpoint.LOGOUT])
def test_a_front_channel_reads_the_body_of_a_post_and_ignores_its_query(endpoint: Endpoint) -> None:
    request = post(b"client_id=a", QUERY_STRING="client_id=b&state=c")
    assert read(request, endpoint).values == {"client_id": "a"}


def test_a_body_that_says_it_is_too_long_is_not_read() -> None:
    request = post(b"token=a", CONTENT_LENGTH=str(10**9))
    assert read(request, Endpoint.TOKEN).unreadable is not None


@pytest.mark.parametrize("length", ["x", " ", "1e3", "9" * 5_000])
def test_a_body_whose_length_is_no_number_is_not_read(length: str) -> None:
    assert read(post(b"token=a", CONTENT_LENGTH=length), Endpoint.TOKEN).unreadable is not None


@settings(max_examples=examples(300))
@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: text.encode()))
def test_nothing_that_is_sent_is_an_error_of_ours_or_passes_unshaped(raw: bytes) -> None:
    submission = parse(raw)
    assert not set(submission.values) & set(submission.faults)
    for name, value in submission.values.items():
        shape = SHAPES[name]
        assert 0 < len(value) <= shape.limit
        assert not any(char < " " or char == "\x7f" for char in value)
    if submission.unreadable:
        assert submission.pairs == []


def test_reading_takes_time_in_line_with_length() -> None:
    started = time.process_time()
    for raw in (b"%41" * 21_000, b"+" * 65_000, b"&" * 65_000, b"=" * 65_000, b"%" * 65_000):
        parse(b"state=" + raw)
    assert time.process_time() - started < 2
