"""Dynamic registration (RFC 7591, RFC 7592), where the site turns it on, under our rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse

from idp.dot import views as toolkit
from idp.views.http import json_error, private

if TYPE_CHECKING:
    from django.http import HttpRequest


class RuledMixin:
    """Tells a client which redirect URI breaks a rule, in the words of the specification."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer a registration.

        Source: RFC 7591 §3.2.2.
        """
        try:
            response: HttpResponse = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        except ValidationError as error:
            return json_error("invalid_redirect_uri", " ".join(error.messages))
        return private(response)


class RegistrationView(RuledMixin, toolkit.DynamicClientRegistrationView):
    """``register/``."""


class RegistrationManagementView(RuledMixin, toolkit.DynamicClientRegistrationManagementView):
    """``register/<client_id>/``."""
