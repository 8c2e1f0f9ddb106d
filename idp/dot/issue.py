"""Issues an authorization code through the configured validator, for a decision already taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oauth2_provider.settings import oauth2_settings

from idp.dot.code import DECISION
from idp.dot.site_word import inner_request

if TYPE_CHECKING:
    from django.http import HttpRequest

    from idp.services.authorization import Granting
    from idp.services.client import Client


def issue_code(
    request: HttpRequest,
    *,
    client: Client,
    granting: Granting,
    code_challenge: str,
    code_challenge_method: str,
    state: str,
) -> None:
    """Save the code of a decision; the validator's own hooks are called as in every other flow.

    Args:
        request: the request that carried the decision.
        client: the client.
        granting: what is granted, with the code itself.
        code_challenge: of PKCE; empty where the site does not require it.
        code_challenge_method: of PKCE; empty likewise.
        state: of the authorization request.
    """
    inner = inner_request(
        request,
        client,
        user=granting.user,
        scopes=sorted(granting.scopes),
        redirect_uri=granting.redirect_uri,
        state=state,
        code_challenge=code_challenge or None,
        code_challenge_method=code_challenge_method or None,
        nonce=granting.nonce,
        claims=granting.claims or {},
        resource=list(granting.resource),
        **{DECISION: granting},
    )
    validator = oauth2_settings.OAUTH2_VALIDATOR_CLASS()
    validator.save_authorization_code(
        client.application.client_id, {"code": granting.code, "state": state}, inner
    )
