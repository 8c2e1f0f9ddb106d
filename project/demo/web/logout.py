"""The shop hears from the provider that a session ended (Back-Channel Logout 1.0)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from project.demo import file
from project.demo.web.client import FlowError, PhotoPrint
from project.demo.web.session import LIFETIME_SECONDS

CLIENT_ID = "photo-print"


@csrf_exempt
@never_cache
@require_POST
def signed_out(request: HttpRequest) -> HttpResponse:
    """Remember which session ended, for as long as one of the shop could still name it."""
    registration = file.registration(CLIENT_ID)
    if registration is None:
        raise Http404("there is no demo here")
    try:
        claims = PhotoPrint(registration).ended_session(request.POST.get("logout_token", ""))
    except FlowError as error:
        return JsonResponse(
            {"error": "invalid_request", "error_description": error.code}, status=400
        )
    except requests.RequestException:
        return JsonResponse({"error": "temporarily_unavailable"}, status=503)
    cache.set(_key(claims), "ended", LIFETIME_SECONDS)
    return HttpResponse(status=204)


def has_ended(claims: Mapping[str, Any]) -> bool:
    """Return whether the session that an ID token named has ended since."""
    return bool(cache.get(_key(claims)))


def _key(claims: Mapping[str, Any]) -> str:
    return f"photo-print-ended:{claims.get('sid', '')}"
