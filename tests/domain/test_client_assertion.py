"""The claims by which a client authenticates with its own key."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.client_assertion import MAX_AHEAD, SKEW, Assertion, judge, read
from idp.domain.decision import Reason
from tests.conftest import NOON

ISSUER = "https://idp.example.com/o"
TOKEN = f"{ISSUER}/token/"
SECONDS = int(NOON.timestamp())
GOOD = {"iss": "client", "sub": "client", "aud": ISSUER, "jti": "one", "exp": SECONDS + 60}
AHEAD, LATE = int(MAX_AHEAD.total_seconds()), int(SKEW.total_seconds())


def part(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def assertion(header: Any = None, claims: Any = None) -> str:
    return f"{part(header or {'alg': 'ES256'})}.{part(claims or GOOD)}.c2ln"


def fault(client_id: str = "", **changes: Any) -> str:
    claims = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    found = read(assertion(claims=claims))
    assert isinstance(found, Assertion)
    reason = judge(found, client_id=client_id, audiences={ISSUER, TOKEN}, now=NOON)
    return reason.code if reason else ""


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"aud": TOKEN},
        {"aud": [ISSUER]},
        {"aud": [TOKEN, ISSUER]},
        {"exp": SECONDS + AHEAD},
        {"exp": SECONDS - LATE + 1},
        {"exp": SECONDS + 60.5},
        {"iat": SECONDS, "nbf": SECONDS},
        {"iat": SECONDS + LATE},
        {"client_id": "client"},
    ],
)
def test_good_claims_authenticate(changes: dict[str, Any]) -> None:
    assert not fault(**changes)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": "other"}, "assertion_subject"),
        ({"iss": None}, "assertion_subject"),
        ({"sub": None}, "assertion_subject"),
        ({"sub": 7, "iss": 7}, "assertion_subject"),
        ({"sub": "", "iss": ""}, "assertion_subject"),
        ({"client_id": "other"}, "assertion_other_client"),
        ({"aud": None}, "assertion_audience"),
        ({"aud": []}, "assertion_audience"),
        ({"aud": {ISSUER: 1}}, "assertion_audience"),
        ({"aud": ISSUER + "/"}, "assertion_audience"),
        ({"aud": ISSUER.upper()}, "assertion_audience"),
        ({"aud": "https://other.example.com"}, "assertion_audience"),
        ({"aud": [ISSUER, "https://other.example.com"]}, "assertion_audience"),
        ({"aud": [ISSUER, None]}, "assertion_audience"),
        ({"jti": None}, "assertion_jti"),
        ({"jti": ""}, "assertion_jti"),
        ({"jti": 5}, "assertion_jti"),
        ({"jti": "x" * 256}, "assertion_jti"),
        ({"exp": None}, "assertion_exp_missing"),
        ({"exp": "soon"}, "assertion_exp_missing"),
        ({"exp": True}, "assertion_exp_missing"),
        ({"exp": SECONDS - LATE}, "assertion_expired"),
        ({"exp": SECONDS + AHEAD + LATE + 1}, "assertion_too_long"),
        ({"exp": 10**300}, "assertion_too_long"),
        ({"iat": SECONDS + LATE + 1}, "assertion_not_yet"),
        ({"nbf": SECONDS + LATE + 1}, "assertion_not_yet"),
        ({"nbf": "now"}, "assertion_not_yet"),
    ],
)
def test_a_claim_that_breaks_a_rule_is_named(changes: dict[str, Any], code: str) -> None:
    assert fault(**changes) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "assertion_unreadable"),
        ("a.b", "assertion_unreadable"),
        ("a.b.c", "assertion_unreadable"),
        (assertion().rpartition(".")[0] + ".", "assertion_unreadable"),
        (assertion() + "x" * 16_000, "assertion_unreadable"),
        (assertion(claims="[]"), "assertion_unreadable"),
        (assertion(claims='{"exp": NaN}'), "assertion_unreadable"),
        (assertion(claims='{"sub": "a", "sub": "b"}'), "assertion_unreadable"),
        (assertion(claims="[" * 9000), "assertion_unreadable"),
        (assertion({"alg": "none"}), "assertion_algorithm"),
        (assertion({"alg": "HS256"}), "assertion_algorithm"),
        (assertion({"alg": "ES384"}), "assertion_algorithm"),
        (assertion({"alg": ["ES256"]}), "assertion_algorithm"),
        (assertion({"typ": "JWT"}), "assertion_algorithm"),
        (assertion({"alg": "ES256", "crit": ["exp"]}), "assertion_header"),
        (assertion({"alg": "ES256", "b64": False}), "assertion_header"),
        (assertion({"alg": "ES256", "typ": "at+jwt"}), "assertion_header"),
        (assertion({"alg": "ES256", "typ": "logout+jwt"}), "assertion_header"),
        (assertion({"alg": "ES256", "kid": 7}), "assertion_header"),
    ],
)
def test_what_is_no_assertion_is_not_read(text: str, code: str) -> None:
    found = read(text)
    assert isinstance(found, Reason)
    assert found.code == code
    assert found.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), JSON, min_size=1))
def test_whatever_else_the_claims_say_they_end_soon_or_are_refused(changes: dict[str, Any]) -> None:
    found = read(assertion(claims={**GOOD, **changes}))
    assert isinstance(found, Reason) or (
        judge(found, client_id="", audiences={ISSUER}, now=NOON) is not None
        or NOON < found.usable_until <= NOON + MAX_AHEAD + timedelta(minutes=1)
    )


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading(text: str) -> None:
    assert isinstance(read(text), Reason)
