"""The shop's own session: its cookie is nothing to the provider, nor the provider's to the shop."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse

COOKIE = "photo-print"
PATH = "/demo/web/"
LIFETIME_SECONDS = 8 * 3600


class ShopRequest(HttpRequest):
    """A request that carries the shop's session."""

    shop: SessionBase


View = Callable[..., HttpResponse]


def with_session(view: Callable[[ShopRequest], HttpResponse]) -> View:
    """Give a view the shop's session as ``request.shop``, and keep what it leaves there."""

    @wraps(view)
    def wrapped(request: ShopRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        store: type[SessionBase] = import_module(settings.SESSION_ENGINE).SessionStore
        request.shop = store(request.COOKIES.get(COOKIE))
        response = view(request, *args, **kwargs)
        if request.shop.modified:
            request.shop.set_expiry(LIFETIME_SECONDS)
            request.shop.save()
        if request.shop.session_key and request.shop.session_key != request.COOKIES.get(COOKIE):
            response.set_cookie(
                COOKIE,
                request.shop.session_key,
                path=PATH,
                secure=request.is_secure(),
                httponly=True,
                samesite="Lax",
            )
        return response

    return wrapped
