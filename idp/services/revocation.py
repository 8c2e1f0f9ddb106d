"""A client ends its own tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from idp.conf import access_token_model, refresh_token_model
from idp.models import Authorization, IssuedToken
from idp.services.authorization import checksum, end_authorizations
from idp.services.event import record_event


@transaction.atomic
def revoke_by_client(token: str, application: Any, now: datetime) -> bool:
    """End a token of a client with the whole family that it belongs to.

    Args:
        token: as presented; access or refresh token, known or not.
        application: the authenticated client; the tokens of others are left alone.
        now: the time.

    Returns:
        Whether anything ended. The client is not told.

    Source: RFC 7009 §2.1.
    """
    digest = checksum(token)
    issued = IssuedToken.objects.filter(
        checksum=digest, authorization__application=application
    ).first()
    if issued is not None:
        family = Authorization.objects.filter(pk=issued.authorization_id)
        return bool(end_authorizations(family, reason="revoked_by_client", now=now))
    if IssuedToken.objects.filter(checksum=digest).exists():
        record_event("revocation.wrong_client", client_id=application.client_id, now=now)
        return False
    return _revoke_unrecorded(digest, application, now)


def _revoke_unrecorded(digest: str, application: Any, now: datetime) -> bool:
    """End a token without an authorization: a client's own, or older than the records."""
    refresh = refresh_token_model()._default_manager
    access = access_token_model()._default_manager
    held = {"token_checksum": digest, "application": application}
    row = refresh.filter(**held, revoked=None).first()
    token = access.filter(**held).first()
    if row is None and token is not None:
        row = refresh.filter(access_token=token, revoked=None).first()
    if row is not None:
        if row.token_family:
            type(row).revoke_family(row.token_family)
        else:
            row.revoke()
    ended = access.filter(**held).delete()[0]
    return row is not None or bool(ended)
