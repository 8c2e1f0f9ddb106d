"""Pairwise subjects: one identifier a sector, and none that two sectors share."""

from __future__ import annotations

import pytest

from idp.domain.subject import SectorMissing, pairwise, sector

SALT = b"s" * 32


@pytest.mark.parametrize(
    ("redirect_uris", "sector_identifier_uri", "expected"),
    [
        (["https://a.example/cb"], "", "a.example"),
        (["https://A.example:8443/cb", "https://a.example/other"], "", "a.example"),
        (["https://a.example/cb", "https://b.example/cb"], "https://s.example/x.json", "s.example"),
        (["https://a.example/cb", "http://127.0.0.1/cb"], "", "a.example"),
        (["http://127.0.0.1/cb", "http://[::1]/cb", "http://localhost/cb"], "", ""),
        (["com.example.app:/cb"], "", "com.example.app"),
        (["https://[not-an-address/cb"], "", ""),
        ([], "", ""),
    ],
)
def test_a_sector_is_the_one_host_of_a_client(
    redirect_uris, sector_identifier_uri, expected
) -> None:
    assert sector(redirect_uris, sector_identifier_uri) == expected


def test_several_hosts_without_a_sector_identifier_are_refused() -> None:
    with pytest.raises(SectorMissing):
        sector(["https://a.example/cb", "https://b.example/cb"])


def test_an_identifier_depends_on_salt_sector_and_user() -> None:
    found = {
        pairwise(SALT, "a.example", "1"),
        pairwise(SALT, "b.example", "1"),
        pairwise(SALT, "a.example", "2"),
        pairwise(b"t" * 32, "a.example", "1"),
        pairwise(SALT, "a.example1", ""),
    }
    assert len(found) == 5
    assert pairwise(SALT, "a.example", "1") in found
    assert max(map(len, found)) == 43
