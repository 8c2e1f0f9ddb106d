"""Addresses of the host sites: the toolkit's own, or ours in their place."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from tests.dropin.hosts import views

WITH_IDP = "idp" in settings.INSTALLED_APPS

urlpatterns = [
    path("admin/", admin.site.urls),
    path("sign-in/", views.sign_in, name="sign-in"),
    path("api/decorated/", views.decorated),
    path("api/theirs/", views.Theirs.as_view()),
    path("o/", include("idp.oauth_urls" if WITH_IDP else "oauth2_provider.urls")),
]
if WITH_IDP:
    urlpatterns += [
        path("api/decorated/judged/", views.judged()),
        path("api/ours/", views.ours()),
        path("account/apps/", include("idp.urls")),
        path("", include("idp.well_known_urls")),
    ]
