"""Apache with mod_auth_openidc in front of a page, where this machine has them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import requests

from idp.services.logout_delivery import deliver_due
from tests.clients import neighbour
from tests.clients.person import TIMEOUT, Person
from tests.factories import make_application

MODULES = Path("/usr/lib/apache2/modules")
NEEDED = ("mpm_event", "authn_core", "authz_core", "authz_user", "headers", "auth_openidc")
PROGRAM = shutil.which("apache2") or "/usr/sbin/apache2"
MISSING = [name for name in NEEDED if not (MODULES / f"mod_{name}.so").exists()]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        bool(MISSING) or not Path(PROGRAM).exists(),
        reason="mod_auth_openidc is not here: apt-get install apache2 libapache2-mod-auth-openidc",
    ),
]

CONFIGURATION = """
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
DefaultRuntimeDir {folder}
PidFile {folder}/pid
ErrorLog {folder}/error.log
DocumentRoot {folder}/pages
StartServers 1
{modules}
{account}
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client_id}
OIDCClientSecret {client_secret}
OIDCRedirectURI {origin}/callback
OIDCCryptoPassphrase {passphrase}
OIDCPKCEMethod S256
OIDCScope "openid email"
OIDCRemoteUserClaim email
<Location />
    AuthType openid-connect
    Require valid-user
    Header set X-Email "%{{OIDC_CLAIM_email}}e"
</Location>
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that Apache may read although root started it; it serves as somebody else."""
    with TemporaryDirectory(prefix="idp-apache-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def apache(site: str, settings: Any, folder: Path) -> Iterator[str]:
    """The origin of an Apache whose only page is for people who signed in at the site."""
    port = neighbour.free_port()
    origin = f"http://127.0.0.1:{port}"
    settings.IDP = {**settings.IDP, "OUTBOUND_ALLOWED_HOSTS": [f"127.0.0.1:{port}"]}
    application = make_application(
        "web",
        environment="development",
        redirect_uris=f"{origin}/callback",
        post_logout_redirect_uris=f"{origin}/",
        backchannel_logout_uri=f"{origin}/callback?logout=backchannel",
        scopes=("openid", "email"),
    )
    (folder / "pages").mkdir()
    (folder / "pages" / "index.html").write_text("<h1>Members only</h1>")
    modules = (f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in NEEDED)
    text = CONFIGURATION.format(
        port=port,
        folder=folder,
        origin=origin,
        issuer=f"{site}/o",
        modules="\n".join(modules),
        account="User nobody\nGroup nogroup" if os.geteuid() == 0 else "",
        client_id=application.client_id,
        client_secret=application.plain_secret,
        passphrase=os.urandom(16).hex(),
    )
    (folder / "apache.conf").write_text(text)
    command = [PROGRAM, "-f", folder / "apache.conf", "-D", "FOREGROUND"]
    with neighbour.running(command, port, folder, {}):
        yield origin


def enter(apache: str, person: Person) -> requests.Response:
    """Come to the page, by way of the site."""
    asked = look(apache, person)
    assert asked.status_code == 302
    return person.browser.get(person.answer(asked.headers["Location"]), timeout=TIMEOUT)


def look(apache: str, person: Person) -> requests.Response:
    return person.browser.get(f"{apache}/index.html", allow_redirects=False, timeout=TIMEOUT)


def test_a_page_behind_apache_opens_and_closes_with_the_session_here(
    apache: str, site: str, person: Person
) -> None:
    page = enter(apache, person)
    assert page.status_code == 200, page.text
    assert page.headers["X-Email"] == "ada@example.com"

    # Apache sends the browser to the site, which asks, and sends it back.
    away = person.browser.get(
        f"{apache}/callback?logout={apache}/", allow_redirects=False, timeout=TIMEOUT
    )
    assert person.answer(away.headers["Location"]) == f"{apache}/"
    assert look(apache, person).status_code == 302

    # The person signs out at the site, and the site tells Apache behind the browser's back.
    assert enter(apache, person).status_code == 200
    person.sign_out()
    assert look(apache, person).status_code == 200
    assert [row.state for row in deliver_due()] == ["delivered", "delivered"]
    assert look(apache, person).headers["Location"].startswith(f"{site}/o/authorize/")
