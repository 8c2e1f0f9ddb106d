"""The desk is registered whatever the order of apps and whatever model clients have."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

CONTRIB = [
    f"django.contrib.{name}" for name in ("admin", "auth", "contenttypes", "sessions", "messages")
]

PROGRAM = """
import django
from django.conf import settings
settings.configure(
    SECRET_KEY="x" * 50, INSTALLED_APPS={apps!r}, USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}},
    TEMPLATES=[{{
        "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
    }}],
    ROOT_URLCONF=__name__,
    OAUTH2_PROVIDER={{
        "APPLICATION_ADMIN_CLASS": "idp.admin.application.ApplicationAdmin",
        "ACCESS_TOKEN_ADMIN_CLASS": "idp.admin.token.AccessTokenAdmin",
        "GRANT_ADMIN_CLASS": "idp.admin.grant.GrantAdmin",
        "ID_TOKEN_ADMIN_CLASS": "idp.admin.id_token.IDTokenAdmin",
        "REFRESH_TOKEN_ADMIN_CLASS": "idp.admin.refresh_token.RefreshTokenAdmin",
    }},
)
django.setup()
from django.contrib import admin
from django.urls import path, reverse
urlpatterns = [path("admin/", admin.site.urls)]
from idp.conf import access_token_model, application_model
from idp.admin.application import ApplicationAdmin
from idp.admin.token import AccessTokenAdmin
assert type(admin.site.get_model_admin(application_model())) is ApplicationAdmin
assert type(admin.site.get_model_admin(access_token_model())) is AccessTokenAdmin
assert [] == [error for error in admin.site.check(None)], admin.site.check(None)
print(sum(model._meta.app_label == "idp" for model in admin.site._registry))
"""


@pytest.mark.parametrize(
    "apps",
    [
        [*CONTRIB, "oauth2_provider", "idp"],
        [*CONTRIB, "idp", "oauth2_provider"],
        ["idp", "oauth2_provider", *CONTRIB],
    ],
    ids=["toolkit first", "toolkit last", "admin last"],
)
def test_the_desk_is_registered_in_any_order_of_apps(apps: list[str]) -> None:
    environment = {
        key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"
    }
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(apps=apps)],
        capture_output=True, text=True, check=False, env=environment, timeout=120,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) >= 10
