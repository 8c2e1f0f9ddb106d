"""What a code challenge looks like, and who may do without one."""

from __future__ import annotations

from typing import Any

import pytest

from idp.domain import pkce
from idp.domain.decision import Reason

GOOD = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
LET_OFF = {"let_off": True, "public": False, "scope": "openid email", "nonce": "n"}


def code(found: Reason | None) -> str:
    return "" if found is None else found.code


@pytest.mark.parametrize(
    ("challenge", "method", "fault"),
    [
        (GOOD, "S256", ""),
        ("", "S256", "code_challenge_missing"),
        (GOOD, "plain", "code_challenge_method"),
        (GOOD, "", "code_challenge_method"),
        (GOOD[:-1], "S256", "code_challenge"),
        (GOOD[:-1] + "=", "S256", "code_challenge"),
    ],
)
def test_a_challenge_is_a_digest_by_s256(challenge: str, method: str, fault: str) -> None:
    assert code(pkce.fault(challenge, method)) == fault


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({}, ""),
        ({"let_off": False}, "code_challenge_missing"),
        ({"public": True}, "code_challenge_missing"),
        ({"nonce": ""}, "nonce_missing"),
        ({"scope": "email"}, "nonce_missing"),
        ({"scope": "openidx"}, "nonce_missing"),
        ({"scope": ""}, "nonce_missing"),
    ],
)
def test_a_nonce_stands_in_where_all_conditions_hold(changes: dict[str, Any], fault: str) -> None:
    assert code(pkce.without_challenge(**{**LET_OFF, **changes})) == fault


@pytest.mark.parametrize(
    ("kind", "method", "grant_types", "fits"),
    [
        ("web", "client_secret_basic", ["authorization_code"], True),
        ("web", "private_key_jwt", ["authorization_code", "refresh_token"], True),
        ("web", "none", ["authorization_code"], False),
        ("web", "client_secret_basic", ["client_credentials"], False),
        ("spa", "none", ["authorization_code"], False),
        ("native", "none", ["authorization_code"], False),
        ("agent", "client_secret_basic", ["authorization_code"], False),
        ("service", "client_secret_basic", ["client_credentials"], False),
        ("device", "client_secret_basic", ["refresh_token"], False),
    ],
)
def test_only_a_web_app_with_a_secret_can_be_let_off(
    kind: str,
    method: str,
    grant_types: list[str],
    fits: bool,  # noqa: FBT001
) -> None:
    assert (pkce.inspect_client(kind, method, grant_types) is None) is fits
