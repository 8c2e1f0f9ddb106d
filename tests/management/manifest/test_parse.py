"""Reading a file: every wrong key and type is named, all at once, and nothing raises."""

from __future__ import annotations

import tomllib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.toml import dumps
from idp.management.manifest.parse import parse

CLIENT = """
[[clients]]
client_id = "photo-print"
client_name = "Photo Print"
kind = "web"
"""


def problems(text):
    _manifest, found = parse(text.encode())
    return [(each.entry, each.id, each.key, each.code) for each in found]


def test_a_whole_file_is_read():
    manifest, found = parse(
        b"""
        [[apis]]
        identifier = "https://api.example.com/photos"
        name = "Photos"
        resource_servers = ["photos-backend"]

        [[policies]]
        name = "sensitive"
        users = { groups = ["staff"], permission = "photos.view", check = "site.tenants.may" }
        grant_types = ["authorization_code"]
        consent_lifetime = 7776000
        optional = true

        [[scopes]]
        name = "photos:read"
        api = "https://api.example.com/photos"
        policy = "sensitive"
        implies = ["photos:list"]
        text.en = { title = "See your photos", description = "All albums." }
        text.pt-br = { title = "Ver suas fotos" }

        [[clients]]
        client_id = "photo-print"
        client_name = "Photo Print"
        kind = "web"
        scopes = { required = ["openid"], optional = ["photos:read"], default = ["openid"] }
        secrets = [{ label = "main", env = "PHOTO_PRINT_SECRET" }]
        contacts = ["ops@example.com"]
        """
    )
    assert found == []
    assert manifest.apis[0].resource_servers == ("photos-backend",)
    values = manifest.policies[0].values
    assert (values["groups"], values["permission"]) == (["staff"], "photos.view")
    assert values["consent_lifetime"] == timedelta(days=90)
    assert values["refresh"]
    assert manifest.scopes[0].text["pt-br"].title == "Ver suas fotos"
    client = manifest.clients[0]
    assert client.spec.scopes["openid"] == ("required", True)
    assert client.spec.scopes["photos:read"] == ("optional", False)
    assert (client.secrets[0].label, client.secrets[0].env) == ("main", "PHOTO_PRINT_SECRET")
    assert manifest.named["clients"] == {"photo-print"}


def test_an_empty_file_is_fine_and_has_no_sections():
    manifest, found = parse(b"")
    assert found == []
    assert manifest.named == {}


def test_a_section_can_be_there_and_empty():
    manifest, found = parse(b"clients = []")
    assert found == []
    assert manifest.named == {"clients": frozenset()}


@pytest.mark.parametrize(
    ("text", "key", "code"),
    [
        ("redirect_urls = []", "redirect_urls", "unknown_key"),
        ("redirect_uris = 'https://a.example'", "redirect_uris", "wrong_type"),
        ("redirect_uris = [1]", "redirect_uris", "wrong_type"),
        ("verified = 'yes'", "verified", "wrong_type"),
        ("verified = 1", "verified", "wrong_type"),
        ("consent_lifetime = true", "consent_lifetime", "wrong_type"),
        ("consent_lifetime = 1.5", "consent_lifetime", "wrong_type"),
        ("consent_lifetime = 0", "consent_lifetime", "wrong_type"),
        ("consent_lifetime = 999999999999999999", "consent_lifetime", "wrong_type"),
        ("scopes = ['a']", "scopes", "wrong_type"),
        ("scopes = { needed = ['a'] }", "scopes.needed", "unknown_key"),
        ("scopes = { required = 'a' }", "scopes.required", "wrong_type"),
        (
            "scopes = { required = ['a'], optional = ['a'] }",
            "scopes.optional",
            "required_and_optional",
        ),
        ("secrets = [{ env = 'X' }]", "secrets[0].label", "missing_key"),
        ("secrets = [{ label = 'a', value = 'x' }]", "secrets[0].value", "unknown_key"),
        ("secrets = [{ label = 'a' }, { label = 'a' }]", "secrets[1].label", "duplicate_label"),
        ("secrets = ['a']", "secrets", "wrong_type"),
        ("initiate_login_uri = 'https://a.example'", "initiate_login_uri", "not_supported"),
        ("jwks = 'https://a.example/jwks'", "jwks", "wrong_type"),
        ("default_max_age = -1", "default_max_age", "wrong_type"),
        ("default_max_age = true", "default_max_age", "wrong_type"),
        (
            "require_pushed_authorization_requests = 1",
            "require_pushed_authorization_requests",
            "wrong_type",
        ),
        ('software_id = "a\\u0000b"', "software_id", "wrong_type"),
        ('software_id = "a\\u202eb"', "software_id", "wrong_type"),
    ],
)
def test_a_wrong_key_of_a_client_is_named(text, key, code):
    assert problems(CLIENT + text) == [("clients[0]", "photo-print", key, code)]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[[scopes]]\nname = 'a'", ("scopes[0]", "a", "api", "missing_key")),
        ("[[apis]]\nidentifier = 'x:y'", ("apis[0]", "x:y", "name", "missing_key")),
        ("[[policies]]\nname = 5", ("policies[0]", "", "name", "wrong_type")),
        ("[[policies]]\nname = 'a'\nlevel = 1", ("policies[0]", "a", "level", "unknown_key")),
        (
            "[[policies]]\nname = 'a'\nusers = { group = ['b'] }",
            ("policies[0]", "a", "users.group", "unknown_key"),
        ),
        (
            "[[scopes]]\nname = 'a'\napi = 'x:y'\ntext.en = { title = ' ' }",
            ("scopes[0]", "a", "text.en.title", "wrong_type"),
        ),
        (
            "[[scopes]]\nname = 'a'\napi = 'x:y'\ntext.en = { description = 'b' }",
            ("scopes[0]", "a", "text.en.title", "missing_key"),
        ),
        (
            "[[scopes]]\nname = 'a'\napi = 'x:y'\ntext.English = { title = 'b' }",
            ("scopes[0]", "a", "text.English", "bad_language"),
        ),
        ("[[applications]]\nname = 'a'", ("", "", "applications", "unknown_key")),
        ("clients = 5", ("", "", "clients", "wrong_type")),
        (CLIENT + CLIENT, ("clients[1]", "photo-print", "client_id", "duplicate_entry")),
    ],
)
def test_a_wrong_key_elsewhere_is_named(text, where):
    assert where in problems(text)


def test_all_problems_come_at_once():
    text = "[[scopes]]\nnaem = 'a'\n[[clients]]\nkind = 5\n[[policies]]\nname = 'a'\noptional = 1"
    found = {(entry, key) for entry, _id, key, _code in problems(text)}
    assert found == {
        ("scopes[0]", "naem"),
        ("scopes[0]", "name"),
        ("scopes[0]", "api"),
        ("clients[0]", "client_id"),
        ("clients[0]", "client_name"),
        ("clients[0]", "kind"),
        ("policies[0]", "optional"),
    }


@pytest.mark.parametrize("data", [b"a = ", b"\xff\xfe", b"a = 1\na = 2", b"a = " + b"[" * 5000])
def test_what_is_not_toml_is_one_problem(data):
    manifest, [problem] = parse(data)
    assert problem.code == "invalid_toml"
    assert manifest.clients == ()


def test_text_with_joiners_and_direction_marks_is_read():
    _manifest, found = parse(
        "[[scopes]]\nname = 'a'\napi = 'x:y'\ntext.fa = { title = 'می\u200cخواهم\u200f' }".encode()
    )
    assert found == []


@given(st.binary(max_size=200))
def test_no_bytes_raise(data):
    parse(data)


CHARACTERS = st.characters(exclude_categories=["Cs"])
KEYS = st.text(CHARACTERS, max_size=8)
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(CHARACTERS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=4), min_size=1, max_size=3))
def test_what_is_written_reads_back_the_same(entries):
    assert tomllib.loads(dumps({"clients": entries})) == {"clients": entries}


@given(st.dictionaries(KEYS, VALUES, max_size=6), st.sampled_from(["clients", "scopes", "apis"]))
def test_no_entry_raises(entry, section):
    _manifest, found = parse(dumps({section: [entry]}).encode())
    assert found
