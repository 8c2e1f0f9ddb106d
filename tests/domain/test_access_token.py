"""Whom an access token is for, and in which form it says so."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from idp.domain.access_token import PROVIDER_API, audience, claims, is_jwt, spoken
from idp.domain.catalogue import Catalogue, Scope

A, B = "https://a.example/", "https://b.example/"
ISSUER = "https://id.example/o"
CATALOGUE = Catalogue(
    MappingProxyType(
        {
            "openid": Scope("openid", PROVIDER_API),
            "a": Scope("a", A),
            "b": Scope("b", B),
            "all": Scope("all", A, implies=frozenset({"b"})),
            "stray": Scope("stray"),
        }
    ),
    jwt_apis=frozenset({A}),
)


@pytest.mark.parametrize(
    ("resources", "scopes", "expected"),
    [
        ([], ["openid"], (PROVIDER_API,)),
        ([], ["openid", "a"], (A,)),
        ([], ["b", "a"], (A, B)),
        ([], ["all"], (A, B)),
        ([], ["stray", "unknown"], ()),
        ([B, B], ["openid", "a"], (B,)),
    ],
)
def test_resources_come_before_the_apis_of_scopes(
    resources: list[str], scopes: list[str], expected: tuple[str, ...]
) -> None:
    assert audience(resources, scopes, CATALOGUE) == expected


def test_on_the_wire_the_provider_goes_by_its_issuer() -> None:
    assert spoken((PROVIDER_API,), ISSUER) == ISSUER
    assert spoken((), ISSUER) == ISSUER
    assert spoken((A,), ISSUER) == A
    assert spoken((A, B), ISSUER) == [A, B]


def test_the_client_decides_on_the_form_and_else_any_api_that_reads_tokens() -> None:
    assert is_jwt("jwt", (), CATALOGUE)
    assert not is_jwt("opaque", (A,), CATALOGUE)
    assert is_jwt("", (A, B), CATALOGUE)
    assert not is_jwt("", (B,), CATALOGUE)


@pytest.mark.parametrize("token", ["", "idpa_x", "a.b", "a.b.c", "a.W10.c", "ä.ä.ä", "a.e30.c"])
def test_nothing_is_read_of_what_is_no_jwt(token: str) -> None:
    assert claims(token) == {}


def test_a_jwt_is_read_as_it_stands() -> None:
    assert claims("e30.eyJqdGkiOiJ4In0.sig") == {"jti": "x"}
