"""The addresses of a site that keeps its own authorization view before ours."""

from django.urls import path

from tests.dropin.hosts.site_classes import SiteAuthorizationView
from tests.dropin.hosts.urls import urlpatterns as others

urlpatterns = [path("o/authorize/", SiteAuthorizationView.as_view()), *others]
