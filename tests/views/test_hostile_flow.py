"""Whatever odd value the authorization endpoint accepts, the flow that follows can be finished."""

from __future__ import annotations

import json
from typing import Any

import pytest

from idp.models import Authorization
from tests.factories import make_application, make_user
from tests.views.flow import Flow, location

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

ODD = (
    "\u202e\U0001f4a9\u2028",
    "'\" or 1=1 --<script>",
    "%00%ff{0}%(x)s",
    "x" * 255,
    " ",
    "{}",
    "9999999999",
)
CLAIMS = (
    '{"a": "\\\\u0000"}',
    '{"a": "\\u0000"}',
    '{"\\u0000": 1}',
    '{"a": "\\ud800"}',
    '{"\\udfff": 1}',
    '{"a": NaN}',
    '{"a": -Infinity}',
    '{"a": 1e400}',
    '{"a": %s}' % ("9" * 4_000),
    '{"a": %s}' % ("9" * 5_000),
    '{"a": %s}' % ("[" * 400 + "1" + "]" * 400),
    '{"a": %s}' % ("[" * 5_000 + "1" + "]" * 5_000),
    '{"id_token": [], "userinfo": 1}',
    '{"id_token": {"sub": {"value": [{}]}, "auth_time": 1}, "userinfo": {"email": "x"}}',
    '{"id_token": {"": null, "iss": {"essential": true}}}',
    "[]",
    "null",
    "\ufeff{}",
)
INSIDE = tuple(
    text.replace('{"a": ', '{"userinfo": {"email": {"value": ') + "}}"
    for text in CLAIMS
    if text.startswith('{"a": ')
)
"""The same values where they mean something."""


@pytest.fixture
def flow() -> Flow:
    return Flow(make_application("web", scopes=("openid", "email")), make_user("ada"))


def finished(flow: Flow, **changes: Any) -> str:
    """Go on until the client has tokens or an error; return the error."""
    response = flow.start("openid", **changes)
    if response.status_code == 200:
        response = flow.decide(response)
    answer = location(response)
    if "error" not in answer:
        tokens = flow.exchange(answer["code"])
        assert tokens.status_code == 200, tokens.content
        assert flow.refresh(tokens.json()["refresh_token"]).status_code == 200
    return answer.get("error", "")


def members(claims: dict[str, Any]) -> dict[str, Any]:
    """Return the members that are specified; others mean nothing to the client."""
    return {name: claims[name] for name in ("userinfo", "id_token") if claims.get(name)}


@pytest.mark.parametrize(
    "name",
    ["state", "nonce", "login_hint", "acr_values", "display", "ui_locales", "claims_locales"],
)
def test_an_odd_value_is_refused_at_once_or_carried_to_the_end(flow: Flow, name: str) -> None:
    for value in ODD:
        assert finished(flow, **{name: value}) in {"", "invalid_request", "login_required"}


def test_odd_claims_are_refused_at_once_or_carried_to_the_end(flow: Flow) -> None:
    outcomes = {text: finished(flow, claims=text) for text in (*CLAIMS, *INSIDE)}
    assert set(outcomes.values()) == {"", "invalid_request"}
    kept = [members(row.claims) for row in Authorization.objects.exclude(claims={})]
    accepted = [members(json.loads(text)) for text, error in outcomes.items() if not error]
    assert sorted(map(str, kept)) == sorted(str(claims) for claims in accepted if claims)


@pytest.mark.parametrize("text", ['{"a": "\\u0000"}', '{"a": "\\ud800"}', '{"a": NaN}'])
def test_claims_that_no_database_keeps_are_refused_before_anybody_is_asked(
    flow: Flow, text: str
) -> None:
    answer = location(flow.start(claims=text))
    assert answer["error"] == "invalid_request"
    assert (answer["state"], answer["iss"]) == ("st-1", "http://127.0.0.1:8000/o")


def test_the_longest_age_that_can_be_asked_for_is_not_too_long(flow: Flow) -> None:
    assert finished(flow, max_age="9999999999") == ""


def test_the_largest_number_of_resources_is_judged_at_once(flow: Flow) -> None:
    answer = location(flow.start(resource=[f"https://api{n}.example" for n in range(80)]))
    assert answer["error"] == "invalid_target"
