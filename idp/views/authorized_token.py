"""The toolkit's address of authorized tokens leads to the connected apps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.views.generic import View

from idp.views.authorization_question import connected_apps_url

if TYPE_CHECKING:
    from django.http import HttpRequest


class AuthorizedTokensView(View):
    """``authorized_tokens/``: one list of apps instead of a list of tokens."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead to the connected apps."""
        target = connected_apps_url()
        if not target:
            raise Http404
        return HttpResponseRedirect(target)
