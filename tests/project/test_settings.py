"""The settings as processes of their own see them, and what answers carry."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "ALLOWED_HOSTS": "id.example.com",
    "DATABASE_URL": "sqlite:///:memory:",
    "IDP_ISSUER": "https://id.example.com/o",
    "SECRET_KEY": "a secret key for one process alone, of more than fifty characters",
}
SHOW = """
from django.conf import settings
for name in {names!r}:
    print(getattr(settings, name, None))
"""


def python(program, **environment):
    kept = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**kept, "DJANGO_SETTINGS_MODULE": "project.settings", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_does_not_start_without_what_it_needs():
    done = python("from django.conf import settings; settings.DEBUG")

    assert done.returncode != 0
    for name in ("SECRET_KEY", "ALLOWED_HOSTS", "IDP_ISSUER"):
        assert f"{name} is not set" in done.stderr


def test_production_speaks_https_and_nothing_else():
    names = ("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_NAME", "DEBUG")

    done = python(SHOW.format(names=names), **PRODUCTION)

    assert done.stdout.split() == ["True", "True", "__Host-csrf", "False"], done.stderr


def test_a_proxys_word_on_tls_is_believed_only_when_told():
    names = ("SECURE_PROXY_SSL_HEADER",)

    silent = python(SHOW.format(names=names), **PRODUCTION)
    told = python(SHOW.format(names=names), TRUST_PROXY_SSL_HEADER="1", **PRODUCTION)

    assert silent.stdout.strip() == "None"
    assert "HTTP_X_FORWARDED_PROTO" in told.stdout


def test_a_loopback_site_works_without_tls(settings):
    assert not settings.SECURE_SSL_REDIRECT
    assert settings.SECURE_HSTS_SECONDS == 0
    assert not settings.SESSION_COOKIE_SECURE


@pytest.mark.django_db
def test_every_page_carries_a_policy_that_starts_from_nothing(client):
    answer = client.get("/account/login/")

    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("kind", ["text/html", "application/json"])
def test_the_middleware_leaves_an_answers_own_policy_alone(rf, kind):
    from django.http import HttpResponse

    from project.csp import PolicyMiddleware

    own = HttpResponse(
        content_type=kind, headers={"Content-Security-Policy": "default-src 'none'; img-src 'self'"}
    )

    answer = PolicyMiddleware(lambda request: own)(rf.get("/"))

    assert answer["Content-Security-Policy"] == "default-src 'none'; img-src 'self'"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        "/o/token/",
        "/o/.well-known/jwks.json",
        "/o/.well-known/openid-configuration",
        "/api/photos/",
    ],
)
def test_data_may_load_nothing_and_be_framed_by_nobody(client, path):
    answer = client.get(path)

    assert answer["Content-Type"].partition(";")[0].endswith("json")
    assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


@pytest.mark.django_db
def test_sqlite_writes_ahead_and_checks_foreign_keys():
    from django.db import connection

    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        said = {
            pragma: cursor.execute(f"PRAGMA {pragma}").fetchone()[0]
            for pragma in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        }

    assert said == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "busy_timeout": 20_000,
        "synchronous": 1,
    }
