"""The addresses of a site whose own authorization view tells us of each decision."""

from django.urls import path

from tests.dropin.hosts.site_classes import RecordingAuthorizationView
from tests.dropin.hosts.urls import urlpatterns as others

urlpatterns = [path("o/authorize/", RecordingAuthorizationView.as_view()), *others]
