"""The toolkit's pages for clients, for those who may; everybody else finds nothing there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse

from idp.conf import application_model
from idp.dot import views as toolkit

if TYPE_CHECKING:
    from django.http import HttpRequest


class PermissionMixin:
    """Answers 404 to anybody without the permission to change clients."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Let operators in."""
        meta = application_model()._meta
        if not request.user.has_perm(f"{meta.app_label}.change_{meta.model_name}"):
            raise Http404
        response: HttpResponse = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        """Save the client; what the rules of redirect URIs refuse is told beside its field."""
        try:
            response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        except ValidationError as error:
            form.add_error(None, error)
            response = self.form_invalid(form)  # type: ignore[attr-defined]
        return response


class ApplicationList(PermissionMixin, toolkit.ApplicationList):
    """``applications/``."""


class ApplicationRegistration(PermissionMixin, toolkit.ApplicationRegistration):
    """``applications/register/``."""


class ApplicationDetail(PermissionMixin, toolkit.ApplicationDetail):
    """``applications/<pk>/``."""


class ApplicationDelete(PermissionMixin, toolkit.ApplicationDelete):
    """``applications/<pk>/delete/``."""


class ApplicationUpdate(PermissionMixin, toolkit.ApplicationUpdate):
    """``applications/<pk>/update/``."""
