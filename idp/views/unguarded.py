"""Views that stand open: no check of the site's own comes before their rules."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from idp.dot.views import login_not_required

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from django.views.generic import View

Class = TypeVar("Class", bound="type[View]")


def unguarded(view: Class) -> Class:
    """Let requests in without a CSRF token, and without a sign-in where the site demands one.

    The marks are put on once. Decorating ``dispatch`` the usual way wraps it anew for each request,
    which is worth noticing where software calls.

    Args:
        view: class whose own rules say who may do what.
    """
    dispatch = view.dispatch

    @wraps(dispatch)
    def open_dispatch(
        self: View, request: HttpRequest, *args: object, **kwargs: object
    ) -> HttpResponseBase:
        return dispatch(self, request, *args, **kwargs)

    marked: Any = login_not_required(open_dispatch)
    marked.csrf_exempt = True
    view.dispatch = marked  # type: ignore[method-assign]
    return view
