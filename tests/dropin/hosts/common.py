"""What the host sites share: settings of a small site that has been running for years.

The environment says where the database is and whether ``idp`` is there yet:
``DROPIN_IDP`` is empty, ``before`` or ``after`` (its place beside ``oauth2_provider``).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from project.database import from_url


def _database(url: str) -> dict[str, Any]:
    """Return Django's settings of a database; SQLite as most sites have it, with no option set."""
    path = url.removeprefix("sqlite:///")
    return from_url(url) if path == url else {"ENGINE": "django.db.backends.sqlite3", "NAME": path}


IDP_PLACE = os.environ.get("DROPIN_IDP", "")

SECRET_KEY = "a secret key for tests alone, of more than fifty characters"
ALLOWED_HOSTS = ["testserver"]
USE_TZ = True
TIME_ZONE = "Europe/Vienna"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": _database(os.environ["DROPIN_DATABASE_URL"])}
ROOT_URLCONF = "tests.dropin.hosts.urls"
LOGIN_URL = "/sign-in/"
STATIC_URL = "/static/"
PASSWORD_HASHERS = ["tests.dropin.hosts.common.QuickHasher"]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DJANGO_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

HAD: dict[str, Any] = {
    "SCOPES": {
        "openid": "Sign you in",
        "read": "Read your notes",
        "write": "Write notes for you",
        "notes:archive": "Move notes to the archive",
    },
    "DEFAULT_SCOPES": ["read"],
    "PKCE_REQUIRED": False,
    "AUTHORIZATION_CODE_EXPIRE_SECONDS": 3600,
    "ACCESS_TOKEN_EXPIRE_SECONDS": 7200,
    "OIDC_ENABLED": True,
    "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
    "OIDC_RSA_PRIVATE_KEY": Path(os.environ["DROPIN_PEM"]).read_text(encoding="ascii"),
}
"""The site's ``OAUTH2_PROVIDER`` of old."""


class QuickHasher(PBKDF2PasswordHasher):
    """Django's format with little work, so that making clients takes no seconds."""

    iterations = 100


def installed(*apps: str) -> list[str]:
    """Return ``INSTALLED_APPS`` with ``idp`` where the environment says; ``apps`` come first."""
    places = {
        "": ["oauth2_provider"],
        "before": ["idp", "oauth2_provider"],
        "after": ["oauth2_provider", "idp"],
    }
    return [*apps, *DJANGO_APPS, *places[IDP_PLACE], "rest_framework"]


def provider(had: dict[str, Any]) -> dict[str, Any]:
    """Return ``OAUTH2_PROVIDER`` as the site had it, or passed through our one function."""
    if not IDP_PLACE:
        return had
    from idp.conf import provider_settings

    return provider_settings(had)
