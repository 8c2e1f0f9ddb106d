"""The toolkit's addresses where the reference site has them, and the same protected view."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from benchmarks.plain.api import UserProfileView


def healthz(request: HttpRequest) -> HttpResponse:
    """Answer while the process lives."""
    return HttpResponse("ok")


urlpatterns = [
    path("o/", include("oauth2_provider.urls")),
    path("api/user-profile/", UserProfileView.as_view()),
    path("healthz", healthz),
]
