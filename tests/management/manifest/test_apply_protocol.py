"""Applying what a client says of keys, identifiers, tokens and logout."""

from __future__ import annotations

import pytest

from idp.management.manifest.apply import apply_manifest
from idp.management.manifest.export import export_manifest
from idp.models import Api, ClientPolicy

pytestmark = pytest.mark.django_db

FILE = """
[[apis]]
identifier = "https://api.shop-photos.com/photos"
name = "Photos"
access_token_format = "jwt"

[[clients]]
client_id = "pairwise"
client_name = "Pairwise"
kind = "web"
redirect_uris = ["https://a.shop-photos.com/callback", "https://b.shop-photos.com/callback"]
secrets = [{ label = "main", env = "SECRET" }]
subject_type = "pairwise"
sector_identifier_uri = "https://a.shop-photos.com/sector"
default_max_age = 0
userinfo_signed_response_alg = "ES256"
require_pushed_authorization_requests = true
nonce_instead_of_pkce = true
access_token_format = "jwt"
backchannel_logout_uri = "https://a.shop-photos.com:8443/logout"
backchannel_logout_session_required = true
"""


def apply(text, now, **options):
    environ = {"SECRET": "a-secret-of-at-least-thirty-two-characters"}
    return apply_manifest(text.encode(), environ=environ, now=now, **options).as_dict()


def test_what_a_file_says_of_the_protocol_is_stored_and_exported(now):
    outcome = apply(FILE, now)
    assert (outcome["errors"], outcome["warnings"]) == ([], [])
    policy = ClientPolicy.objects.get(application__client_id="pairwise")
    assert policy.source == ClientPolicy.Source.FILE
    assert (policy.subject_type, policy.default_max_age) == ("pairwise", 0)
    assert policy.backchannel_logout_uri == "https://a.shop-photos.com:8443/logout"
    assert Api.objects.get(name="Photos").access_token_format == "jwt"
    exported = export_manifest(now)
    assert "default_max_age = 0" in exported
    assert apply(exported, now)["changes"] == []


def test_a_dry_run_names_the_fields_that_would_change(now):
    apply(FILE, now)
    other = FILE.replace("default_max_age = 0", "default_max_age = 60").replace('"jwt"', '""')
    changes = apply(other, now, dry_run=True)["changes"]
    fields = {field for change in changes for field in change["fields"]}
    assert fields == {"default_max_age", "access_token_format"}


@pytest.mark.parametrize(
    ("before", "after", "key", "code"),
    [
        ('subject_type = "pairwise"', 'subject_type = "secret"', "subject_type", "unknown_value"),
        (
            'sector_identifier_uri = "https://a.shop-photos.com/sector"',
            "",
            "sector_identifier_uri",
            "sector_missing",
        ),
        (":8443/logout", ":8443/logout#part", "backchannel_logout_uri", "outbound_url"),
        (
            "default_max_age = 0",
            'token_endpoint_auth_method = "private_key_jwt"',
            "token_endpoint_auth_method",
            "keys_missing",
        ),
    ],
)
def test_what_breaks_a_rule_is_told_at_its_key(now, before, after, key, code):
    assert before in FILE
    errors = apply(FILE.replace(before, after), now)["errors"]
    assert (key, code) in {(error["key"], error["code"]) for error in errors}
    assert not ClientPolicy.objects.exists()
