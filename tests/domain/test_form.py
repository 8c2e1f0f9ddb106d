from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.form import FormError, FormFault, strict_form_decode

TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20)


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        (b"", []),
        (b"&", []),
        (b"a=1", [("a", "1")]),
        (b"a", [("a", "")]),
        (b"a=", [("a", "")]),
        (b"=1", [("", "1")]),
        (b"a=1&b=2&a=3", [("a", "1"), ("b", "2"), ("a", "3")]),
        (b"a=1&&b=2&", [("a", "1"), ("b", "2")]),
        (b"a=b=c", [("a", "b=c")]),
        (b"a=b;c=d", [("a", "b;c=d")]),
        (b"a=x+y", [("a", "x y")]),
        (b"a=x%2By", [("a", "x+y")]),
        (b"a+b=c", [("a b", "c")]),
        (b"a=%26%3D%25", [("a", "&=%")]),
        (b"a=%252F", [("a", "%2F")]),
        (b"a=%2f%2F", [("a", "//")]),
        (b"a=%C3%A4", [("a", "ä")]),
        ("a=ä".encode(), [("a", "ä")]),
        (b"a=%00", [("a", "\x00")]),
        (b"a=%0D%0A+", [("a", "\r\n ")]),
        (b" a = b ", [(" a ", " b ")]),
        (b"a=%EF%BB%BFx", [("a", "\ufeffx")]),
        (b"%72edirect_uri=x", [("redirect_uri", "x")]),
    ],
)
def test_a_form_is_decoded_once_in_order_with_repetitions(
    raw: bytes, fields: list[tuple[str, str]]
) -> None:
    assert strict_form_decode(raw) == fields


@pytest.mark.parametrize(
    "raw", [b"a=%", b"a=%2", b"a=%zz", b"a=%2x", b"%", b"a=%%20", b"a=%u002e", b"a=%+1", b"a=% 41"]
)
def test_a_malformed_escape_is_refused(raw: bytes) -> None:
    with pytest.raises(FormError) as refused:
        strict_form_decode(raw)
    assert refused.value.fault is FormFault.MALFORMED_ESCAPE


@pytest.mark.parametrize(
    "raw",
    [
        b"a=%C0%AF",
        b"a=%E0%80%AF",
        b"a=%FF",
        b"a=%E4",
        b"a=%ED%A0%80",
        b"a=%F4%90%80%80",
        b"a=\xe4",
        b"%C0=1",
        b"a=%C3&b=%A4",
    ],
)
def test_octets_that_are_not_utf8_are_refused(raw: bytes) -> None:
    with pytest.raises(FormError) as refused:
        strict_form_decode(raw)
    assert refused.value.fault is FormFault.NOT_UTF8


def test_too_many_fields_are_refused() -> None:
    assert len(strict_form_decode(b"a=1&" * 3, max_fields=3)) == 3
    with pytest.raises(FormError) as refused:
        strict_form_decode(b"a=1&" * 4, max_fields=3)
    assert refused.value.fault is FormFault.TOO_MANY_FIELDS


def test_a_refusal_is_a_value_error_that_repeats_no_value() -> None:
    with pytest.raises(ValueError, match=r"^malformed_escape$"):
        strict_form_decode(b"client_secret=s3cret%")


@given(st.lists(st.tuples(TEXT, TEXT), max_size=20))
def test_what_a_client_encodes_is_what_is_decoded(fields: list[tuple[str, str]]) -> None:
    assert strict_form_decode(urlencode(fields).encode()) == fields


@given(st.binary())
def test_any_bytes_are_decoded_or_refused(raw: bytes) -> None:
    try:
        fields = strict_form_decode(raw)
    except FormError:
        return
    assert strict_form_decode(urlencode(fields).encode()) == fields
