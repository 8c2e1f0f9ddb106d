"""Which pages of other origins may call the sample API: those that a client in use registered."""

from __future__ import annotations

from typing import Any

from corsheaders.signals import check_request_enabled
from django.core.cache import cache
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest

from idp.conf import application_model
from idp.domain import origin
from idp.models import ClientPolicy

CACHE_KEY = "api.cors-origins"
CACHE_SECONDS = 30
PREFIX = "/api/"


def connect() -> None:
    """Listen to cross-origin requests, and to changes of clients."""
    check_request_enabled.connect(is_allowed, dispatch_uid="api.cors")
    for model in (application_model(), ClientPolicy):
        for signal in (post_save, post_delete):
            signal.connect(forget, sender=model, dispatch_uid=f"api.cors.{model.__name__}")


def is_allowed(sender: Any, request: HttpRequest, **kwargs: Any) -> bool:
    """Return whether a page of the request's origin may read the answer, preflight included.

    Source: Fetch §3.3; RFC 6454 §7.
    """
    return request.path_info.startswith(PREFIX) and request.headers.get("Origin") in origins()


def origins() -> frozenset[str]:
    """Return every origin that a client in use registered, at most half a minute old."""
    found: frozenset[str] = cache.get_or_set(CACHE_KEY, _read, CACHE_SECONDS) or frozenset()
    return found


def forget(**kwargs: Any) -> None:
    """Read the origins anew at the next request."""
    cache.delete(CACHE_KEY)


def _read() -> frozenset[str]:
    texts = (
        application_model()
        ._default_manager.exclude(allowed_origins="")
        .exclude(idp_policy__status=ClientPolicy.Status.DISABLED)
        .values_list("allowed_origins", flat=True)
    )
    listed = {one for text in texts for one in text.split()}
    return frozenset(one for one in listed if origin.match(one, one))
