"""What a site wrote for itself around the toolkit: validator, scopes, wrapper and view."""

from __future__ import annotations

from typing import Any

from oauth2_provider.models import get_application_model
from oauth2_provider.oauth2_backends import OAuthLibCore
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.scopes import BaseScopes
from oauth2_provider.views import AuthorizationView

ALL = {
    "openid": "Sign you in",
    "read": "Read your notes",
    "write": "Write notes for you",
    "notes:archive": "Move notes to the archive",
}


class SiteScopes(BaseScopes):
    """Scopes by client: the archive is for the trusted one, and no client means no defaults."""

    def get_all_scopes(self) -> dict[str, str]:
        """Return every scope with its words."""
        return ALL

    def get_available_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        """Return what a client may have; this site reads a table for it."""
        if application is None:
            return list(ALL)
        known = get_application_model()._default_manager.get(pk=application.pk)
        return [name for name in ALL if name != "notes:archive" or known.name == "Trusted"]

    def get_default_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        """Return the defaults of a client, and fail without one, as such code does."""
        return ["read", "write"] if application.name == "Web" else ["read"]


class SiteValidator(OAuth2Validator):
    """Claims of the site's own, and a rule of its own: the single-page app never writes."""

    oidc_claim_scope = {**OAuth2Validator.oidc_claim_scope, "team": "openid"}

    def get_additional_claims(self, request: Any) -> dict[str, Any]:
        """Return the team of every user."""
        return {"team": "blue"}

    def validate_scopes(
        self, client_id: str, scopes: Any, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """Return whether the scopes may be granted."""
        if client.name == "Spa" and "write" in scopes:
            return False
        return bool(super().validate_scopes(client_id, scopes, client, request, *args, **kwargs))


class SiteCore(OAuthLibCore):
    """Marks the answers of the token endpoint."""

    def create_token_response(self, request: Any) -> Any:
        """Return the answer with a header of the site."""
        uri, headers, body, status = super().create_token_response(request)
        return uri, {**headers, "X-Site": "notes"}, body, status


class SiteAuthorizationView(AuthorizationView):
    """A view that the site wrote long ago; it knows nothing of ``idp``."""


class RecordingAuthorizationView(AuthorizationView):
    """A view that tells ``idp`` what the user decided, with a word of the site's own."""

    def form_valid(self, form: Any) -> Any:
        """Record the decision, whatever it is, and answer."""
        from idp.services.consent import record_decision

        application = get_application_model()._default_manager.get(
            client_id=form.cleaned_data["client_id"]
        )
        record_decision(
            self.request.user,
            application,
            form.cleaned_data["scope"],
            bool(form.cleaned_data["allow"]),
            self.request,
            {"team": "blue"},
        )
        return super().form_valid(form)
