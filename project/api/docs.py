"""The interactive description of the sample API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.views.generic import TemplateView
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.response import Response


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI from this site's own files, able to sign in by the code grant with PKCE."""

    template_name = "api/docs.html"
    url_name = "api-schema"

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return the page, or its script.

        The window that signs in comes back to this page only if both have the same opener policy,
        so the one that all pages of the site have is kept.
        """
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        response.headers.pop("Cross-Origin-Opener-Policy", None)
        return response


class DocsRedirectView(TemplateView):
    """Where the sign-in of the docs page comes back to; its script hands the code over."""

    template_name = "api/docs_redirect.html"
