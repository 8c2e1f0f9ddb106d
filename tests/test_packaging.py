"""The wheel: what is in it, and that it works in an environment that has nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.requirement import defect

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "runtime.txt"

pytestmark = [pytest.mark.packaging, pytest.mark.slow]


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of what git would take, so that nothing left lying gets in."""
    source = tmp_path_factory.mktemp("source")
    names = run(
        "git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=ROOT
    ).split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    target = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", target, cwd=source)
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """Names of the files in the wheel, without its own records."""
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheel and what it depends on, and nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder)
    interpreter = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", interpreter, "install", "--quiet"]
    pip += ["--no-compile", "--disable-pip-version-check"]
    versions = folder / "versions.txt"
    versions.write_text(
        "\n".join(
            line.removesuffix("\\")
            for line in LOCK.read_text(encoding="utf-8").splitlines()
            if "==" in line and not line.startswith((" ", "#"))
        )
    )
    run(*pip, "--constraint", versions, wheel, cwd=folder)
    return interpreter


def test_the_wheel_holds_idp_and_nothing_else(names):
    assert {name.partition("/")[0] for name in names} == {"idp"}


@defect(24)
def test_the_wheel_holds_every_file_of_idp_that_a_site_needs(names):
    needed = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "idp").rglob("*")
        if path.is_file() and path.suffix not in {".pyc", ".po"}
    }

    assert needed - names == set()


def test_the_wheel_says_that_it_is_typed(names):
    assert "idp/py.typed" in names


def test_the_pure_rules_are_importable_without_django_configured(python, tmp_path):
    program = """
import pkgutil, importlib, sys
import idp.domain
for module in pkgutil.iter_modules(idp.domain.__path__):
    importlib.import_module(f"idp.domain.{module.name}")
strangers = {"django", "oauth2_provider", "oauthlib", "rest_framework"} & set(sys.modules)
print(idp.__file__, sorted(strangers))
"""

    said = run(python, "-I", "-c", program, cwd=tmp_path).strip()

    assert said.endswith("[]")
    assert str(ROOT) not in said.partition(" ")[0]


def test_a_new_host_site_needs_no_more_than_the_wheel_and_enforces(python, tmp_path):
    (tmp_path / "host.py").write_text(
        """
from idp.conf import provider_settings
SECRET_KEY = "a secret key of a site that is only there for a moment"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "host.sqlite3"}}
ALLOWED_HOSTS = ["localhost"]
ROOT_URLCONF = "host_urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
    "django.contrib.sessions", "django.contrib.messages", "oauth2_provider", "idp"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
    "OPTIONS": {"context_processors": ["django.template.context_processors.request",
        "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages"]}}]
OAUTH2_PROVIDER = provider_settings()
"""
    )
    (tmp_path / "host_urls.py").write_text(
        """
from django.contrib import admin
from django.urls import include, path
urlpatterns = [path("admin/", admin.site.urls), path("o/", include("idp.oauth_urls")),
    path("account/apps/", include("idp.urls")), path("", include("idp.well_known_urls"))]
"""
    )
    program = """
import os, sys
sys.path.insert(0, os.getcwd())
os.environ["DJANGO_SETTINGS_MODULE"] = "host"
import django
django.setup()
from django.core.management import call_command
call_command("check")
call_command("migrate", verbosity=0)
from django.test import Client
answer = Client().get("/o/.well-known/openid-configuration", headers={"host": "localhost"})
from idp.models import Scope, SiteState
print(SiteState.objects.get().mode, *sorted(Scope.objects.values_list("name", flat=True)))
print(answer.status_code, answer.json()["issuer"])
"""

    said = run(python, "-I", "-c", program, cwd=tmp_path).splitlines()

    assert said[-2:] == ["enforce email offline_access openid profile", "200 http://localhost/o"]
