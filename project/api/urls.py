"""Addresses of the sample API, below ``/api/``."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from project.api.docs import DocsRedirectView, DocsView
from project.api.photo import PhotoViewSet
from project.api.report import ReportView
from project.api.user_profile import UserProfileView

photos: SimpleRouter = SimpleRouter(use_regex_path=False)

photos.register("photos", PhotoViewSet, basename="photo")

urlpatterns = [
    path("user-profile/", UserProfileView.as_view(), name="user-profile"),
    path("reports/", ReportView.as_view(), name="report"),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", DocsView.as_view(), name="api-docs"),
    path("docs/oauth2-redirect.html", DocsRedirectView.as_view(), name="api-docs-redirect"),
    *photos.urls,
]
