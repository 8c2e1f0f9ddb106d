"""The settings module of a site imports ``idp.conf`` while it is still being read."""

from __future__ import annotations

import subprocess
import sys

import pytest

from idp.conf import HARDENED, WIRING, provider_settings

SITE = """
import sys, types
site = types.ModuleType("site_settings")
sys.modules["site_settings"] = site
exec('''
from django.conf import settings as lazy
from idp.conf import provider_settings
OAUTH2_PROVIDER = provider_settings()
early = lazy.configured
SECRET_KEY = "x"
''', site.__dict__)
print(site.early)
"""


def test_importing_it_reads_no_setting() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SITE],
        env={"DJANGO_SETTINGS_MODULE": "site_settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "False", done.stderr


def test_a_new_site_is_hardened() -> None:
    assert provider_settings() == {**HARDENED, **WIRING}


def test_an_existing_site_keeps_what_it_has() -> None:
    mine = {"ACCESS_TOKEN_EXPIRE_SECONDS": 36000, "PKCE_REQUIRED": False}
    result = provider_settings(mine)
    assert mine.items() <= result.items()
    assert "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE" not in result


def test_hardening_an_existing_site_changes_what_it_does_not_set() -> None:
    result = provider_settings({"ACCESS_TOKEN_EXPIRE_SECONDS": 36000}, harden=True)
    assert result["ACCESS_TOKEN_EXPIRE_SECONDS"] == 36000
    assert result["COMPLIANT_BCP_RFC9700_TOKEN_STORAGE"] is True


@pytest.mark.parametrize("backend", ["theirs.Scopes", "oauth2_provider.scopes.SettingsScopes"])
def test_a_scopes_backend_of_the_site_is_kept_beneath_ours(backend) -> None:
    result = provider_settings({"SCOPES_BACKEND_CLASS": backend})
    assert result["SCOPES_BACKEND_CLASS"] == "idp.dot.scope.CatalogueScopes"
    assert result["IDP_SITE_SCOPES_BACKEND_CLASS"] == backend
