"""Logos of clients: fetched by an operator's act, never while a user waits, and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from idp.domain.decision import Reason, Severity
from idp.domain.picture import LARGEST_SIDE, PictureError, identify
from idp.models import ClientLogo, ClientPolicy
from idp.services.client import policy_of
from idp.services.event import record_event
from idp.services.outbound import Fetched, OutboundError, fetch

LIMIT_BYTES = 64 * 1024
ACCEPT = "image/png, image/webp, image/jpeg, image/gif"

_TEXTS = {
    "logo_unverified": "Only a verified client has its logo shown.",
    "logo_no_address": "The client has no logo address.",
    "logo_status": "The server of the logo answered with status %(status)s.",
    "logo_format": "The logo is no PNG, JPEG, WebP or GIF.",
    "logo_size": "No side of the logo may be longer than %(side)s pixels.",
}


class LogoError(Exception):
    """A logo was not fetched; ``reason`` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.message)
        self.reason = reason


def fetch_logo(application: Any, *, by: str, now: datetime) -> ClientLogo:
    """Fetch a client's logo through the outbound guard, and keep it.

    Args:
        application: the toolkit's row of the client.
        by: name of the operator, or the command.
        now: the time.

    Returns:
        The row; that of an earlier fetch where the picture is still the same.

    Raises:
        LogoError: the client may have no logo, or there is no picture at the address.
        RuntimeError: a transaction is open.
    """
    policy = policy_of(application)
    if not is_trusted(policy):
        raise _error("logo_unverified")
    if not policy.logo_uri:
        raise _error("logo_no_address")
    try:
        answer = fetch(policy.logo_uri, accept=ACCEPT, limit_bytes=LIMIT_BYTES)
    except OutboundError as error:
        raise LogoError(error.reason) from None
    return _keep(application, policy.logo_uri, answer, by, now)


def current_logos(applications: Iterable[Any]) -> dict[Any, str]:
    """Return key of the client to the digest of its logo, for those that may show one.

    One statement; none where no client could have a logo. A picture that came from another address
    than the client's present one is not shown.
    """
    addresses = {
        application.pk: policy.logo_uri
        for application in applications
        if is_trusted(policy := policy_of(application)) and policy.logo_uri
    }
    if not addresses:
        return {}
    rows = ClientLogo.objects.filter(application__in=list(addresses)).order_by("fetched_at", "pk")
    return {
        client: digest
        for client, digest, source in rows.values_list("application", "digest", "source")
        if source == addresses[client]
    }


def current_logo(application: Any) -> str:
    """Return the digest of the logo that a client shows, or an empty text."""
    return current_logos((application,)).get(application.pk, "")


def clients_with_address() -> QuerySet[ClientPolicy]:
    """Return the policies of the clients that may show a logo and say where it is."""
    trusted = ClientPolicy.objects.filter(verified=True) | ClientPolicy.objects.filter(
        first_party=True
    )
    return trusted.exclude(logo_uri="").select_related("application").order_by("application__name")


def is_trusted(policy: ClientPolicy) -> bool:
    """Return whether the site vouches for a client, so that its logo may stand beside its name."""
    return policy.verified or policy.first_party


@transaction.atomic
def _keep(application: Any, source: str, answer: Fetched, by: str, now: datetime) -> ClientLogo:
    if answer.status != 200:
        raise _error("logo_status", status=answer.status)
    try:
        picture = identify(answer.body)
    except PictureError as error:
        raise _error(error.code, side=LARGEST_SIDE) from None
    digest = hashlib.sha256(answer.body).hexdigest()
    row, _created = ClientLogo.objects.update_or_create(
        application=application,
        digest=digest,
        defaults={
            "source": source,
            "content_type": picture.content_type,
            "content": answer.body,
            "width": picture.width,
            "height": picture.height,
            "fetched_at": now,
        },
    )
    record_event(
        "logo.fetched",
        severity="info",
        client_id=application.client_id,
        detail={"digest": digest, "by": by},
        distinct=digest,
        now=now,
    )
    return row


def _error(code: str, **params: object) -> LogoError:
    return LogoError(Reason(code, Severity.ERROR, _TEXTS[code], "", params))
