"""A client ends its own tokens."""

from __future__ import annotations

from datetime import datetime
from enum import Enum, auto
from typing import Any

from django.db import transaction

from idp.conf import access_token_model, refresh_token_model
from idp.domain import credential
from idp.models import Authorization, IssuedToken
from idp.services.authorization import checksum, end_authorizations
from idp.services.event import NOWHERE, Origin, record_event


class Outcome(Enum):
    """How an attempt to revoke a token ended."""

    ENDED = auto()
    NOTHING_TO_END = auto()
    NOT_YOURS = auto()


@transaction.atomic
def revoke_by_client(
    token: str, application: Any, now: datetime, origin: Origin = NOWHERE
) -> Outcome:
    """End a token of a client with the whole family that it belongs to.

    Args:
        token: as presented; access or refresh token, known or not.
        application: the authenticated client; the tokens of others are left alone.
        now: the time.
        origin: where the request came from.

    Source: RFC 7009 §2.1.
    """
    if not credential.may_be(token, credential.ACCESS, credential.REFRESH):
        return Outcome.NOTHING_TO_END
    digest = checksum(token)
    issued = IssuedToken.objects.filter(checksum=digest).select_related("authorization").first()
    if issued is None:
        outcome = _revoke_unrecorded(digest, application)
    elif issued.authorization.application_id != application.pk:
        outcome = Outcome.NOT_YOURS
    else:
        family = Authorization.objects.filter(pk=issued.authorization_id)
        ended = end_authorizations(family, reason="revoked_by_client", now=now)
        outcome = Outcome.ENDED if ended else Outcome.NOTHING_TO_END
    if outcome is Outcome.NOT_YOURS:
        record_event(
            "revocation.wrong_client", client_id=application.client_id, origin=origin, now=now
        )
    return outcome


def _revoke_unrecorded(digest: str, application: Any) -> Outcome:
    """End a token without an authorization: a client's own, or older than the records."""
    refresh = refresh_token_model()._default_manager
    access = access_token_model()._default_manager
    row = refresh.filter(token_checksum=digest, revoked=None).first()
    token = access.filter(token_checksum=digest).first()
    found = row or token
    if found is None:
        return Outcome.NOTHING_TO_END
    if found.application_id != application.pk:
        return Outcome.NOT_YOURS
    if row is None:
        row = refresh.filter(access_token=token, revoked=None).first()
    if row is not None:
        if row.token_family:
            type(row).revoke_family(row.token_family)
        else:
            row.revoke()
    access.filter(token_checksum=digest, application=application).delete()
    return Outcome.ENDED
