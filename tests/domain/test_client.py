"""What a kind of client may and must do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idp.domain.client import DEVICE_CODE, KINDS, Kind, RedirectUse, inspect_client, standing
from tests.domain.scope_factory import client

URI = ["https://app.example/callback"]
USES_REDIRECTS = [k for k in Kind if KINDS[k].redirect_uris is RedirectUse.REQUIRED]
USES_NONE = [k for k in Kind if KINDS[k].redirect_uris is RedirectUse.FORBIDDEN]


def codes(kind, **facts):
    return [reason.code for reason in inspect_client(kind=kind, **facts)]


def test_every_kind_has_rules_that_agree_with_themselves():
    assert set(KINDS) == set(Kind)
    for rules in KINDS.values():
        assert rules.grant_types <= rules.allowed_grant_types
        assert rules.default_auth_method in rules.auth_methods
        assert rules.pkce_required or not rules.public or DEVICE_CODE in rules.grant_types
        assert rules.rotate_refresh_tokens or not rules.public
        with_code = "authorization_code" in rules.allowed_grant_types
        assert with_code == (rules.redirect_uris is RedirectUse.REQUIRED)


@pytest.mark.parametrize("kind", Kind)
def test_a_client_that_names_nothing_gets_what_its_kind_implies(kind):
    assert codes(kind, redirect_uris=URI if kind in USES_REDIRECTS else []) == []


def test_which_kinds_keep_a_secret():
    public = {kind for kind in Kind if KINDS[kind].public}
    assert public == {Kind.SPA, Kind.NATIVE, Kind.DEVICE, Kind.AGENT}


@pytest.mark.parametrize("kind", USES_REDIRECTS)
def test_a_client_with_a_browser_needs_a_redirect_uri(kind):
    assert codes(kind) == ["redirect_uris_missing"]


def test_one_that_uses_no_authorization_code_does_not():
    assert codes("web", grant_types=["client_credentials"]) == []


@pytest.mark.parametrize("kind", USES_NONE)
def test_a_client_without_a_browser_has_no_redirect_uris(kind):
    assert codes(kind, redirect_uris=URI) == ["redirect_uris_not_for_kind"]


METHODS = [
    ("spa", "client_secret_basic", ["auth_method_not_allowed"]),
    ("native", "client_secret_post", ["auth_method_not_allowed"]),
    ("web", "none", ["auth_method_not_allowed"]),
    ("web", "client_secret_jwt", ["auth_method_not_allowed"]),
    ("web", "client_secret_post", []),
    ("agent", "client_secret_basic", []),
    ("web", "private_key_jwt", ["keys_missing"]),
]


@pytest.mark.parametrize(("kind", "method", "expected"), METHODS)
def test_how_a_client_may_authenticate(kind, method, expected):
    assert codes(kind, token_endpoint_auth_method=method, redirect_uris=URI) == expected


def test_a_client_with_keys_may_sign():
    facts = {"token_endpoint_auth_method": "private_key_jwt", "has_keys": True}
    assert codes("service", **facts) == []


GRANTS = [
    ("web", ["authorization_code", "refresh_token", "client_credentials", DEVICE_CODE], []),
    ("web", ["authorization_code", "implicit"], ["insecure_grant_type"]),
    ("web", ["authorization_code", "password"], ["insecure_grant_type"]),
    ("web", [], ["grant_types_missing"]),
    ("web", ["refresh_token"], ["refresh_token_without_source"]),
    ("web", ["refresh_token", "client_credentials"], ["refresh_token_without_source"]),
    ("spa", ["authorization_code", "client_credentials"],
     ["grant_type_not_for_kind", "client_credentials_without_secret"]),
    ("agent", ["authorization_code", "client_credentials"], ["client_credentials_without_secret"]),
    ("native", ["authorization_code", DEVICE_CODE], []),
    ("spa", ["authorization_code", "urn:x"], ["grant_type_not_for_kind"]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "grants", "expected"), GRANTS)
def test_which_grant_types_a_client_may_have(kind, grants, expected):
    assert codes(kind, grant_types=grants, redirect_uris=URI) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"first_party": True, "consent_mode": "implicit"}, []),
        ({"consent_mode": "always"}, []),
        ({"consent_mode": "implicit"}, ["implicit_consent_for_third_party"]),
        (
            {"first_party": True, "consent_mode": "implicit", "environment": "development"},
            ["implicit_consent_in_development"],
        ),
        ({"consent_mode": "never"}, ["unknown_consent_mode"]),
        ({"environment": "staging"}, ["unknown_environment"]),
    ],
)
def test_whose_consent_may_be_left_out(facts, expected):
    assert codes("web", redirect_uris=URI, **facts) == expected


def test_an_unknown_kind_is_named():
    (found,) = inspect_client(kind="toaster")
    assert (found.code, found.message) == ("unknown_kind", "There is no kind of client “toaster”.")


def test_every_finding_is_a_whole_sentence_with_its_clause():
    worst = inspect_client(
        kind="spa",
        environment="x",
        grant_types=["password", "client_credentials", "x"],
        token_endpoint_auth_method="none",
        consent_mode="implicit",
    )
    assert {r.code for r in worst} == {
        "insecure_grant_type",
        "grant_type_not_for_kind",
        "client_credentials_without_secret",
        "unknown_environment",
        "implicit_consent_for_third_party",
        "implicit_consent_in_development",
    }
    assert all(r.is_error and r.message.endswith(".") and r.reference for r in worst)


def test_how_far_a_client_is_trusted():
    plain = client()
    assert standing(plain) == "unverified"
    assert standing(replace(plain, verified=True)) == "verified"
    assert standing(replace(plain, verified=True, first_party=True)) == "first_party"
    assert standing(replace(plain, first_party=True, active=False)) == "disabled"
