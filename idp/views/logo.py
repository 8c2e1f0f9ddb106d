"""Stored logos of clients, served as pictures and as nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.views.generic import View

from idp.models import ClientLogo
from idp.views.unguarded import unguarded

if TYPE_CHECKING:
    from django.http import HttpRequest

_DIGEST = re.compile(r"[0-9a-f]{64}")


@unguarded
class LogoView(View):
    """``logo/<digest>/``: the address names the content, which therefore never changes."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, digest: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the picture.

        Raises:
            Http404: there is none of this digest.
        """
        known = ClientLogo.objects.filter(digest=digest) if _DIGEST.fullmatch(digest) else None
        row = known.only("content", "content_type").first() if known is not None else None
        if row is None:
            raise Http404
        response = HttpResponse(bytes(row.content), content_type=row.content_type)
        response["Cache-Control"] = "public, max-age=31536000, immutable"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        response["Referrer-Policy"] = "no-referrer"
        response["X-Content-Type-Options"] = "nosniff"
        return response
