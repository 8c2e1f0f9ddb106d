"""The toolkit's own signal, for sites that listen to it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from oauth2_provider.signals import app_authorized

from idp.conf import access_token_model
from idp.services.authorization import checksum

if TYPE_CHECKING:
    from django.http import HttpRequest


def tell_authorized(sender: Any, request: HttpRequest, body: str) -> None:
    """Send ``app_authorized`` for the access token in an answer, as the toolkit's view does.

    The row is read only where somebody listens. A receiver that fails is logged by Django, and the
    client gets its tokens all the same.

    Args:
        sender: the view.
        request: the token request.
        body: its successful answer.
    """
    if not app_authorized.has_listeners(sender):
        return
    text = json.loads(body).get("access_token")
    rows = access_token_model()._default_manager
    token = rows.filter(token_checksum=checksum(text)).first() if text else None
    if token is not None:
        app_authorized.send_robust(sender=sender, request=request, token=token)
