"""What a client may say of its keys, its user identifiers and its logout."""

from __future__ import annotations

import pytest

from idp.domain.client_metadata import Metadata, inspect_metadata

KEYS = {"keys": []}
SIGNS = {"token_endpoint_auth_method": "private_key_jwt"}


def codes(**facts):
    allowed = facts.pop("allowed_hosts", ())
    return [
        (key, reason.code)
        for key, reason in inspect_metadata(Metadata(**facts), allowed_hosts=allowed)
    ]


def test_a_client_that_says_nothing_is_fine():
    assert codes() == []


def test_keys_come_by_value_or_by_address():
    assert codes(jwks=KEYS, **SIGNS) == []
    assert codes(jwks_uri="https://a.example/jwks", **SIGNS) == []
    both = codes(jwks=KEYS, jwks_uri="https://a.example/jwks", **SIGNS)
    assert both == [("jwks_uri", "keys_twice")]


def test_what_has_no_effect_is_only_a_warning():
    found = inspect_metadata(
        Metadata(
            jwks=KEYS,
            token_endpoint_auth_signing_alg="ES256",
            sector_identifier_uri="https://a.example/sector",
            backchannel_logout_session_required=True,
        )
    )
    assert {reason.code for _key, reason in found} == {
        "keys_without_use",
        "signature_without_use",
        "sector_without_pairwise",
        "logout_address_missing",
    }
    assert not any(reason.is_error for _key, reason in found)


def test_a_pairwise_client_of_several_hosts_names_its_sector():
    uris = ("https://a.example/cb", "https://b.example/cb")
    pairwise = {"subject_type": "pairwise", "redirect_uris": uris}
    assert codes(**pairwise) == [("sector_identifier_uri", "sector_missing")]
    assert codes(**pairwise, sector_identifier_uri="https://a.example/sector") == []
    assert codes(subject_type="pairwise", redirect_uris=uris[:1]) == []


@pytest.mark.parametrize("key", ["jwks_uri", "sector_identifier_uri", "backchannel_logout_uri"])
@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("http://a.example/x", "outbound_plain"),
        ("https://a.example/x#part", "outbound_url"),
        ("https://user@a.example/x", "outbound_credentials"),
        ("https://127.0.0.1/x", "outbound_private"),
        ("https://a.example:22/x", "outbound_port"),
        ("nonsense", "outbound_url"),
    ],
)
def test_an_address_that_would_never_be_asked_is_refused(key, address, code):
    facts = {**SIGNS, "subject_type": "pairwise", key: address}
    assert codes(**facts) == [(key, code)]


def test_a_port_may_be_written_and_a_listed_host_may_be_private():
    assert codes(backchannel_logout_uri="https://a.example:8443/logout") == []
    listed = {"backchannel_logout_uri": "http://127.0.0.1:9000/logout"}
    assert codes(**listed, allowed_hosts=("127.0.0.1:9000",)) == []


@pytest.mark.parametrize(
    ("seconds", "fine"), [(0, True), (3600, True), (-1, False), (2**31, False)]
)
def test_the_age_of_a_sign_in_is_bounded(seconds, fine):
    assert codes(default_max_age=seconds) == ([] if fine else [("default_max_age", "bad_max_age")])
