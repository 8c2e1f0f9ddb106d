"""Host sites, each made once and copied for whoever changes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.dropin.site import Site, drop_databases, new_site

collect_ignore = ["inside"]
"""Those tests are run inside a host site, by ``Site.check``."""


@pytest.fixture(scope="session")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Site]]:
    """Return a function from the name of a host to a copy of that site as its operator left it."""
    folder = tmp_path_factory.mktemp("hosts")
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    (folder / "key.pem").write_bytes(pem)
    made: dict[str, Site] = {}

    def copy_of(host: str) -> Site:
        if host not in made:
            site = made[host] = new_site(host, folder)
            site.run("-m", "tests.dropin.hosts.populate", str(site.facts))
        return made[host].copy()

    yield copy_of
    drop_databases()
