"""The claims that a token releases, through the configured validator's own hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oauth2_provider.settings import oauth2_settings
from oauthlib.common import Request

from idp.dot.exchange import KEY, Exchange
from idp.dot.site_word import inner_request
from idp.services.origin import origin_of

if TYPE_CHECKING:
    from django.http import HttpRequest

    from idp.services.access import Access
    from idp.services.client import Client


def userinfo_claims(request: HttpRequest, access: Access) -> dict[str, Any]:
    """Return the claims about the user of a token; ``sub`` always, the rest by scope.

    Source: OpenID Connect Core §§5.3.2, 5.4.
    """
    validator = oauth2_settings.OAUTH2_VALIDATOR_CLASS()
    inner = Request("/", headers={KEY: Exchange(origin_of(request))})
    inner.user = access.user
    inner.client = access.application
    inner.scopes = sorted(access.effective)
    inner.access_token = access.token
    inner.claims = dict(access.claims)
    claims = dict(validator.get_oidc_claims(access.token, None, inner))
    claims["sub"] = str(claims.get("sub") or access.user.pk)
    return claims


def subject_of(request: HttpRequest, client: Client, user: Any) -> str:
    """Return the ``sub`` of a user for a client, as ID tokens and UserInfo tell it."""
    validator = oauth2_settings.OAUTH2_VALIDATOR_CLASS()
    inner = inner_request(request, client, user=user, scopes=["openid"])
    return str(validator.get_oidc_claims(None, None, inner)["sub"])


def claim_scopes() -> dict[str, str]:
    """Return claim to the scope that carries it, by the site's own word where it has one."""
    return dict(getattr(oauth2_settings.OAUTH2_VALIDATOR_CLASS, "oidc_claim_scope", None) or {})


def discovery_claims(request: HttpRequest) -> list[str]:
    """Return the names of the claims that users may have."""
    validator = oauth2_settings.OAUTH2_VALIDATOR_CLASS()
    inner = Request("/", headers={KEY: Exchange(origin_of(request))})
    inner.user = None
    return list(validator.get_discovery_claims(inner))
