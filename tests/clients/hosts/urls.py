"""Its one page, and the addresses of mozilla-django-oidc."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path


def home(request: HttpRequest) -> HttpResponse:
    """Say who is signed in."""
    email = request.user.email if request.user.is_authenticated else None
    return JsonResponse({"email": email, "failed": "failed" in request.GET})


def sign_out_there(request: HttpRequest) -> str:
    """Return where the browser signs out at the provider too."""
    parameters = {
        "id_token_hint": request.session["oidc_id_token"],
        "post_logout_redirect_uri": f"{settings.ORIGIN}/",
    }
    return f"{settings.PROVIDER}/logout/?{urlencode(parameters)}"


urlpatterns = [path("", home), path("oidc/", include("mozilla_django_oidc.urls"))]
