"""Public keys of clients, judged before they are stored or used."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from idp.domain.jwk import ALGORITHMS, MAX_KEYS, candidates, inspect_jwks
from tests.requirement import requirement

RSA = RSAKey.generate_key(2048)
EC = ECKey.generate_key("P-256")
ED = OKPKey.generate_key("Ed25519")


def public(key: Any, **members: Any) -> dict[str, Any]:
    return {**key.as_dict(private=False), **members}


def errors(*keys: Any) -> list[str]:
    return [reason.code for reason in inspect_jwks({"keys": list(keys)}) if reason.is_error]


def warnings(*keys: Any) -> list[str]:
    return [reason.code for reason in inspect_jwks({"keys": list(keys)}) if not reason.is_error]


def test_public_keys_of_each_kind_are_fine():
    assert not inspect_jwks({"keys": [public(RSA), public(EC), public(ED)]})


@requirement("RFC 7591 §2", "A client's key set holds public keys alone.")
@pytest.mark.parametrize("key", [RSA, EC, ED])
def test_a_private_key_is_an_error_beside_good_ones(key):
    found = errors(public(RSA), key.as_dict(private=True))

    assert found == ["private_key"]


def test_a_shared_secret_is_private():
    assert errors(OctKey.generate_key(256).as_dict(private=True)) == [
        "private_key",
        "no_usable_key",
    ]


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ({"kty": "XYZ"}, "key_type"),
        ({"kty": ["RSA"]}, "key_type"),
        ("text", "not_a_key"),
        (public(RSA, use="enc"), "key_use"),
        (public(RSA, key_ops=["encrypt"]), "key_use"),
        (public(RSA, key_ops=7), "key_use"),
        (public(RSA, alg="HS256"), "key_algorithm"),
        (public(EC, alg=["ES256"]), "key_algorithm"),
        (public(RSA, kid=""), "key_id"),
        (public(RSA, kid=5), "key_id"),
        (public(RSA, n="AQAC"), "key_value"),
        (public(RSA, n="AQ" + "AB" * 100 + "AB"), "key_size"),
        (public(RSA, e="AA"), "key_value"),
        (public(RSA, e="B" * 40), "key_value"),
        (public(RSA, n="§"), "key_value"),
        (public(EC, crv="P-384"), "key_curve"),
        (public(EC, x="AA"), "key_value"),
        (public(ED, crv="X25519"), "key_curve"),
    ],
)
def test_a_key_that_does_not_serve_only_warns_beside_one_that_does(key, code):
    assert warnings(public(ED), key) == [code]
    assert errors(public(ED), key) == []
    assert errors(key) == ["no_usable_key"]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "not_a_set"),
        ([], "not_a_set"),
        ({"keys": {}}, "not_a_set"),
        ({"keys": [], "extra": 1}, "number_of_keys"),
        ({"keys": [public(ED)] * (MAX_KEYS + 1)}, "number_of_keys"),
        ({"keys": [public(ED, x5c=["A" * 70_000])]}, "set_too_large"),
    ],
)
def test_what_is_no_set_is_one_error(value, code):
    assert [reason.code for reason in inspect_jwks(value)] == [code]
    assert candidates(value, "EdDSA", None) == []


def test_one_kid_twice_warns():
    assert warnings(public(EC, kid="a"), public(ED, kid="a")) == ["key_id_repeated"]


def test_a_key_is_chosen_by_algorithm_and_kid():
    nameless = {name: value for name, value in public(ED).items() if name != "kid"}
    keys = {"keys": [public(RSA, kid="r", alg="PS256"), public(EC, kid="e"), nameless]}

    def chosen(algorithm: str, kid: str | None = None) -> list[str]:
        return [key["kty"] for key in candidates(keys, algorithm, kid)]

    assert chosen("PS256") == chosen("PS256", "r") == ["RSA"]
    assert chosen("RS256") == chosen("RS256", "r") == []
    assert chosen("ES256", "e") == ["EC"]
    assert chosen("EdDSA", "any") == ["OKP"]
    assert chosen("ES256", "r") == chosen("ES256", "unknown") == []
    assert chosen("EdDSA") == ["OKP"]
    assert chosen("none") == chosen("HS256") == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)
MEMBER = st.sampled_from(["kty", "crv", "x", "y", "n", "e", "kid", "alg", "use", "key_ops", "d"])


@given(st.lists(st.dictionaries(MEMBER, JSON | st.sampled_from(["RSA", "EC", "OKP", "AQAB"]))))
def test_no_json_breaks_the_judgement_and_what_serves_is_public(keys):
    value = {"keys": keys}
    usable = [key for name in ALGORITHMS for key in candidates(value, name, None)]

    assert usable or any(reason.is_error for reason in inspect_jwks(value))
    assert all("d" not in key for key in usable)
    assert json.dumps([reason.message for reason in inspect_jwks(value)])
