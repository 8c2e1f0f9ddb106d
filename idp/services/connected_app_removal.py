"""A user takes access back: all of it, or one optional permission."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from idp.models import ConsentEvent
from idp.services.connected_app import ConnectedApp
from idp.services.consent import narrow_consent, revoke_consent
from idp.services.consent_change import Cause, end_holdings
from idp.services.event import Origin


@transaction.atomic
def remove_app(app: ConnectedApp, user: Any, *, origin: Origin, now: datetime) -> None:
    """End all access of a client to an account, recorded or older; a second time does nothing."""
    if app.consent is not None:
        revoke_consent(app.consent, reason="removed_by_user", origin=origin, now=now)
        return
    if end_holdings(user, app.application, "removed_by_user", now):
        cause = Cause(actor="user", at=now, reason="removed_by_user", origin=origin)
        cause.write(ConsentEvent.Kind.REVOKED, user, app.application, before=app.scopes)


def take_back(app: ConnectedApp, scope: str, *, origin: Origin, now: datetime) -> None:
    """Take one permission back from a client; the rest of its access stays."""
    if app.consent is not None:
        narrow_consent(app.consent, {scope}, reason="taken_back_by_user", origin=origin, now=now)
