"""Addresses of the reference site."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path

from project import health
from project.api.mcp import McpView
from project.sign_in import SignInView

urlpatterns = [
    path("o/", include("idp.oauth_urls")),
    path("account/apps/", include("idp.urls")),
    path("", include("idp.well_known_urls")),
    path("account/login/", SignInView.as_view(), name="login"),
    path("account/logout/", LogoutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
    path("api/", include("project.api.urls")),
    path("mcp", McpView.as_view(), name="mcp"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("", include("project.demo.urls")),
]
